-- What each station said of itself when it booted, so that a message can be put down to a model and a firmware. An
-- empty text is none; a text above 64 characters is cut.
SELECT
  station_id,
  received_at AS booted_at,
  left(nullif(trim(coalesce(
    message ->> '$[3].chargePointVendor', message ->> '$[3].chargingStation.vendorName'
  )), ''), 64) AS vendor,
  left(nullif(trim(coalesce(
    message ->> '$[3].chargePointModel', message ->> '$[3].chargingStation.model'
  )), ''), 64) AS model,
  left(nullif(trim(coalesce(
    message ->> '$[3].firmwareVersion', message ->> '$[3].chargingStation.firmwareVersion'
  )), ''), 64) AS firmware
FROM stg_ocpp__frames
WHERE message_type = 2
  AND (message ->> '$[2]') = 'BootNotification'
  AND (protocol IS NULL OR protocol IN ('ocpp1.6', 'ocpp2.0.1', 'ocpp2.1'))

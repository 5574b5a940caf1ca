-- What each station said of itself when it booted, so that a message can be put down to a model and a firmware: one
-- row per BootNotification. An empty text is none, a text above 64 characters is cut, one that could be a
-- card's number is its pseudonym: as in the step.
SELECT
  station_id,
  protocol,
  received_at AS booted_at,
  hidden_name(trim(coalesce(
    message ->> '$[3].chargePointVendor', message ->> '$[3].chargingStation.vendorName'
  ))) AS vendor,
  hidden_name(trim(coalesce(
    message ->> '$[3].chargePointModel', message ->> '$[3].chargingStation.model'
  ))) AS model,
  hidden_name(trim(coalesce(
    message ->> '$[3].firmwareVersion', message ->> '$[3].chargingStation.firmwareVersion'
  ))) AS firmware,
  -- Of the words that OCPP knows, or their like.
  CASE WHEN regexp_full_match(message ->> '$[3].reason', '[A-Z][A-Za-z]+') THEN left(message ->> '$[3].reason', 64) END
    AS reason,
  source,
  ordinal
FROM stg_ocpp__frames
WHERE message_type = 2
  AND (message ->> '$[2]') = 'BootNotification'
  AND (protocol IS NULL OR protocol IN ('ocpp1.6', 'ocpp2.0.1', 'ocpp2.1'))
ORDER BY station_id, booted_at, source, ordinal

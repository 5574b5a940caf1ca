-- Sampled values of 1.6 MeterValues and StopTransaction, 2.x MeterValues and TransactionEvent. Defaults are the
-- specifications': measurand Energy.Active.Import.Register, context Sample.Periodic, location Outlet, and Wh
-- (varh) for energy measurands only. Text of a value never leaves raw: signed data can hold a card number.
-- DuckDB 1.5 binds ->> looser than IN and =, 2.0 tighter: hence the brackets.
WITH carriers AS (
  SELECT
    station_id, protocol, received_at, source, ordinal,
    message ->> '$[2]' AS action,
    TRY_CAST(coalesce(message ->> '$[3].evse.id', message ->> '$[3].evseId') AS INTEGER) AS evse_id,
    TRY_CAST(coalesce(message ->> '$[3].connectorId', message ->> '$[3].evse.connectorId') AS INTEGER) AS connector_id,
    coalesce(message ->> '$[3].transactionId', message ->> '$[3].transactionInfo.transactionId') AS transaction_id,
    CASE (message ->> '$[2]')
      WHEN 'StopTransaction' THEN message -> '$[3].transactionData[*]'
      ELSE message -> '$[3].meterValue[*]'
    END AS meter_values
  FROM stg_ocpp__frames
  WHERE message_type = 2
    AND (message ->> '$[2]') IN ('MeterValues', 'StopTransaction', 'TransactionEvent')
    AND (protocol IS NULL OR protocol IN ('ocpp1.6', 'ocpp2.0.1', 'ocpp2.1'))
), numbered AS (
  SELECT * EXCLUDE (meter_values), unnest(meter_values) AS taken, generate_subscripts(meter_values, 1) AS meter_value
  FROM carriers
), sampled AS (
  SELECT
    * EXCLUDE (taken),
    taken ->> '$.timestamp' AS sampled_text,
    unnest(taken -> '$.sampledValue[*]') AS value_of,
    generate_subscripts(taken -> '$.sampledValue[*]', 1) AS sample
  FROM numbered
), read AS (
  SELECT
    * EXCLUDE (value_of),
    coalesce(value_of ->> '$.measurand', 'Energy.Active.Import.Register') AS measurand,
    value_of ->> '$.phase' AS phase,
    coalesce(value_of ->> '$.location', 'Outlet') AS location,
    coalesce(value_of ->> '$.context', 'Sample.Periodic') AS context,
    coalesce(value_of ->> '$.unit', value_of ->> '$.unitOfMeasure.unit') AS unit_said,
    coalesce(TRY_CAST(value_of ->> '$.unitOfMeasure.multiplier' AS INTEGER), 0) AS multiplier,
    CASE
      WHEN coalesce(value_of ->> '$.format', 'Raw') = 'Raw' THEN TRY_CAST(value_of ->> '$.value' AS DOUBLE)
    END AS number,
    TRY_CAST(sampled_text AS TIMESTAMPTZ) AS said_at
  FROM sampled
)
SELECT
  station_id,
  evse_id,
  connector_id,
  protocol,
  transaction_id,
  -- The years of `models.times`: outside them a clock was never set.
  CASE WHEN said_at >= TIMESTAMPTZ '2010-01-01 00:00:00Z' AND said_at < TIMESTAMPTZ '2101-01-01 00:00:00Z' THEN said_at END
    AS sampled_at,
  measurand,
  phase,
  location,
  context,
  coalesce(
    unit_said,
    CASE WHEN measurand LIKE 'Energy.Reactive.%' THEN 'varh' WHEN measurand LIKE 'Energy.%' THEN 'Wh' END
  ) AS unit,
  CASE
    WHEN NOT isfinite(number) OR abs(multiplier) > 30 THEN NULL
    WHEN multiplier < 0 THEN number / power(10.0, -multiplier)
    ELSE number * power(10.0, multiplier)
  END AS value,
  action,
  received_at,
  source,
  ordinal,
  meter_value,
  sample
FROM read
ORDER BY station_id, sampled_at, source, ordinal, meter_value, sample

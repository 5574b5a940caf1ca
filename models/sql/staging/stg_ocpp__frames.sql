-- Each frame once (`models.order.canonical`, the same rule): equal in station, time of receipt, direction and bytes is one
-- frame, however many lines of whichever files hold it. The line that stands first in the log is kept, with direction
-- and protocol where only another knew them. Frames without a time of receipt are never taken for equal.
WITH shared AS (
  -- The hash keeps payloads out of this aggregate over all frames; the rows it finds are compared in full below.
  SELECT station_id, received_at, hash(payload) AS payload_hash
  FROM raw_ocpp__frames
  -- The years of `models.times`: outside them a clock was never set.
  WHERE received_at >= TIMESTAMPTZ '2010-01-01 00:00:00Z' AND received_at < TIMESTAMPTZ '2101-01-01 00:00:00Z'
  GROUP BY ALL
  HAVING count(*) > 1
), lines AS (
  SELECT
    f.generation, f.partition, f."offset", f.station_id, f.received_at, f.payload, f.protocol,
    coalesce(
      f.direction, min(f.direction) OVER (PARTITION BY f.station_id, f.received_at, f.payload)
    ) AS direction
  FROM raw_ocpp__frames AS f
  JOIN shared AS s
    ON s.station_id = f.station_id AND s.received_at = f.received_at AND s.payload_hash = hash(f.payload)
), copies AS (
  SELECT
    generation, partition, "offset", direction,
    min(protocol) OVER (PARTITION BY station_id, received_at, direction, payload) AS protocol,
    row_number() OVER (
      PARTITION BY station_id, received_at, direction, payload ORDER BY generation, partition, "offset"
    ) AS copy
  FROM lines
), frames AS (
  SELECT
    f.* REPLACE (coalesce(c.direction, f.direction) AS direction, coalesce(c.protocol, f.protocol) AS protocol),
    coalesce(
      TRY_CAST(f.payload_text AS JSON),
      -- As `models.frames` does: null where a value is missing ("transactionId":,).
      TRY_CAST(regexp_replace(f.payload_text, '("(?:[^"\\]|\\.)*"\s*:\s*)([,}\]])', '\1null\2', 'g') AS JSON)
    ) AS message
  FROM raw_ocpp__frames AS f
  LEFT JOIN copies AS c
    ON c.generation = f.generation AND c.partition = f.partition AND c."offset" = f."offset"
  WHERE coalesce(c.copy, 1) = 1
)
SELECT
  log_id,
  generation,
  topic,
  partition,
  "offset",
  received_at,
  station_id,
  protocol,
  direction,
  connection,
  source,
  ordinal,
  payload,
  payload_text,
  message,
  CASE WHEN json_type(message, '$[0]') = 'UBIGINT' THEN TRY_CAST(message ->> '$[0]' AS INTEGER) END AS message_type,
  message ->> '$[1]' AS message_id
FROM frames

-- Each frame once. Two files may hold the same frame (contract, section 2): equal in station, time of receipt,
-- direction and bytes, from different sources. Equal frames within one source are that many frames. The copy
-- that stands first in the log is kept. Frames without a time of receipt are never taken for equal.
WITH shared AS (
  -- The hash keeps payloads out of this aggregate over all frames; the rows it finds are compared in full below.
  SELECT station_id, received_at, direction, hash(payload) AS payload_hash
  FROM raw_ocpp__frames
  WHERE received_at IS NOT NULL
  GROUP BY ALL
  HAVING min(source) <> max(source)
), copies AS (
  SELECT
    f.generation, f.partition, f."offset", f.station_id, f.received_at, f.direction, f.payload,
    row_number() OVER (
      PARTITION BY f.station_id, f.received_at, f.direction, f.payload, f.source ORDER BY f.ordinal
    ) AS copy
  FROM raw_ocpp__frames AS f
  JOIN shared AS s
    ON s.station_id = f.station_id AND s.received_at = f.received_at
    AND s.direction IS NOT DISTINCT FROM f.direction AND s.payload_hash = hash(f.payload)
), repeats AS (
  SELECT generation, partition, "offset"
  FROM copies
  QUALIFY row_number() OVER (
    PARTITION BY station_id, received_at, direction, payload, copy ORDER BY generation, partition, "offset"
  ) > 1
), frames AS (
  SELECT f.*, TRY_CAST(f.payload_text AS JSON) AS message
  FROM raw_ocpp__frames AS f
  ANTI JOIN repeats AS r
    ON r.generation = f.generation AND r.partition = f.partition AND r."offset" = f."offset"
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

-- Each frame once (`models.order.canonical`, the same rule): equal in station, time of receipt, direction and bytes is one
-- frame, however many lines of whichever files hold it. The line that stands first in the log is kept, with direction
-- and protocol where only another knew them. Frames without a time of receipt are never taken for equal.
-- What a log left out is told from the station's other frames (`models.order.unsaid`, the same rule): an answer goes
-- against the newest call of its id that waits for one, a frame is of the version spoken last before it, else first.
WITH undirected AS (
  SELECT DISTINCT station_id, regexp_extract(payload_text, '^\s*\[\s*[34]\s*,\s*"([^"]*)"', 1) AS message_id
  FROM raw_ocpp__frames
  WHERE direction IS NULL AND received_at IS NOT NULL
), exchanges AS (
  SELECT
    f.station_id, m.message_id, f.received_at, f.direction, f.kind, f.generation, f.partition, f."offset",
    sum(CASE f.kind WHEN '2' THEN 1 ELSE -1 END) OVER (
      PARTITION BY f.station_id, m.message_id ORDER BY f.received_at, f.kind, f.generation, f."offset"
    ) AS waiting
  FROM (
    SELECT
      *, regexp_extract(payload_text, '^\s*\[\s*([234])\s*,', 1) AS kind,
      regexp_extract(payload_text, '^\s*\[\s*[234]\s*,\s*"([^"]*)"', 1) AS message_id
    FROM raw_ocpp__frames
    SEMI JOIN undirected USING (station_id)
    WHERE received_at IS NOT NULL
    -- A line of another file that holds the same frame.
    QUALIFY row_number() OVER (
      PARTITION BY station_id, received_at, payload ORDER BY direction IS NULL, generation, "offset"
    ) = 1
  ) AS f
  JOIN undirected AS m ON m.station_id = f.station_id AND m.message_id = f.message_id
  WHERE f.kind <> '' AND f.message_id <> ''
), directed AS (
  SELECT
    station_id, received_at, generation, partition, "offset",
    CASE WHEN call_direction = 'csms-to-cp' THEN 'cp-to-csms' ELSE 'csms-to-cp' END AS direction
  FROM (
    SELECT
      *, last_value(CASE WHEN kind = '2' THEN direction END IGNORE NULLS) OVER (
        PARTITION BY station_id, message_id, waiting + CAST(kind <> '2' AS INTEGER)
        ORDER BY received_at, kind, generation, "offset" ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS call_direction
    FROM exchanges
  )
  WHERE direction IS NULL AND kind <> '2' AND call_direction IS NOT NULL
), unversioned AS (
  SELECT station_id, received_at, generation, partition, "offset"
  FROM raw_ocpp__frames WHERE protocol IS NULL AND received_at IS NOT NULL
), spoken AS (
  SELECT station_id, received_at, min(protocol) AS protocol
  FROM raw_ocpp__frames
  SEMI JOIN unversioned USING (station_id)
  WHERE protocol IS NOT NULL AND received_at IS NOT NULL
  GROUP BY station_id, received_at
), versioned AS (
  SELECT u.generation, u.partition, u."offset", coalesce(s.protocol, f.protocol) AS protocol
  FROM unversioned AS u
  ASOF LEFT JOIN spoken AS s ON s.station_id = u.station_id AND u.received_at >= s.received_at
  LEFT JOIN (
    SELECT station_id, arg_min(protocol, received_at) AS protocol FROM spoken GROUP BY station_id
  ) AS f ON f.station_id = u.station_id
), shared AS (
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
    f.* REPLACE (
      coalesce(c.direction, f.direction, d.direction) AS direction,
      coalesce(c.protocol, f.protocol, v.protocol) AS protocol
    ),
    coalesce(
      TRY_CAST(f.payload_text AS JSON),
      -- As `models.frames` does: null where a value is missing ("transactionId":,).
      TRY_CAST(regexp_replace(f.payload_text, '("(?:[^"\\]|\\.)*"\s*:\s*)([,}\]])', '\1null\2', 'g') AS JSON)
    ) AS message
  FROM raw_ocpp__frames AS f
  LEFT JOIN copies AS c
    ON c.generation = f.generation AND c.partition = f.partition AND c."offset" = f."offset"
  LEFT JOIN directed AS d
    ON d.generation = f.generation AND d.partition = f.partition AND d."offset" = f."offset"
  LEFT JOIN versioned AS v
    ON v.generation = f.generation AND v.partition = f.partition AND v."offset" = f."offset"
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

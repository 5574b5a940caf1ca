-- Answers that follow no call of their id within the hour: the call is in no file, or the answer came twice. Among
-- them are the answers of calls made before a log begins. Part of core__anomalies.
WITH orphans AS (
  SELECT
    f.station_id, f.protocol, f.direction, f.message_id, f.received_at, f.generation, f.partition, f."offset", f.source,
    f.ordinal
  FROM stg_ocpp__frames AS f
  ANTI JOIN core__calls AS c
    ON c.station_id = f.station_id AND c.answer_source = f.source AND c.answer_ordinal = f.ordinal
  WHERE f.message_type IN (3, 4)
    AND f.direction IS NOT NULL
    AND json_type(f.message, '$[1]') = 'VARCHAR'
    AND (f.protocol IS NULL OR f.protocol IN ('ocpp1.6', 'ocpp2.0.1', 'ocpp2.1'))
)
SELECT
  -- By content, not by place in the log: imported anew, it is the same row.
  md5(concat_ws(
    chr(31), 'answer_orphan', station_id, direction,
    coalesce(CAST(epoch_us(received_at) AS VARCHAR), source || ':' || ordinal), message_id,
    row_number() OVER (
      PARTITION BY station_id, direction, received_at, message_id ORDER BY generation, partition, "offset"
    )
  )) AS anomaly_id,
  'answer_orphan' AS anomaly,
  'info' AS severity,
  station_id,
  CAST(NULL AS INTEGER) AS evse_id,
  CAST(NULL AS INTEGER) AS connector_id,
  protocol,
  CAST(NULL AS VARCHAR) AS session_id,
  received_at AS happened_at,
  CASE
    WHEN length(message_id) <= 64 THEN message_id ELSE left(message_id, 47) || '~' || left(sha256(message_id), 16)
  END AS value,
  CAST(NULL AS VARCHAR) AS expected,
  'An answer to no call that is known.' AS detail,
  generation AS evidence_generation,
  partition AS evidence_partition,
  "offset" AS evidence_offset
FROM orphans
ORDER BY station_id, happened_at, anomaly_id

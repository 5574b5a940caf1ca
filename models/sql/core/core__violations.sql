-- What messages break of the official JSON schema of their version: rule and path, never the value. The check is
-- made when frames are landed (ADR 0019); here each frame counts once, and an answer is taken for that of its call.
-- Direction and version are those of the call: what a log leaves out, only the station's other frames tell.
WITH of_calls AS (
  SELECT v.* REPLACE (c.direction AS direction, c.protocol AS protocol)
  FROM stg_ocpp__violations AS v
  JOIN core__calls AS c
    ON c.station_id = v.station_id AND c.call_source = v.source AND c.call_ordinal = v.ordinal
    AND coalesce(c.protocol, 'ocpp1.6') = coalesce(v.protocol, 'ocpp1.6')
  WHERE v.message = 'request'
), of_answers AS (
  SELECT
    v.* REPLACE (
      CASE c.direction WHEN 'cp-to-csms' THEN 'csms-to-cp' WHEN 'csms-to-cp' THEN 'cp-to-csms' END AS direction,
      c.protocol AS protocol
    )
  FROM stg_ocpp__violations AS v
  JOIN core__calls AS c
    ON c.station_id = v.station_id AND c.answer_source = v.source AND c.answer_ordinal = v.ordinal
    AND c.action = v.action AND coalesce(c.protocol, 'ocpp1.6') = coalesce(v.protocol, 'ocpp1.6')
  WHERE v.message = 'answer'
), of_sends AS (
  -- No call and no answer: equal rows of one instant in two files are one message.
  SELECT *
  FROM stg_ocpp__violations
  WHERE message = 'send'
  QUALIFY received_at IS NULL OR source = first_value(source) OVER (
    PARTITION BY station_id, received_at, direction, action, rule, path ORDER BY generation, partition, "offset"
  )
)
SELECT
  station_id,
  protocol,
  direction,
  message,
  action,
  rule,
  path,
  violations,
  received_at,
  source,
  ordinal
FROM (FROM of_calls UNION ALL FROM of_answers UNION ALL FROM of_sends)
ORDER BY station_id, received_at, source, ordinal, rule, path

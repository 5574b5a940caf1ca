-- Messages that break their schema, per vendor, model, firmware, action and rule, of all such messages. Vendor, model
-- and firmware as in core__answer_rates: those of the boot before the message.
WITH agreed AS (
  SELECT
    station_id,
    CASE WHEN count(DISTINCT vendor) = 1 THEN min(vendor) END AS vendor,
    CASE WHEN count(DISTINCT model) = 1 THEN min(model) END AS model,
    CASE WHEN count(DISTINCT firmware) = 1 THEN min(firmware) END AS firmware
  FROM core__boots
  GROUP BY station_id
), messages AS (
  SELECT
    station_id, protocol, direction, 'request' AS message, action, called_at AS received_at, call_source AS source,
    call_ordinal AS ordinal
  FROM core__calls
  UNION ALL
  SELECT
    station_id, protocol,
    CASE direction WHEN 'cp-to-csms' THEN 'csms-to-cp' WHEN 'csms-to-cp' THEN 'cp-to-csms' END AS direction,
    'answer' AS message, action, answered_at AS received_at, answer_source AS source, answer_ordinal AS ordinal
  FROM core__calls
  WHERE outcome = 'result'
  UNION ALL
  SELECT
    station_id, protocol, direction, 'send' AS message, message ->> '$[2]' AS action, received_at, source, ordinal
  FROM stg_ocpp__frames
  WHERE message_type = 6 AND protocol = 'ocpp2.1' AND (message ->> '$[2]') = 'NotifyPeriodicEventStream'
), placed AS (
  SELECT
    m.*,
    CASE WHEN b.station_id IS NULL THEN a.vendor ELSE b.vendor END AS vendor,
    CASE WHEN b.station_id IS NULL THEN a.model ELSE b.model END AS model,
    CASE WHEN b.station_id IS NULL THEN a.firmware ELSE b.firmware END AS firmware
  FROM messages AS m
  ASOF LEFT JOIN core__boots AS b ON b.station_id = m.station_id AND b.booted_at <= m.received_at
  LEFT JOIN agreed AS a ON a.station_id = m.station_id
), totals AS (
  SELECT vendor, model, firmware, protocol, direction, message, action, count(*) AS messages
  FROM placed
  GROUP BY ALL
), broken AS (
  SELECT
    p.vendor, p.model, p.firmware, p.protocol, p.direction, p.message, p.action, v.rule,
    count(DISTINCT (v.station_id, v.source, v.ordinal)) AS messages_broken,
    count(DISTINCT v.station_id) AS stations,
    sum(v.violations) AS violations,
    count(DISTINCT v.path) AS paths,
    mode(v.path ORDER BY v.path) AS path_most
  FROM core__violations AS v
  JOIN placed AS p
    ON p.station_id = v.station_id AND p.source = v.source AND p.ordinal = v.ordinal AND p.message = v.message
  GROUP BY p.vendor, p.model, p.firmware, p.protocol, p.direction, p.message, p.action, v.rule
)
SELECT
  b.vendor,
  b.model,
  b.firmware,
  b.protocol,
  b.direction,
  b.message,
  b.action,
  b.rule,
  b.stations,
  b.messages_broken,
  t.messages,
  b.messages_broken / t.messages AS share_broken,
  CAST(b.violations AS BIGINT) AS violations,
  b.paths,
  b.path_most
FROM broken AS b
JOIN totals AS t
  ON t.vendor IS NOT DISTINCT FROM b.vendor AND t.model IS NOT DISTINCT FROM b.model
  AND t.firmware IS NOT DISTINCT FROM b.firmware AND t.protocol IS NOT DISTINCT FROM b.protocol
  AND t.direction IS NOT DISTINCT FROM b.direction AND t.message = b.message AND t.action = b.action
ORDER BY b.vendor, b.model, b.firmware, b.protocol, b.direction, b.message, b.action, b.rule

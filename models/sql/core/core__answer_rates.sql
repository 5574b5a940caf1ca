-- How calls are answered, per vendor, model, firmware and action. A call counts for what its station last said of
-- itself in a boot; before the first boot of the log, or without times, for what all its boots agree on.
WITH agreed AS (
  SELECT
    station_id,
    CASE WHEN count(DISTINCT vendor) = 1 THEN min(vendor) END AS vendor,
    CASE WHEN count(DISTINCT model) = 1 THEN min(model) END AS model,
    CASE WHEN count(DISTINCT firmware) = 1 THEN min(firmware) END AS firmware
  FROM core__boots
  GROUP BY station_id
), calls AS (
  SELECT
    c.*,
    CASE WHEN b.station_id IS NULL THEN a.vendor ELSE b.vendor END AS vendor,
    CASE WHEN b.station_id IS NULL THEN a.model ELSE b.model END AS model,
    CASE WHEN b.station_id IS NULL THEN a.firmware ELSE b.firmware END AS firmware
  FROM core__calls AS c
  ASOF LEFT JOIN core__boots AS b ON b.station_id = c.station_id AND b.booted_at <= c.called_at
  LEFT JOIN agreed AS a ON a.station_id = c.station_id
)
SELECT
  vendor,
  model,
  firmware,
  protocol,
  direction,
  action,
  count(*) AS calls,
  count(DISTINCT station_id) AS stations,
  count(*) FILTER (is_repeat) AS repeats,
  count(*) FILTER (outcome = 'result') AS results,
  count(*) FILTER (outcome = 'error') AS errors,
  count(*) FILTER (outcome = 'none') AS unanswered,
  count(*) FILTER (outcome = 'error') / count(*) AS share_errors,
  count(*) FILTER (outcome = 'none') / count(*) AS share_unanswered,
  CAST(quantile_disc(answer_ms, 0.5) AS BIGINT) AS answer_ms_median,
  CAST(quantile_disc(answer_ms, 0.95) AS BIGINT) AS answer_ms_p95,
  mode(error_code ORDER BY error_code) AS error_code_most
FROM calls
GROUP BY vendor, model, firmware, protocol, direction, action
ORDER BY vendor, model, firmware, protocol, direction, action

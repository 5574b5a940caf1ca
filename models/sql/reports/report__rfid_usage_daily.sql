WITH uses AS (
  SELECT
    CAST(timezone(getvariable('report_timezone'), asked_at) AS DATE) AS day,
    token_id,
    CASE
      WHEN answered_at IS NULL AND status IS NULL THEN 'unanswered'
      WHEN status = 'Accepted' THEN 'accepted'
      WHEN status = 'Blocked' THEN 'blocked'
      WHEN status = 'Expired' THEN 'expired'
      WHEN status IN ('Invalid', 'Unknown') THEN 'invalid'
      WHEN status = 'ConcurrentTx' THEN 'concurrent_tx'
      ELSE 'other'
    END AS use,
    NULL AS energy_wh
  FROM core__authorizations
  UNION ALL
  SELECT CAST(timezone(getvariable('report_timezone'), started_at) AS DATE), token_id, 'session', energy_wh
  FROM core__sessions
  WHERE token_id IS NOT NULL
)
SELECT
  day,
  token_id,
  count(*) FILTER (WHERE use <> 'session') AS attempts,
  count(*) FILTER (WHERE use = 'accepted') AS accepted,
  count(*) FILTER (WHERE use NOT IN ('session', 'accepted', 'unanswered')) AS rejected,
  count(*) FILTER (WHERE use = 'blocked') AS blocked,
  count(*) FILTER (WHERE use = 'expired') AS expired,
  count(*) FILTER (WHERE use = 'invalid') AS invalid,
  count(*) FILTER (WHERE use = 'concurrent_tx') AS concurrent_tx,
  count(*) FILTER (WHERE use = 'other') AS other,
  count(*) FILTER (WHERE use = 'unanswered') AS unanswered,
  count(*) FILTER (WHERE use = 'session') AS sessions,
  CAST(sum(energy_wh) AS BIGINT) AS energy_wh
FROM uses
GROUP BY day, token_id
ORDER BY day, token_id

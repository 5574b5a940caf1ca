SELECT
  token_id,
  mode(coalesce(status, 'no answer')) AS answer,
  count(*) AS attempts,
  count(DISTINCT station_id) AS stations,
  timezone($timezone, min(asked_at)) AS first_at,
  timezone($timezone, max(asked_at)) AS last_at
FROM core__authorizations
WHERE token_id IS NOT NULL AND CAST(timezone($timezone, asked_at) AS DATE) BETWEEN $from_day AND $to_day
GROUP BY token_id
HAVING count(*) FILTER (WHERE status = 'Accepted') = 0
ORDER BY attempts DESC, token_id

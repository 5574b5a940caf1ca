WITH used AS (
  SELECT
    token_id, CAST(timezone($timezone, started_at) AS DATE) AS day, count(*) AS sessions,
    CAST(sum(energy_wh) AS BIGINT) AS energy_wh, count(*) FILTER (WHERE energy_wh IS NULL) AS sessions_unknown
  FROM core__sessions
  WHERE token_id IS NOT NULL AND CAST(timezone($timezone, started_at) AS DATE) BETWEEN $from_day AND $to_day
  GROUP BY ALL
), refused AS (
  SELECT token_id, count(*) AS refused
  FROM core__authorizations
  WHERE status <> 'Accepted' AND CAST(timezone($timezone, asked_at) AS DATE) BETWEEN $from_day AND $to_day
  GROUP BY ALL
)
SELECT
  used.token_id,
  CAST(sum(used.sessions) AS BIGINT) AS sessions,
  CAST(sum(used.energy_wh) AS BIGINT) AS energy_wh,
  CAST(sum(used.sessions_unknown) AS BIGINT) AS sessions_unknown,
  coalesce(any_value(refused.refused), 0) AS refused,
  min(used.day) AS first_day,
  max(used.day) AS last_day,
  list({'day': used.day, 'energy_wh': used.energy_wh} ORDER BY used.day) AS days
FROM used
LEFT JOIN refused ON refused.token_id = used.token_id
GROUP BY used.token_id
ORDER BY energy_wh DESC NULLS LAST, used.token_id

SELECT coalesce(status, 'no answer') AS status, count(*) AS attempts, count(DISTINCT token_id) AS cards
FROM core__authorizations
WHERE CAST(timezone($timezone, asked_at) AS DATE) BETWEEN $from_day AND $to_day
GROUP BY ALL
ORDER BY attempts DESC, status

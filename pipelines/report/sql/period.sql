-- the last days that have anything in them
SELECT max(day) AS to_day, min(day) AS first_day
FROM (
  SELECT CAST(timezone($timezone, started_at) AS DATE) AS day FROM core__sessions WHERE started_at IS NOT NULL
  UNION ALL
  SELECT CAST(timezone($timezone, opened_at) AS DATE) FROM core__fault_episodes WHERE opened_at IS NOT NULL
  UNION ALL
  SELECT CAST(timezone($timezone, asked_at) AS DATE) FROM core__authorizations WHERE asked_at IS NOT NULL
)

WITH days AS (
  SELECT CAST(unnest(generate_series($from_day, $to_day, INTERVAL 1 DAY)) AS DATE) AS day
), totals AS (
  SELECT
    CAST(timezone($timezone, started_at) AS DATE) AS day,
    CAST(sum(energy_wh) AS BIGINT) AS energy_wh,
    count(*) AS sessions
  FROM core__sessions
  GROUP BY ALL
), faults AS (
  SELECT CAST(timezone($timezone, opened_at) AS DATE) AS day, count(*) AS episodes
  FROM core__fault_episodes
  GROUP BY ALL
), asked AS (
  SELECT CAST(timezone($timezone, asked_at) AS DATE) AS day, count(*) AS attempts
  FROM core__authorizations
  GROUP BY ALL
)
SELECT
  days.day,
  coalesce(now.energy_wh, 0) AS energy_wh,
  coalesce(now.sessions, 0) AS sessions,
  before.energy_wh AS energy_before_wh,
  coalesce(episodes, 0) AS episodes,
  coalesce(attempts, 0) AS attempts
FROM days
LEFT JOIN totals AS now ON now.day = days.day
LEFT JOIN totals AS before ON before.day = days.day - $days
LEFT JOIN faults ON faults.day = days.day
LEFT JOIN asked ON asked.day = days.day
ORDER BY days.day

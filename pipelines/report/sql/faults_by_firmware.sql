WITH days AS (
  SELECT CAST(unnest(generate_series($from_day, $to_day, INTERVAL 1 DAY)) AS DATE) AS day
), sessions AS (
  SELECT
    coalesce(model, 'unknown model') AS model, coalesce(firmware, 'unknown firmware') AS firmware,
    CAST(timezone($timezone, started_at) AS DATE) AS day, count(*) AS sessions
  FROM core__sessions
  GROUP BY ALL
), faults AS (
  SELECT
    coalesce(model, 'unknown model') AS model, coalesce(firmware, 'unknown firmware') AS firmware,
    CAST(timezone($timezone, opened_at) AS DATE) AS day, count(*) AS episodes
  FROM core__fault_episodes
  GROUP BY ALL
), pairs AS (
  SELECT DISTINCT model, firmware FROM sessions WHERE day BETWEEN $from_day AND $to_day
  UNION
  SELECT DISTINCT model, firmware FROM faults WHERE day BETWEEN $from_day AND $to_day
)
SELECT
  pairs.model, pairs.firmware, days.day,
  coalesce(sessions, 0) AS sessions,
  coalesce(episodes, 0) AS episodes
FROM pairs
CROSS JOIN days
LEFT JOIN sessions ON sessions.model = pairs.model AND sessions.firmware = pairs.firmware AND sessions.day = days.day
LEFT JOIN faults ON faults.model = pairs.model AND faults.firmware = pairs.firmware AND faults.day = days.day
ORDER BY ALL

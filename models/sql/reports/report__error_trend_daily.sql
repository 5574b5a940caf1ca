-- A row for each day with episodes and the six days after it, up to the last day of data: with those, the mean
-- is never left hanging at its last peak, and one wrong clock cannot stretch the table over decades.
WITH episodes AS (
  SELECT
    CAST(timezone(getvariable('report_timezone'), opened_at) AS DATE) AS day,
    vendor, model, firmware, canonical_code, code, count(*) AS episodes
  FROM core__fault_episodes
  GROUP BY ALL
), sessions AS (
  SELECT
    CAST(timezone(getvariable('report_timezone'), started_at) AS DATE) AS day,
    vendor, model, firmware, count(*) AS sessions
  FROM core__sessions
  GROUP BY ALL
), bounds AS (
  SELECT min(day) AS first_day, max(day) AS last_day
  FROM (SELECT day FROM episodes UNION ALL SELECT day FROM sessions)
), rows_wanted AS (
  SELECT DISTINCT e.day + shift.days AS day, e.vendor, e.model, e.firmware, e.canonical_code, e.code
  FROM episodes AS e
  CROSS JOIN (SELECT CAST(unnest(range(7)) AS INTEGER) AS days) AS shift
  CROSS JOIN bounds AS b
  WHERE e.day + shift.days <= b.last_day
), week AS (
  SELECT
    r.day, r.vendor, r.model, r.firmware, r.canonical_code, r.code,
    CAST(coalesce(sum(e.episodes) FILTER (WHERE e.day = r.day), 0) AS BIGINT) AS episodes,
    sum(e.episodes) AS episodes_7d
  FROM rows_wanted AS r
  JOIN episodes AS e
    ON e.vendor IS NOT DISTINCT FROM r.vendor AND e.model IS NOT DISTINCT FROM r.model
    AND e.firmware IS NOT DISTINCT FROM r.firmware AND e.code IS NOT DISTINCT FROM r.code
    AND e.canonical_code IS NOT DISTINCT FROM r.canonical_code
    AND e.day BETWEEN r.day - 6 AND r.day
  GROUP BY ALL
  UNION ALL
  SELECT day, vendor, model, firmware, canonical_code, code, episodes, NULL FROM episodes WHERE day IS NULL
)
SELECT
  w.day,
  w.vendor,
  w.model,
  w.firmware,
  w.canonical_code,
  w.code,
  w.episodes,
  coalesce(s.sessions, 0) AS sessions,
  1000 * w.episodes / nullif(s.sessions, 0) AS per_1000_sessions,
  w.episodes_7d / least(7, w.day - b.first_day + 1) AS episodes_7d_mean
FROM week AS w
CROSS JOIN bounds AS b
LEFT JOIN sessions AS s
  ON s.day = w.day AND s.vendor IS NOT DISTINCT FROM w.vendor
  AND s.model IS NOT DISTINCT FROM w.model AND s.firmware IS NOT DISTINCT FROM w.firmware
ORDER BY ALL

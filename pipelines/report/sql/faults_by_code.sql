WITH sessions AS (
  SELECT coalesce(model, 'unknown model') AS model, coalesce(firmware, 'unknown firmware') AS firmware, count(*) AS sessions
  FROM core__sessions
  WHERE CAST(timezone($timezone, started_at) AS DATE) BETWEEN $from_day AND $to_day
  GROUP BY ALL
), faults AS (
  SELECT
    coalesce(model, 'unknown model') AS model, coalesce(firmware, 'unknown firmware') AS firmware,
    canonical_code, string_agg(DISTINCT raw_code, ', ' ORDER BY raw_code) AS raw_codes, count(*) AS episodes
  FROM core__fault_episodes
  WHERE CAST(timezone($timezone, opened_at) AS DATE) BETWEEN $from_day AND $to_day
  GROUP BY ALL
)
SELECT faults.model, faults.firmware, canonical_code, raw_codes, episodes, coalesce(sessions, 0) AS sessions
FROM faults
LEFT JOIN sessions ON sessions.model = faults.model AND sessions.firmware = faults.firmware
ORDER BY ALL

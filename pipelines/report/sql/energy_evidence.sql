SELECT
  energy_basis,
  count(*) AS sessions,
  CAST(sum(energy_wh) AS BIGINT) AS energy_wh
FROM core__sessions
WHERE CAST(timezone($timezone, started_at) AS DATE) BETWEEN $from_day AND $to_day
GROUP BY energy_basis
ORDER BY sessions DESC, energy_basis

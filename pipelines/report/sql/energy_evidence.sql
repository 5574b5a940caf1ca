SELECT
  energy_basis,
  count(*) AS sessions,
  CAST(sum(energy_wh) AS BIGINT) AS energy_wh
FROM core__sessions
WHERE CAST(timezone($timezone, started_at) AS DATE) BETWEEN $from_day AND $to_day
GROUP BY energy_basis
ORDER BY list_position(['meter_stop', 'begin_end', 'register', 'interval', 'power', 'cdr', 'ocpi_session'], energy_basis) NULLS LAST, energy_basis

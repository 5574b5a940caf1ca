SELECT
  station_id,
  any_value(vendor) AS vendor,
  any_value(model) AS model,
  count(*) AS sessions,
  count(*) FILTER (WHERE energy_wh IS NULL) AS sessions_unknown,
  count(*) FILTER (WHERE is_open) AS sessions_open,
  CAST(sum(energy_wh) AS BIGINT) AS energy_wh,
  CAST(sum(energy_wh) FILTER (WHERE energy_basis = 'meter_stop') AS BIGINT) AS energy_meter_stop_wh,
  CAST(sum(energy_wh) FILTER (WHERE energy_basis <> 'meter_stop') AS BIGINT) AS energy_register_wh
FROM core__sessions
WHERE CAST(timezone($timezone, started_at) AS DATE) BETWEEN $from_day AND $to_day
GROUP BY station_id
ORDER BY energy_wh DESC NULLS LAST, station_id

SELECT
  CAST(timezone(getvariable('report_timezone'), started_at) AS DATE) AS day,
  station_id,
  protocol,
  count(*) AS sessions,
  count(*) FILTER (WHERE NOT is_open AND energy_wh = 0) AS sessions_without_energy,
  count(*) FILTER (WHERE energy_wh IS NULL) AS sessions_energy_unknown,
  CAST(sum(energy_wh) AS BIGINT) AS energy_wh,
  avg(energy_wh) FILTER (WHERE NOT is_open) AS energy_mean_wh,
  CAST(sum(charging_s) AS BIGINT) AS charging_s,
  count(*) FILTER (WHERE is_open) AS sessions_open,
  CAST(sum(energy_wh) FILTER (WHERE is_open) AS BIGINT) AS energy_open_wh
FROM core__sessions
GROUP BY day, station_id, protocol
ORDER BY day, station_id, protocol

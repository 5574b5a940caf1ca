SELECT
  station_id, connector_id, canonical_code, raw_code,
  timezone($timezone, opened_at) AS opened_at,
  epoch((SELECT max(received_at) FROM raw_ocpp__frames)) - epoch(opened_at) AS open_s
FROM core__fault_episodes
WHERE is_open AND CAST(timezone($timezone, opened_at) AS DATE) <= $to_day
ORDER BY opened_at, station_id, connector_id, canonical_code

WITH heard AS (
  SELECT station_id, max(received_at) AS heard_at FROM raw_ocpp__frames GROUP BY station_id
)
SELECT
  faults.station_id, connector_id, canonical_code, raw_code,
  timezone($timezone, opened_at) AS opened_at,
  epoch((SELECT max(heard_at) FROM heard)) - epoch(opened_at) AS open_s,
  timezone($timezone, heard_at) AS heard_at
FROM core__fault_episodes AS faults
LEFT JOIN heard ON heard.station_id = faults.station_id
WHERE is_open AND CAST(timezone($timezone, opened_at) AS DATE) <= $to_day
ORDER BY opened_at, faults.station_id, connector_id, canonical_code

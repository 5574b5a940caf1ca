WITH log AS (
  -- What each station's own logs cover, as in core__unmapped_codes.
  SELECT station_id, coalesce(max(until_at), max(received_at)) AS last_at, max(received_at) AS heard_at
  FROM (
    SELECT station_id, until_at, NULL AS received_at FROM core__status_timeline
    UNION ALL
    SELECT station_id, NULL, received_at FROM raw_ocpp__frames
  )
  GROUP BY station_id
)
SELECT
  faults.station_id, connector_id, canonical_code, raw_code,
  timezone($timezone, opened_at) AS opened_at,
  -- Not greatest() alone: it would make 0 of a null.
  CASE WHEN last_at IS NOT NULL THEN greatest(0, epoch(last_at) - epoch(faults.opened_at)) END AS open_s,
  timezone($timezone, heard_at) AS heard_at
FROM core__fault_episodes AS faults
LEFT JOIN log ON log.station_id = faults.station_id
WHERE is_open AND CAST(timezone($timezone, faults.opened_at) AS DATE) <= $to_day
ORDER BY faults.opened_at, faults.station_id, connector_id, canonical_code

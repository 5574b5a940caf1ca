WITH log AS (
  -- What each station's own logs cover, as in core__unmapped_codes.
  SELECT station_id, coalesce(max(until_at), max(received_at)) AS last_at
  FROM (
    SELECT station_id, until_at, NULL AS received_at FROM core__status_timeline
    UNION ALL
    SELECT station_id, NULL, received_at FROM raw_ocpp__frames
  )
  GROUP BY station_id
), episodes AS (
  SELECT
    faults.*,
    -- Closed at no known time: nobody can tell.
    CASE WHEN is_open THEN last_at ELSE closed_at END AS until_at
  FROM core__fault_episodes AS faults
  LEFT JOIN log ON log.station_id = faults.station_id
  WHERE unmapped_code IS NOT NULL AND CAST(timezone($timezone, opened_at) AS DATE) BETWEEN $from_day AND $to_day
)
SELECT
  unmapped_code,
  coalesce(vendor, vendor_id, 'unknown vendor') AS vendor,
  coalesce(model, 'unknown model') AS model,
  string_agg(DISTINCT canonical_code, ', ' ORDER BY canonical_code) AS canonical_codes,
  count(*) AS episodes,
  count(DISTINCT station_id) AS stations,
  -- Not greatest() alone: it would make 0 of a null.
  sum(CASE WHEN until_at IS NOT NULL THEN greatest(0, epoch(until_at) - epoch(opened_at)) END) AS open_s,
  count(*) FILTER (WHERE is_open) AS episodes_open
FROM episodes
GROUP BY ALL
ORDER BY open_s DESC NULLS LAST, episodes DESC, unmapped_code, vendor, model

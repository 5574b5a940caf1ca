SELECT
  unmapped_code,
  coalesce(vendor, vendor_id, 'unknown vendor') AS vendor,
  coalesce(model, 'unknown model') AS model,
  string_agg(DISTINCT canonical_code, ', ' ORDER BY canonical_code) AS canonical_codes,
  count(*) AS episodes,
  count(DISTINCT station_id) AS stations,
  -- Not greatest() alone: it would make 0 of a null.
  sum(CASE WHEN opened_at IS NOT NULL THEN greatest(0, epoch(coalesce(
    closed_at, (SELECT max(received_at) FROM raw_ocpp__frames)
  )) - epoch(opened_at)) END) AS open_s,
  count(*) FILTER (WHERE is_open) AS episodes_open
FROM core__fault_episodes
WHERE unmapped_code IS NOT NULL AND CAST(timezone($timezone, opened_at) AS DATE) BETWEEN $from_day AND $to_day
GROUP BY ALL
ORDER BY open_s DESC NULLS LAST, episodes DESC, unmapped_code, vendor, model

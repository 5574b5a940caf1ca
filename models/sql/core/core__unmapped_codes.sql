-- Codes that no row of the crosswalk knows, by what they cost: the list by which it grows. Episodes say what stands
-- in for such a code (an errorCode, a component and variable, or nothing); minutes of open ones run to the end of what
-- the station's own logs cover (`core__status_timeline`), else to its last frame.
WITH log AS (
  SELECT station_id, coalesce(max(until_at), max(received_at)) AS last_at
  FROM (
    SELECT station_id, until_at, NULL AS received_at FROM core__status_timeline
    UNION ALL
    SELECT station_id, NULL, received_at FROM raw_ocpp__frames
  )
  GROUP BY station_id
), unmapped AS (
  SELECT
    f.unmapped_code, f.code, f.canonical_code, f.vendor_id, f.protocol, f.vendor, f.model, f.firmware,
    f.station_id, f.is_open, f.info, f.opened_at,
    coalesce(f.opened_received_at, f.opened_at) AS first_at,
    coalesce(f.closed_received_at, f.closed_at, f.opened_received_at, f.opened_at) AS last_at,
    -- Closed at no known time: nobody can tell. Not greatest() alone: it would make 0 of a null.
    CASE WHEN f.is_open THEN log.last_at ELSE f.closed_at END AS until_at,
    CASE
      WHEN f.opened_at IS NOT NULL AND until_at IS NOT NULL THEN greatest(0, epoch(until_at) - epoch(f.opened_at)) / 60
    END AS minutes
  FROM core__fault_episodes AS f
  LEFT JOIN log ON log.station_id = f.station_id
  WHERE f.unmapped_code IS NOT NULL
)
SELECT
  unmapped_code,
  code,
  canonical_code,
  vendor_id,
  protocol,
  vendor,
  model,
  firmware,
  count(*) AS episodes,
  count(*) FILTER (WHERE is_open) AS episodes_open,
  sum(minutes) AS minutes,
  count(DISTINCT station_id) AS stations,
  min(first_at) AS first_seen_at,
  max(last_at) AS last_seen_at,
  min(info) AS info
FROM unmapped
GROUP BY ALL
ORDER BY minutes DESC NULLS LAST, episodes DESC, unmapped_code

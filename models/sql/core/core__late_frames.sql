-- Frames that came late: the station's log already held a newer frame of another source. Within one source the
-- source's own order counts, whatever its clock says.
WITH placed AS (
  SELECT
    station_id, protocol, direction, received_at, source, ordinal, generation, partition, "offset",
    max(received_at) OVER (
      PARTITION BY station_id ORDER BY generation, partition, "offset"
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS newest_before_at,
    max(received_at) OVER (
      PARTITION BY station_id, source ORDER BY generation, partition, "offset"
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS newest_of_source_at
  FROM stg_ocpp__frames
)
SELECT
  station_id,
  protocol,
  direction,
  received_at,
  newest_before_at,
  source,
  ordinal,
  generation,
  partition,
  "offset"
FROM placed
WHERE received_at < newest_before_at
  AND (newest_of_source_at IS NULL OR newest_of_source_at < newest_before_at)
ORDER BY station_id, generation, partition, "offset"

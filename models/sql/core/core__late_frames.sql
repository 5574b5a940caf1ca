-- Frames that the step left out because they came late (`models.order.counts`, the same rule): received before
-- the newest of their station, which came from another source. Frames refused for other reasons are not late,
-- and a second copy of a frame is no loss.
WITH seen AS (
  SELECT station_id, protocol, direction, received_at, source, ordinal, generation, partition, "offset"
  FROM stg_ocpp__frames AS f
  ANTI JOIN (SELECT source, ordinal FROM core__dead_letters WHERE reason <> 'invalid_payload') AS refused
    ON refused.source = f.source AND refused.ordinal = f.ordinal
), placed AS (
  SELECT
    *,
    -- The newest time; of equal ones, the first record that had it.
    max({'at': received_at, 'generation': -generation, 'offset': -"offset", 'source': source}) OVER (
      PARTITION BY station_id ORDER BY generation, "offset" ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS newest
  FROM seen
  -- The years of `models.times`: outside them a clock was never set.
  WHERE received_at >= TIMESTAMPTZ '2010-01-01 00:00:00Z' AND received_at < TIMESTAMPTZ '2101-01-01 00:00:00Z'
)
SELECT
  station_id,
  protocol,
  direction,
  received_at,
  newest.at AS newest_before_at,
  source,
  ordinal,
  generation,
  partition,
  "offset"
FROM placed
WHERE received_at < newest.at AND source <> newest.source
ORDER BY station_id, generation, "offset"

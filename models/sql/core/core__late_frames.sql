-- Frames that the live fold left out because they came late (`models.order.counts`): received before the newest of
-- their station, or at its very instant from another source. Their station is replayed then, over all its frames
-- (ADR 0014). Frames refused for other reasons are not late, and a second copy of a frame is none.
WITH seen AS (
  SELECT station_id, protocol, direction, received_at, source, ordinal, generation, partition, "offset"
  FROM stg_ocpp__frames AS f
  ANTI JOIN (SELECT source, ordinal FROM core__dead_letters WHERE reason <> 'invalid_payload') AS refused
    ON refused.source = f.source AND refused.ordinal = f.ordinal
), timed AS (
  SELECT *
  FROM seen
  -- The years of `models.times`: outside them a clock was never set.
  WHERE received_at >= TIMESTAMPTZ '2010-01-01 00:00:00Z' AND received_at < TIMESTAMPTZ '2101-01-01 00:00:00Z'
), suspected AS (
  -- Most stations have no late frame, and to say so takes a fifth of the time.
  SELECT station_id
  FROM (
    SELECT station_id, source, received_at, max(received_at) OVER (
      PARTITION BY station_id ORDER BY generation, "offset" ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS newest_at
    FROM timed
  )
  GROUP BY station_id
  HAVING bool_or(received_at < newest_at) OR (bool_or(received_at = newest_at) AND count(DISTINCT source) > 1)
), placed AS (
  SELECT
    *,
    -- The newest time; of equal ones, the first record that had it.
    max({'at': received_at, 'generation': -generation, 'offset': -"offset", 'source': source}) OVER (
      PARTITION BY station_id ORDER BY generation, "offset" ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS newest
  FROM timed
  SEMI JOIN suspected USING (station_id)
), replayed AS (
  SELECT station_id, max(struct_pack(generation := until_generation, "offset" := until_offset)) AS until
  FROM core__replays
  GROUP BY station_id
)
SELECT
  p.station_id,
  p.protocol,
  p.direction,
  p.received_at,
  p.newest.at AS newest_before_at,
  p.source,
  p.ordinal,
  p.generation,
  p.partition,
  p."offset",
  coalesce(struct_pack(generation := p.generation, "offset" := p."offset") <= r.until, false) AS is_replayed
FROM placed AS p
LEFT JOIN replayed AS r ON r.station_id = p.station_id
WHERE p.received_at < p.newest.at OR (p.received_at = p.newest.at AND p.source <> p.newest.source)
ORDER BY p.station_id, p.generation, p."offset"

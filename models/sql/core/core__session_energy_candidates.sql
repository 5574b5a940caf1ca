-- One row per session and kind of evidence. The step weighs what the station said (`models/energy/ladder.py`); here it
-- is only laid out. Partners' documents are weighed here, and come last: what they say counts where the station's
-- frames say nothing, and then core__sessions takes it over (`pipelines/warehouse/partners.py`), which is why this
-- model is built before all others that read core__sessions.
WITH said AS (
  SELECT session_id, station_id, unnest(CAST(energy_candidates AS JSON) -> '$[*]') AS said
  FROM stg_ocpp__session_candidates
), metered AS (
  SELECT
    session_id,
    station_id,
    said ->> '$.rung' AS rung,
    CAST(said ->> '$.energy_wh' AS BIGINT) AS energy_wh,
    CAST(said ->> '$.is_chosen' AS BOOLEAN) AS is_chosen,
    said ->> '$.reason' AS reason,
    CAST(said ->> '$.start_wh' AS DECIMAL(38, 14)) AS register_start_wh,
    CAST(said ->> '$.end_wh' AS DECIMAL(38, 14)) AS register_end_wh,
    CAST(said ->> '$.begin[0]' AS INTEGER) AS begin_generation,
    CAST(said ->> '$.begin[1]' AS INTEGER) AS begin_partition,
    CAST(said ->> '$.begin[2]' AS BIGINT) AS begin_offset,
    CAST(said ->> '$.end[0]' AS INTEGER) AS end_generation,
    CAST(said ->> '$.end[1]' AS INTEGER) AS end_partition,
    CAST(said ->> '$.end[2]' AS BIGINT) AS end_offset
  FROM said
), doubted AS (
  SELECT
    m.*,
    CASE
      WHEN m.void IS NOT NULL THEN m.void
      WHEN count(*) OVER (PARTITION BY m.rung, m.party, m.ocpi_id) > 1
        OR count(*) FILTER (m.void IS NULL) OVER (PARTITION BY m.session_id, m.rung) > 1 THEN 'ambiguous_match'
      WHEN m.energy_wh < 0 THEN 'negative'
      -- Wh sent as kWh: 400 kW on average, over a minute at least, or what the partner says the EVSE gives.
      WHEN CAST(m.energy_wh AS DOUBLE) * 3600
        > greatest(coalesce(m.power_max_w, 0), 400000) * greatest(epoch(m.ended_at - m.started_at), 60)
        THEN 'over_capacity'
      WHEN m.energy_wh = 0 THEN 'zero'
    END AS doubt,
    s.energy_wh IS NOT NULL AND coalesce(s.energy_basis NOT IN ('cdr', 'ocpi_session'), true) AS is_metered
  FROM stg_ocpi__matches AS m
  JOIN core__sessions AS s ON s.session_id = m.session_id
), partners AS (
  SELECT
    session_id,
    station_id,
    rung,
    CASE WHEN energy_wh >= 0 THEN energy_wh END AS energy_wh,
    doubt IS NULL AND NOT is_metered
      AND row_number() OVER (PARTITION BY session_id ORDER BY doubt IS NOT NULL, rung) = 1 AS is_chosen,
    CASE WHEN NOT is_chosen THEN coalesce(doubt, 'better_evidence') END AS reason,
    energy_generation AS end_generation,
    energy_partition AS end_partition,
    energy_offset AS end_offset,
    party,
    ocpi_id,
    matched_by
  FROM doubted
)
SELECT
  session_id,
  station_id,
  rung,
  CAST(list_position(
    ['signed', 'meter_stop', 'begin_end', 'register', 'interval', 'power', 'cdr', 'ocpi_session'], rung
  ) AS INTEGER) AS rank,
  energy_wh,
  is_chosen,
  reason,
  register_start_wh,
  register_end_wh,
  begin_generation,
  begin_partition,
  begin_offset,
  end_generation,
  end_partition,
  end_offset,
  energy_wh - max(energy_wh) FILTER (WHERE is_chosen) OVER (PARTITION BY session_id) AS difference_wh,
  party,
  ocpi_id,
  matched_by
FROM (FROM metered UNION ALL BY NAME FROM partners)
ORDER BY station_id, session_id, rank, party, ocpi_id

-- One row per session and rung. The step weighs the evidence (`models/evidence.py`); here it is only laid out.
WITH candidates AS (
  SELECT session_id, station_id, unnest(CAST(energy_candidates AS JSON) -> '$[*]') AS said
  FROM stg_ocpp__session_candidates
), read AS (
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
  FROM candidates
)
SELECT
  session_id,
  station_id,
  rung,
  CAST(list_position(['signed', 'meter_stop', 'begin_end', 'register', 'interval', 'power'], rung) AS INTEGER) AS rank,
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
  energy_wh - max(energy_wh) FILTER (WHERE is_chosen) OVER (PARTITION BY session_id) AS difference_wh
FROM read
ORDER BY station_id, session_id, rank

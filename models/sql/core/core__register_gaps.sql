-- Continuity of each meter (OCPP 1.6 errata 3.77): a session's first register against the last one of the session
-- before it on the same connector (1.6) or EVSE (2.x). Over a meter, the sessions' travel and the gaps between them
-- add up to the register's travel: sessions that show no register are passed over, those that show one show it twice.
WITH sessions AS (
  SELECT
    *,
    lag(session_id) OVER meter AS previous_session_id,
    lag(ended_at) OVER meter AS previous_ended_at,
    lag(is_open) OVER meter AS is_previous_open,
    -- Few, so that one end by a wrong clock hides no more.
    max(ended_at) OVER (meter ROWS BETWEEN 8 PRECEDING AND 1 PRECEDING) AS last_ended_at,
    lag(CASE
      WHEN coalesce(register_end_wh, register_start_wh) IS NOT NULL
        THEN struct_pack(wh := coalesce(register_end_wh, register_start_wh), seen_wh := register_seen_wh)
    END IGNORE NULLS) OVER meter AS shown,
    coalesce(register_start_wh, register_end_wh) AS register_to_wh
  FROM core__sessions
  WHERE coalesce(evse_id, connector_id) IS NOT NULL AND started_at IS NOT NULL
  WINDOW meter AS (PARTITION BY station_id, coalesce(evse_id, connector_id) ORDER BY started_at, session_id)
)
SELECT
  session_id,
  previous_session_id,
  station_id,
  evse_id,
  connector_id,
  previous_ended_at,
  started_at,
  shown.wh AS register_from_wh,
  register_to_wh,
  register_to_wh - register_from_wh AS gap_wh,
  shown.seen_wh - register_from_wh AS after_stop_wh,
  CASE
    -- After one within another, the register has gone on in the other.
    WHEN is_previous_open OR started_at < last_ended_at OR previous_ended_at < last_ended_at THEN 'overlap'
    WHEN gap_wh IS NULL THEN 'unknown'
    -- meterStart and meterStop are whole Wh, sampled registers are not.
    WHEN abs(gap_wh) <= 1 THEN 'continuous'
    WHEN gap_wh < 0 THEN 'reset'
    ELSE 'gap'
  END AS kind
FROM sessions
WHERE previous_session_id IS NOT NULL
ORDER BY station_id, evse_id, connector_id, started_at, session_id

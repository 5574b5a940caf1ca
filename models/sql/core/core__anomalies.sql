-- Everything that does not add up, whoever found it: the step's own anomalies, and beside them those that only
-- become visible over many frames or sessions. All speak the one vocabulary of `models.anomalies`.
WITH odd_sessions AS (
  -- What a session itself tells at last: said while folding, it would have to be taken back when the rest arrives.
  SELECT 'stop_missing' AS anomaly, 'warning' AS severity, inferred_cause AS value, * EXCLUDE (inferred_cause)
  FROM core__sessions WHERE end_kind = 'inferred'
  UNION ALL BY NAME
  SELECT 'sequence_gap' AS anomaly, 'warning' AS severity, CAST(events_missing AS VARCHAR) AS value, *
  FROM core__sessions WHERE events_missing > 0
  UNION ALL BY NAME
  SELECT 'evse_unknown' AS anomaly, 'warning' AS severity, CAST(NULL AS VARCHAR) AS value, *
  FROM core__sessions WHERE evse_id IS NULL AND starts_with(protocol, 'ocpp2')
  UNION ALL BY NAME
  SELECT 'energy_unknown' AS anomaly, 'warning' AS severity, CAST(NULL AS VARCHAR) AS value, *
  FROM core__sessions WHERE energy_wh IS NULL AND NOT is_open
  UNION ALL BY NAME
  SELECT 'token_missing' AS anomaly, 'info' AS severity, CAST(NULL AS VARCHAR) AS value, *
  FROM core__sessions WHERE token_id IS NULL AND NOT is_open
  UNION ALL BY NAME
  SELECT 'backlog' AS anomaly, 'info' AS severity, CAST(NULL AS VARCHAR) AS value, *
  FROM core__sessions WHERE is_offline
), partners AS (
  -- What a partner's documents (OCPI) tell of a session's energy.
  SELECT
    CASE
      WHEN is_chosen THEN 'energy_by_partner'
      WHEN reason = 'ambiguous_match' THEN 'partner_ambiguous'
      WHEN rung = 'cdr' AND reason IN ('better_evidence', 'zero', 'over_capacity')
        AND abs(difference_wh) > greatest(50, (energy_wh - difference_wh) / 100) THEN 'partner_disagrees'
    END AS anomaly,
    CASE anomaly WHEN 'partner_ambiguous' THEN 'info' ELSE 'warning' END AS severity,
    session_id, party, ocpi_id, rung, energy_wh, energy_wh - difference_wh AS chosen_wh
  FROM core__session_energy_candidates
  WHERE party IS NOT NULL AND anomaly IS NOT NULL
)
SELECT
  anomaly_id,
  anomaly,
  severity,
  found_by,
  station_id,
  evse_id,
  connector_id,
  protocol,
  session_id,
  happened_at,
  value,
  expected,
  detail,
  evidence_generation,
  evidence_partition,
  evidence_offset
FROM (
  SELECT *, 'step' AS found_by FROM stg_ocpp__anomalies
  UNION ALL BY NAME
  SELECT
    md5(concat_ws('/', anomaly, session_id)) AS anomaly_id,
    anomaly, severity, 'sql' AS found_by, station_id, evse_id, connector_id, protocol, session_id, value,
    coalesce(ended_at, started_at) AS happened_at,
    CASE anomaly
      WHEN 'stop_missing' THEN 'The stop never came; the end is inferred from what came after.'
      WHEN 'sequence_gap' THEN 'Events are missing between two sequence numbers of the transaction.'
      WHEN 'evse_unknown' THEN 'No event of the transaction names its EVSE.'
      WHEN 'energy_unknown' THEN 'Nothing that was reported says what the session took.'
      WHEN 'token_missing' THEN 'Nothing that was reported names a token.'
      ELSE 'Some of it was queued while the station was offline.'
    END AS detail
  FROM odd_sessions
  UNION ALL BY NAME
  SELECT
    md5(concat_ws('/', p.anomaly, p.session_id, p.rung, p.party, p.ocpi_id)) AS anomaly_id,
    p.anomaly, p.severity, 'sql' AS found_by, s.station_id, s.evse_id, s.connector_id, s.protocol, p.session_id,
    CAST(p.energy_wh AS VARCHAR) AS value,
    CASE p.anomaly WHEN 'partner_disagrees' THEN CAST(p.chosen_wh AS VARCHAR) END AS expected,
    coalesce(s.ended_at, s.started_at) AS happened_at,
    CASE p.anomaly
      WHEN 'energy_by_partner' THEN 'Nothing but a partner''s document says what the session took, Wh.'
      WHEN 'partner_ambiguous' THEN 'A partner''s document may speak of several sessions, or is not the only one, Wh.'
      ELSE 'A partner''s charge detail record says other energy than the station, Wh.'
    END AS detail
  FROM partners AS p
  JOIN core__sessions AS s ON s.session_id = p.session_id
  UNION ALL BY NAME
  -- OCPP 1.6 section 4.9: connector 0 is the station as a whole.
  SELECT
    md5(concat_ws('/', 'status_impossible', status_id)) AS anomaly_id,
    'status_impossible' AS anomaly, 'info' AS severity, 'sql' AS found_by, station_id, evse_id, connector_id, protocol,
    status AS value, 'Available, Unavailable or Faulted' AS expected, coalesce(reported_at, received_at) AS happened_at,
    'A status that the station as a whole cannot have.' AS detail
  FROM core__statuses
  WHERE connector_id = 0 AND protocol = 'ocpp1.6' AND status NOT IN ('Available', 'Unavailable', 'Faulted')
  UNION ALL BY NAME
  SELECT *, 'sql' AS found_by FROM core__call_anomalies
  UNION ALL BY NAME
  SELECT *, 'sql' AS found_by FROM core__measurement_anomalies
)
ORDER BY station_id, happened_at, anomaly_id

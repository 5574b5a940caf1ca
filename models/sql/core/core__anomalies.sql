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
      ELSE 'No event of the transaction names its EVSE.'
    END AS detail
  FROM odd_sessions
  UNION ALL BY NAME
  SELECT *, 'sql' AS found_by FROM core__call_anomalies
  UNION ALL BY NAME
  SELECT *, 'sql' AS found_by FROM core__measurement_anomalies
)
ORDER BY station_id, happened_at, anomaly_id

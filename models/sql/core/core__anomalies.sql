-- Everything that does not add up, whoever found it: the step's own anomalies, and beside them those that only
-- become visible over many frames or sessions. All speak the one vocabulary of `models.anomalies`.
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
  SELECT *, 'sql' AS found_by FROM core__call_anomalies
  UNION ALL BY NAME
  SELECT *, 'sql' AS found_by FROM core__measurement_anomalies
)
ORDER BY station_id, happened_at, anomaly_id

-- Everything that does not add up, whoever found it: the step's own anomalies, and below them those that only
-- become visible over many sessions. Both speak the one vocabulary of `models.anomalies`.
SELECT
  anomaly_id,
  anomaly,
  severity,
  'step' AS found_by,
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
FROM stg_ocpp__anomalies
UNION ALL BY NAME
SELECT *, 'sql' AS found_by FROM core__call_anomalies
ORDER BY station_id, happened_at, anomaly_id

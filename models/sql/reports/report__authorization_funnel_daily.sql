-- A presentation is a request that did not end a session, or a start that no request came before.
WITH presented AS (
  SELECT
    CAST(timezone(getvariable('report_timezone'), a.asked_at) AS DATE) AS day,
    a.token_kind,
    false AS is_by_start,
    a.status,
    a.answered_at IS NOT NULL OR a.status IS NOT NULL AS is_answered,
    a.purpose IS NOT NULL AS is_started,
    s.energy_wh,
    a.is_rejected_later
  FROM core__authorizations AS a
  LEFT JOIN core__sessions AS s ON s.session_id = a.session_id AND s.authorization_id = a.authorization_id
  WHERE a.purpose IS DISTINCT FROM 'stop'
  UNION ALL
  SELECT
    CAST(timezone(getvariable('report_timezone'), started_at) AS DATE),
    token_kind,
    true,
    start_status,
    start_status IS NOT NULL,
    true,
    energy_wh,
    start_status <> 'Accepted' IS TRUE
  FROM core__sessions
  WHERE authorization_id IS NULL AND (token_id IS NOT NULL OR token_kind IS NOT NULL)
)
SELECT
  day,
  token_kind,
  count(*) AS presented,
  count(*) FILTER (WHERE is_by_start) AS presented_by_start,
  count(*) FILTER (WHERE is_answered) AS answered,
  count(*) FILTER (WHERE status = 'Accepted') AS accepted,
  count(*) FILTER (WHERE is_started) AS started,
  count(*) FILTER (WHERE is_started AND energy_wh > 0) AS energised,
  count(*) FILTER (WHERE is_rejected_later) AS rejected_later,
  CAST(sum(energy_wh) FILTER (WHERE is_rejected_later) AS BIGINT) AS energy_at_risk_wh
FROM presented
GROUP BY day, token_kind
ORDER BY day, token_kind

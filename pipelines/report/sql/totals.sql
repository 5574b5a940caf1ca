WITH sessions AS (
  SELECT
    CAST(timezone($timezone, started_at) AS DATE) BETWEEN $from_day AND $to_day AS is_now,
    station_id, energy_wh, energy_basis, is_open
  FROM core__sessions
  WHERE CAST(timezone($timezone, started_at) AS DATE) BETWEEN $before_day AND $to_day
), faults AS (
  SELECT CAST(timezone($timezone, opened_at) AS DATE) BETWEEN $from_day AND $to_day AS is_now
  FROM core__fault_episodes
  WHERE CAST(timezone($timezone, opened_at) AS DATE) BETWEEN $before_day AND $to_day
), asked AS (
  SELECT CAST(timezone($timezone, asked_at) AS DATE) BETWEEN $from_day AND $to_day AS is_now, status, token_id
  FROM core__authorizations
  WHERE CAST(timezone($timezone, asked_at) AS DATE) BETWEEN $before_day AND $to_day
)
SELECT
  (SELECT CAST(sum(energy_wh) AS BIGINT) FROM sessions WHERE is_now) AS energy_wh,
  (SELECT CAST(sum(energy_wh) AS BIGINT) FROM sessions WHERE NOT is_now) AS energy_before_wh,
  (SELECT CAST(sum(energy_wh) AS BIGINT) FROM sessions WHERE is_now AND energy_basis IN ('cdr', 'ocpi_session'))
    AS energy_partner_wh,
  (SELECT count(*) FROM sessions WHERE is_now) AS sessions,
  (SELECT count(*) FROM sessions WHERE NOT is_now) AS sessions_before,
  (SELECT count(*) FROM sessions WHERE is_now AND energy_wh IS NULL) AS sessions_unknown,
  (SELECT count(*) FROM sessions WHERE is_now AND is_open) AS sessions_open,
  (SELECT count(DISTINCT station_id) FROM sessions WHERE is_now) AS stations,
  (SELECT count(*) FROM faults WHERE is_now) AS episodes,
  (SELECT count(*) FROM faults WHERE NOT is_now) AS episodes_before,
  (SELECT count(*) FROM asked WHERE is_now) AS attempts,
  (SELECT count(*) FROM asked WHERE is_now AND status = 'Accepted') AS attempts_accepted,
  (SELECT count(DISTINCT token_id) FROM asked WHERE is_now) AS cards

-- the days on which the log has frames, by receipt, of the period and the one before it
WITH quarters AS (
  SELECT DISTINCT epoch_us(received_at) // 900000000 AS quarter FROM raw_ocpp__frames WHERE received_at IS NOT NULL
), covered AS (
  SELECT DISTINCT CAST(timezone($timezone, to_timestamp(quarter * 900)) AS DATE) AS day FROM quarters
)
SELECT
  (SELECT timezone($timezone, min(received_at)) FROM raw_ocpp__frames) AS first_at,
  coalesce(list(day ORDER BY day) FILTER (WHERE day BETWEEN $from_day AND $to_day), []) AS days,
  count(*) FILTER (WHERE day >= $before_day AND day < $from_day) AS days_before
FROM covered

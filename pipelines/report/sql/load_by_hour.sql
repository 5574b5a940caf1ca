WITH quarters AS (
  SELECT DISTINCT epoch_us(received_at) // 900000000 AS quarter FROM raw_ocpp__frames WHERE received_at IS NOT NULL
), times AS (
  SELECT timezone($timezone, to_timestamp(quarter * 900)) AS moment FROM quarters
), days AS (
  SELECT DISTINCT CAST(moment AS DATE) AS day FROM times WHERE CAST(moment AS DATE) BETWEEN $from_day AND $to_day
), covered AS (
  -- an hour counts on each day that the log has frames of, from its first hour to its last
  SELECT isodow(day) AS weekday, hour_of_day, count(*) AS days
  FROM days, range(24) AS hours(hour_of_day), (SELECT min(moment) AS first_at, max(moment) AS last_at FROM times) AS whole
  WHERE day + to_hours(hour_of_day) BETWEEN date_trunc('hour', first_at) AND last_at
  GROUP BY ALL
), used AS (
  SELECT
    isodow(timezone($timezone, hour)) AS weekday,
    date_part('hour', timezone($timezone, hour)) AS hour_of_day,
    CAST(sum(energy_wh) AS BIGINT) AS energy_wh
  FROM core__rates
  WHERE CAST(timezone($timezone, hour) AS DATE) BETWEEN $from_day AND $to_day
  GROUP BY ALL
)
SELECT
  CAST(weekdays.weekday AS INTEGER) AS weekday,
  CAST(hours.hour_of_day AS INTEGER) AS hour_of_day,
  coalesce(used.energy_wh, 0) / covered.days / 1000.0 AS mean_kw,
  coalesce(covered.days, 0) AS days
FROM range(1, 8) AS weekdays(weekday)
CROSS JOIN range(24) AS hours(hour_of_day)
LEFT JOIN covered ON covered.weekday = weekdays.weekday AND covered.hour_of_day = hours.hour_of_day
LEFT JOIN used ON used.weekday = weekdays.weekday AND used.hour_of_day = hours.hour_of_day
ORDER BY ALL

WITH days AS (
  SELECT CAST(unnest(generate_series($from_day, $to_day, INTERVAL 1 DAY)) AS DATE) AS day
), weekdays AS (
  SELECT isodow(day) AS weekday, count(*) AS days FROM days GROUP BY ALL
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
  coalesce(used.energy_wh, 0) / weekdays.days / 1000.0 AS mean_kw,
  weekdays.days AS days
FROM weekdays
CROSS JOIN (SELECT unnest(range(24)) AS hour_of_day) AS hours
LEFT JOIN used ON used.weekday = weekdays.weekday AND used.hour_of_day = hours.hour_of_day
ORDER BY ALL

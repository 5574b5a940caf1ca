SELECT
  count(*) AS episodes,
  count(*) FILTER (WHERE NOT is_open) AS closed,
  median(epoch(closed_at) - epoch(opened_at)) FILTER (WHERE NOT is_open) AS median_s,
  avg(epoch(closed_at) - epoch(opened_at)) FILTER (WHERE NOT is_open) AS mean_s
FROM core__fault_episodes
WHERE CAST(timezone($timezone, opened_at) AS DATE) BETWEEN $from_day AND $to_day

-- What was sampled in each session: power, voltage, current, state of charge, and how densely. One row per session,
-- also where nothing was sampled. Repeats and what came after the stop do not count.
WITH samples AS (
  SELECT
    session_id, measured_at, measurand, value_normalised AS value, unit_normalised AS unit, phase_normalised AS phase,
    location_normalised AS location, context_normalised AS context
  FROM core__measurements
  WHERE session_id IS NOT NULL AND NOT is_repeat AND NOT is_after_stop
), ranges AS (
  SELECT
    session_id,
    count(*) AS samples,
    count(DISTINCT measured_at) AS sample_instants,
    min(measured_at) AS first_sample_at,
    max(measured_at) AS last_sample_at,
    -- Line to line is another quantity; a contactor that is open shows about nothing.
    min(value) FILTER (measurand = 'Voltage' AND unit = 'V' AND NOT is_line_to_line AND value >= 10) AS voltage_min_v,
    max(value) FILTER (measurand = 'Voltage' AND unit = 'V' AND NOT is_line_to_line) AS voltage_max_v,
    min(value) FILTER (measurand = 'Current.Import' AND unit = 'A' AND phase IS DISTINCT FROM 'N') AS current_min_a,
    max(value) FILTER (measurand = 'Current.Import' AND unit = 'A' AND phase IS DISTINCT FROM 'N') AS current_max_a,
    max(value) FILTER (measurand = 'Current.Offered' AND unit = 'A') AS current_offered_max_a,
    max(value) FILTER (measurand = 'Power.Offered' AND unit IN ('W', 'VA')) AS power_offered_max_w,
    max(value) FILTER (measurand = 'Temperature' AND unit = 'celsius') AS temperature_max_celsius,
    min(value) FILTER (measurand = 'Frequency' AND unit = 'hertz') AS frequency_min_hz,
    max(value) FILTER (measurand = 'Frequency' AND unit = 'hertz') AS frequency_max_hz,
    arg_min(value, measured_at) FILTER (measurand = 'SoC' AND value BETWEEN 0 AND 100) AS soc_first_percent,
    arg_max(value, measured_at) FILTER (measurand = 'SoC' AND value BETWEEN 0 AND 100) AS soc_last_percent
  FROM (SELECT *, coalesce(phase IN ('L1-L2', 'L2-L3', 'L3-L1'), false) AS is_line_to_line FROM samples)
  GROUP BY session_id
), instants AS (
  SELECT session_id, max(gap_s) AS sample_gap_max_s
  FROM (
    SELECT
      session_id,
      epoch(lead(measured_at) OVER (PARTITION BY session_id ORDER BY measured_at) - measured_at) AS gap_s
    FROM (SELECT DISTINCT session_id, measured_at FROM samples)
  )
  GROUP BY session_id
), placed AS (
  SELECT
    *,
    -- Outlet before elsewhere, the total before the sum of the phases (as `models.energy.arithmetic` reads one meter value).
    rank() OVER (
      PARTITION BY session_id, measurand, measured_at ORDER BY location IS DISTINCT FROM 'Outlet', phase IS NOT NULL
    ) AS place
  FROM samples
  WHERE coalesce(phase IN ('L1', 'L2', 'L3'), true) AND value IS NOT NULL AND (
    (measurand = 'Power.Active.Import' AND unit IN ('W', 'VA'))
    OR (measurand = 'Energy.Active.Import.Register' AND unit = 'Wh' AND context <> 'Transaction.Begin')
  )
), totals AS (
  SELECT session_id, measured_at, measurand, sum(value) AS value
  FROM (
    SELECT session_id, measured_at, measurand, max(value) AS value
    FROM placed WHERE place = 1 GROUP BY session_id, measured_at, measurand, phase
  )
  GROUP BY session_id, measured_at, measurand
), moved AS (
  SELECT
    session_id, measurand, measured_at, value,
    lead(value) OVER next AS next_value,
    epoch(lead(measured_at) OVER next - measured_at) AS apart_s
  FROM totals
  WINDOW next AS (PARTITION BY session_id, measurand ORDER BY measured_at)
), powers AS (
  SELECT
    session_id,
    max(value) FILTER (measurand = 'Power.Active.Import') AS power_peak_w,
    sum((value + next_value) / 2 * apart_s) FILTER (measurand = 'Power.Active.Import')
      / nullif(sum(apart_s) FILTER (measurand = 'Power.Active.Import'), 0) AS power_sampled_mean_w,
    sum(apart_s) FILTER (measurand = 'Power.Active.Import') AS power_sampled_s,
    -- Between two samples power lies between the two: this is what sampling leaves open.
    sum(least(value, next_value) * apart_s) FILTER (measurand = 'Power.Active.Import') / 3600 AS power_wh_min,
    sum(greatest(value, next_value) * apart_s) FILTER (measurand = 'Power.Active.Import') / 3600 AS power_wh_max,
    sum(apart_s) FILTER (measurand = 'Power.Active.Import' AND value + next_value > 0) AS powered_s,
    sum(apart_s) FILTER (measurand = 'Energy.Active.Import.Register' AND next_value > value) AS risen_s,
    min(struct_pack(measured_at := measured_at, value := value)) FILTER (measurand = 'Power.Active.Import')
      AS first_power,
    max(struct_pack(measured_at := measured_at, value := value)) FILTER (measurand = 'Power.Active.Import')
      AS last_power,
    min(struct_pack(measured_at := measured_at, value := value)) FILTER (measurand <> 'Power.Active.Import')
      AS first_register,
    max(struct_pack(measured_at := measured_at, value := value)) FILTER (measurand <> 'Power.Active.Import')
      AS last_register,
    -- Steps of under a minute say little: registers are coarse.
    max((next_value - value) * 3600 / apart_s)
      FILTER (measurand = 'Energy.Active.Import.Register' AND next_value > value AND apart_s >= 60) AS power_slope_max_w
  FROM moved
  GROUP BY session_id
), edges AS (
  -- The energy is that of the whole session, so the time is, too: before the first sample and after the last one
  -- energy flowed if it did at that sample.
  SELECT
    s.session_id,
    greatest(epoch(p.first_power.measured_at - s.started_at), 0) AS before_power_s,
    before_power_s * CAST(p.first_power.value > 0 AS INTEGER) AS first_powered_s,
    greatest(epoch(s.ended_at - p.last_power.measured_at), 0) * CAST(p.last_power.value > 0 AS INTEGER)
      AS last_powered_s,
    greatest(epoch(p.first_register.measured_at - s.started_at), 0)
      * CAST(p.first_register.value > s.register_start_wh AS INTEGER) AS first_risen_s,
    greatest(epoch(s.ended_at - p.last_register.measured_at), 0)
      * CAST(s.register_end_wh > p.last_register.value AS INTEGER) AS last_risen_s
  FROM core__sessions AS s
  JOIN powers AS p ON p.session_id = s.session_id
), charges AS (
  -- A CTE of its own: beside the table, the name would be that of the table's column.
  SELECT
    s.session_id,
    coalesce(
      CAST(s.charging_s AS DOUBLE),
      p.powered_s + coalesce(e.first_powered_s, 0) + coalesce(e.last_powered_s, 0),
      p.risen_s + coalesce(e.first_risen_s, 0) + coalesce(e.last_risen_s, 0)
    ) AS charging_s,
    CASE
      WHEN s.charging_s IS NOT NULL THEN 'session'
      WHEN p.powered_s IS NOT NULL THEN 'power'
      WHEN p.risen_s IS NOT NULL THEN 'register'
    END AS charging_basis
  FROM core__sessions AS s
  LEFT JOIN powers AS p ON p.session_id = s.session_id
  LEFT JOIN edges AS e ON e.session_id = s.session_id
), timed AS (
  SELECT
    s.session_id, c.charging_s, c.charging_basis,
    -- Charging that no sample of power can tell of: all before the first, after the last one where power flowed at it,
    -- and all of it where power was never sampled, whatever else was.
    CASE
      WHEN p.first_power IS NULL THEN c.charging_s
      ELSE least(e.before_power_s + coalesce(e.last_powered_s, 0), c.charging_s)
    END AS power_unseen_s,
    max(p.power_peak_w) OVER (PARTITION BY s.station_id, coalesce(s.evse_id, s.connector_id)) AS highest_w
  FROM core__sessions AS s
  JOIN charges AS c ON c.session_id = s.session_id
  LEFT JOIN powers AS p ON p.session_id = s.session_id
  LEFT JOIN edges AS e ON e.session_id = s.session_id
)
SELECT
  s.session_id,
  s.station_id,
  s.evse_id,
  s.connector_id,
  s.protocol,
  s.started_at,
  s.energy_wh,
  CAST(round(t.charging_s) AS BIGINT) AS charging_s,
  t.charging_basis,
  CAST(round(s.energy_wh * 3600.0 / nullif(t.charging_s, 0)) AS BIGINT) AS power_mean_w,
  CAST(round(p.power_sampled_mean_w) AS BIGINT) AS power_sampled_mean_w,
  p.power_sampled_s,
  t.power_unseen_s,
  CAST(round(p.power_wh_min) AS BIGINT) AS power_wh_min,
  CAST(round(p.power_wh_max + t.highest_w * t.power_unseen_s / 3600) AS BIGINT) AS power_wh_max,
  CAST(round(coalesce(p.power_peak_w, p.power_slope_max_w)) AS BIGINT) AS power_peak_w,
  CASE
    WHEN p.power_peak_w IS NOT NULL THEN 'power'
    WHEN p.power_slope_max_w IS NOT NULL THEN 'register'
  END AS power_peak_basis,
  -- A meter of class A errs by 2 % (EN 50470-3); what was not seen may have been twice what the connector ever showed.
  coalesce(
    t.charging_s > 0 AND s.energy_wh * 3600.0
      > 1.02 * (p.power_peak_w * (t.charging_s - t.power_unseen_s) + 2 * t.highest_w * t.power_unseen_s),
    false
  ) AS is_mean_above_peak,
  CAST(round(r.power_offered_max_w) AS BIGINT) AS power_offered_max_w,
  r.voltage_min_v,
  r.voltage_max_v,
  r.current_min_a,
  r.current_max_a,
  r.current_offered_max_a,
  r.frequency_min_hz,
  r.frequency_max_hz,
  r.temperature_max_celsius,
  r.soc_first_percent,
  r.soc_last_percent,
  coalesce(r.samples, 0) AS samples,
  coalesce(r.sample_instants, 0) AS sample_instants,
  i.sample_gap_max_s,
  r.first_sample_at,
  r.last_sample_at
FROM core__sessions AS s
JOIN timed AS t ON t.session_id = s.session_id
LEFT JOIN powers AS p ON p.session_id = s.session_id
LEFT JOIN ranges AS r ON r.session_id = s.session_id
LEFT JOIN instants AS i ON i.session_id = s.session_id
ORDER BY s.station_id, s.started_at, s.session_id

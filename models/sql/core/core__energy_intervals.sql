-- Each session's energy over the quarter hours of UTC, whole Wh that sum to core__sessions.energy_wh. The energy is
-- spread like a curve from 0 at the start to all at the end: linear between register samples, else the integral of the
-- sampled power, else uniform. The curve is rounded at each quarter hour: no interval is negative, nothing is lost.
WITH samples AS (
  SELECT
    m.session_id, m.measured_at, m.measurand, m.value_normalised AS value, m.phase_normalised AS phase,
    -- Outlet before elsewhere, the total before the sum of the phases (as `models.energy.arithmetic` reads one meter value).
    rank() OVER (
      PARTITION BY m.session_id, m.measurand, m.measured_at
      ORDER BY m.location_normalised IS DISTINCT FROM 'Outlet', m.phase_normalised IS NOT NULL
    ) AS place
  FROM core__measurements AS m
  WHERE m.session_id IS NOT NULL AND NOT m.is_repeat AND NOT m.is_after_stop AND m.value_normalised IS NOT NULL
    AND coalesce(m.phase_normalised IN ('L1', 'L2', 'L3'), m.phase IS NULL)
    AND (
      (m.measurand = 'Energy.Active.Import.Register' AND m.unit_normalised = 'Wh' AND m.value_normalised >= 0
        -- Some chargers repeat the register at begin in every meter value (Growatt THOR).
        AND m.context_normalised <> 'Transaction.Begin')
      OR (m.measurand = 'Power.Active.Import' AND m.unit_normalised IN ('W', 'VA'))
    )
), totals AS (
  SELECT session_id, measured_at, measurand, sum(value) AS value
  FROM (
    SELECT session_id, measured_at, measurand, max(value) AS value
    FROM samples WHERE place = 1 GROUP BY session_id, measured_at, measurand, phase
  )
  GROUP BY session_id, measured_at, measurand
), sessions AS (
  SELECT
    s.session_id, s.station_id, s.evse_id, s.connector_id, s.energy_wh, s.started_at,
    coalesce(s.ended_at, t.last_at, s.started_at) AS end_at,
    -- Longer than any session (QualiCharge asks after seven days): a clock is wrong, and nothing can be divided.
    coalesce(end_at > s.started_at AND end_at <= s.started_at + INTERVAL 31 DAY, false) AS is_divisible,
    CAST(s.register_start_wh AS DOUBLE) AS register_start_wh
  FROM core__sessions AS s
  LEFT JOIN (SELECT session_id, max(measured_at) AS last_at FROM totals GROUP BY session_id) AS t
    ON t.session_id = s.session_id
  WHERE s.energy_wh >= 0
), inside AS (
  SELECT t.*, s.started_at, s.end_at, s.energy_wh, s.register_start_wh
  FROM totals AS t
  JOIN sessions AS s ON s.session_id = t.session_id
  WHERE s.is_divisible AND t.measured_at > s.started_at AND t.measured_at < s.end_at
), sound AS (
  -- A single sample that its neighbours contradict is left out; a register that fell for good goes on from there.
  SELECT *
  FROM (
    SELECT
      *,
      lag(value) OVER w AS before,
      lead(value) OVER w AS after
    FROM inside WHERE measurand = 'Energy.Active.Import.Register'
    WINDOW w AS (PARTITION BY session_id ORDER BY measured_at)
  )
  WHERE NOT coalesce((value < before AND after >= before) OR (value > after AND before <= after), false)
), risen AS (
  SELECT
    session_id, measured_at, started_at, end_at, energy_wh,
    CASE
      WHEN lag(measured_at) OVER w IS NULL THEN NULL
      ELSE greatest(value - lag(value) OVER w, 0.0)
    END AS wh,
    value - register_start_wh AS first_wh,
    row_number() OVER w AS number,
    epoch(measured_at - started_at) AS from_start_s,
    epoch(end_at - measured_at) AS to_end_s,
    lead(measured_at) OVER w IS NULL AS is_last
  FROM sound
  WINDOW w AS (PARTITION BY session_id ORDER BY measured_at)
), edges AS (
  -- What no two samples saw lies before the first and after the last: as the register at start says, else by time.
  SELECT
    session_id, any_value(started_at) AS started_at, any_value(end_at) AS end_at,
    greatest(any_value(energy_wh) - coalesce(sum(wh), 0.0), 0.0) AS rest_wh,
    CASE
      WHEN first(first_wh ORDER BY number) BETWEEN 0 AND rest_wh THEN first(first_wh ORDER BY number)
      ELSE rest_wh * min(from_start_s) / (min(from_start_s) + min(to_end_s))
    END AS first_wh
  FROM risen
  GROUP BY session_id
), powers AS (
  SELECT
    session_id, measured_at, started_at, end_at, greatest(value, 0.0) AS w,
    lag(measured_at, 1, started_at) OVER p AS since_at,
    greatest(lag(value, 1, value) OVER p, 0.0) AS w_before,
    lead(measured_at) OVER p IS NULL AS is_last
  FROM inside
  ANTI JOIN edges ON edges.session_id = inside.session_id
  WHERE measurand = 'Power.Active.Import'
  WINDOW p AS (PARTITION BY session_id ORDER BY measured_at)
), steps AS (
  -- (session, instant, Wh since the instant before)
  SELECT r.session_id, r.measured_at AS moment, coalesce(r.wh, e.first_wh) AS wh, 'register' AS basis
  FROM risen AS r JOIN edges AS e ON e.session_id = r.session_id
  UNION ALL
  SELECT session_id, end_at, greatest(rest_wh - first_wh, 0.0), 'register' FROM edges
  UNION ALL
  SELECT session_id, measured_at, (w + w_before) / 2 * epoch(measured_at - since_at), 'power' FROM powers
  UNION ALL
  SELECT session_id, end_at, w * epoch(end_at - measured_at), 'power' FROM powers WHERE is_last
), shaped AS (
  SELECT session_id FROM steps GROUP BY session_id HAVING sum(wh) > 0
), curve AS (
  SELECT
    c.session_id, c.moment, c.basis,
    sum(c.wh) OVER so_far / sum(c.wh) OVER (PARTITION BY c.session_id) AS share
  FROM (
    SELECT t.* FROM steps AS t SEMI JOIN shaped AS k ON k.session_id = t.session_id
    UNION ALL
    SELECT s.session_id, s.end_at, 1.0, 'uniform'
    FROM sessions AS s ANTI JOIN shaped AS k ON k.session_id = s.session_id WHERE s.is_divisible
  ) AS c
  WINDOW so_far AS (PARTITION BY c.session_id ORDER BY c.moment, c.wh ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
), knots AS (
  SELECT
    k.session_id, k.basis, k.moment AS until_at, k.share AS until_share,
    lag(k.moment, 1, s.started_at) OVER w AS from_at,
    lag(k.share, 1, 0.0) OVER w AS from_share
  FROM curve AS k
  JOIN sessions AS s ON s.session_id = k.session_id
  WINDOW w AS (PARTITION BY k.session_id ORDER BY k.moment, k.share)
), quarters AS (
  SELECT
    *,
    greatest(interval_at, started_at) AS from_at,
    least(interval_at + INTERVAL 15 MINUTE, end_at) AS until_at
  FROM (
    SELECT
      s.*,
      unnest(CASE
        WHEN s.is_divisible
          THEN range(time_bucket(INTERVAL 15 MINUTE, s.started_at), s.end_at, INTERVAL 15 MINUTE)
        ELSE [time_bucket(INTERVAL 15 MINUTE, coalesce(s.started_at, s.end_at))]
      END) AS interval_at
    FROM sessions AS s
  )
), reached AS (
  SELECT
    q.session_id, q.station_id, q.evse_id, q.connector_id, q.interval_at, q.from_at, q.until_at, q.is_divisible,
    q.energy_wh,
    CASE WHEN q.is_divisible THEN k.basis ELSE 'undivided' END AS basis,
    CASE
      WHEN NOT q.is_divisible OR q.until_at = q.end_at THEN q.energy_wh
      ELSE CAST(round(q.energy_wh * least(
        k.from_share + (k.until_share - k.from_share)
          * epoch(q.until_at - k.from_at) / nullif(epoch(k.until_at - k.from_at), 0.0), 1.0
      )) AS BIGINT)
    END AS until_wh
  FROM quarters AS q
  ASOF LEFT JOIN knots AS k ON k.session_id = q.session_id AND q.until_at <= k.until_at
)
SELECT
  session_id,
  station_id,
  evse_id,
  connector_id,
  interval_at,
  CASE WHEN is_divisible THEN epoch(until_at - from_at) END AS duration_s,
  risen_wh - lag(risen_wh, 1, 0) OVER (PARTITION BY session_id ORDER BY interval_at) AS energy_wh,
  basis
FROM (
  -- The curve rises in truth; in floating point it might fall by the last bit.
  SELECT *, max(until_wh) OVER (PARTITION BY session_id ORDER BY interval_at) AS risen_wh FROM reached
)
ORDER BY station_id, session_id, interval_at

-- OCA's five periods of a session (OCPP 1.6 section 2.2, errata 4.5), and the pauses that the car asked for. Read off
-- the port's timeline, by the status as it was last known: a silence ends no period. Of sessions that overlap on one
-- port, the one begun last has the port's time for as long as it lasts.
WITH numbers AS (
  SELECT DISTINCT station_id, coalesce(evse_id, connector_id) AS number, port_id FROM core__connectors
), sessions AS (
  SELECT
    s.session_id, s.station_id, s.evse_id, s.connector_id, c.port_id, s.started_at, s.ended_at, s.is_open,
    coalesce(s.ended_at, TIMESTAMPTZ 'infinity') AS until_at
  FROM core__sessions AS s
  LEFT JOIN numbers AS c ON c.station_id = s.station_id AND c.number = coalesce(s.evse_id, s.connector_id)
  WHERE s.started_at IS NOT NULL AND coalesce(s.ended_at >= s.started_at, true)
), faults AS (
  -- One of the station as a whole is one of each of its ports.
  SELECT f.station_id, c.port_id, f.opened_at, f.closed_at, f.blocks_charging
  FROM core__fault_episodes AS f
  JOIN numbers AS c
    ON c.station_id = f.station_id
    AND (coalesce(f.evse_id, f.connector_id, 0) = 0 OR c.number = coalesce(f.evse_id, f.connector_id))
  WHERE f.blocks_charging IS NOT NULL AND f.opened_at IS NOT NULL AND coalesce(f.closed_at >= f.opened_at, f.is_open)
), marks AS (
  SELECT
    station_id, port_id, moment, sum(flowing) AS flowing, sum(blocking) AS blocking, sum(charged) AS charged
  FROM (
    SELECT
      station_id, port_id, unnest([opened_at, closed_at]) AS moment, unnest([1, -1]) AS step,
      step * CAST(NOT blocks_charging AS INTEGER) AS flowing, step * CAST(blocks_charging AS INTEGER) AS blocking,
      0 AS charged
    FROM faults
    UNION ALL
    SELECT station_id, port_id, unnest([started_at, ended_at]), unnest([1, -1]) AS step, 0, 0, step FROM sessions
  )
  SEMI JOIN (FROM faults WHERE NOT blocks_charging) USING (station_id, port_id)
  WHERE moment IS NOT NULL
  GROUP BY station_id, port_id, moment
), spells AS (
  -- Some chargers say Faulted and go on: while a session is open, and no fault that stops it.
  SELECT
    station_id, port_id, moment,
    sum(flowing) OVER so_far > 0 AND sum(blocking) OVER so_far = 0 AND sum(charged) OVER so_far > 0 AS is_flowing
  FROM marks
  WINDOW so_far AS (PARTITION BY station_id, port_id ORDER BY moment)
), told AS (
  SELECT station_id, port_id, from_at, from_at AS of_at, until_at, is_last, known_status, source
  FROM core__status_timeline
  UNION ALL
  SELECT t.station_id, t.port_id, p.moment, t.from_at, t.until_at, t.is_last, t.known_status, t.source
  FROM spells AS p
  ASOF JOIN core__status_timeline AS t
    ON t.station_id = p.station_id AND t.port_id = p.port_id AND p.moment > t.from_at
  WHERE t.known_status = 'Faulted' AND p.moment < t.until_at
), words AS (
  SELECT
    t.station_id, t.port_id, t.from_at,
    lead(t.from_at, 1, t.until_at) OVER piece AS until_at,
    t.is_last AND lead(t.from_at) OVER piece IS NULL AS is_last,
    CASE WHEN t.known_status = 'Faulted' AND p.is_flowing THEN 'Charging' ELSE t.known_status END AS word,
    t.source,
    coalesce(word IN ('Preparing', 'Charging', 'SuspendedEV', 'SuspendedEVSE', 'Finishing'), false) AS is_used
  FROM told AS t
  ASOF LEFT JOIN spells AS p
    ON p.station_id = t.station_id AND p.port_id = t.port_id AND t.from_at >= p.moment
  WINDOW piece AS (PARTITION BY t.station_id, t.port_id, t.of_at ORDER BY t.from_at)
), used AS (
  SELECT
    station_id, port_id, min(from_at) AS from_at,
    CASE WHEN bool_or(is_last) THEN TIMESTAMPTZ 'infinity' ELSE max(until_at) END AS until_at
  FROM (
    SELECT *, count(*) FILTER (NOT is_used) OVER (PARTITION BY station_id, port_id ORDER BY from_at) AS block FROM words
  )
  WHERE is_used
  GROUP BY station_id, port_id, block
), bounded AS (
  -- A session begins with the first sign of it on its port (the cable) and ends when the port is free again.
  SELECT
    s.*,
    coalesce(
      CASE
        WHEN b.until_at > s.started_at
          THEN least(greatest(b.from_at, max(s.until_at) OVER before), s.started_at)
      END,
      s.started_at
    ) AS first_at,
    CASE
      WHEN s.ended_at IS NULL THEN NULL
      WHEN e.until_at >= s.ended_at
        THEN nullif(
          least(e.until_at, CASE
            WHEN lead(s.started_at) OVER turn < s.ended_at THEN s.ended_at ELSE lead(s.started_at) OVER turn
          END),
          TIMESTAMPTZ 'infinity'
        )
      ELSE s.ended_at
    END AS last_at
  FROM sessions AS s
  ASOF LEFT JOIN used AS b ON b.station_id = s.station_id AND b.port_id = s.port_id AND s.started_at >= b.from_at
  ASOF LEFT JOIN used AS e ON e.station_id = s.station_id AND e.port_id = s.port_id AND s.until_at >= e.from_at
  WINDOW
    turn AS (PARTITION BY s.station_id, s.port_id ORDER BY s.started_at, s.session_id),
    before AS (
      PARTITION BY s.station_id, s.port_id ORDER BY s.started_at, s.session_id
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
), outlasting AS (
  -- Few: sessions that were still open when another began.
  SELECT * FROM sessions
  QUALIFY until_at > lead(started_at) OVER (PARTITION BY station_id, port_id ORDER BY started_at, session_id)
), ends AS (
  SELECT
    station_id, port_id, moment, is_end,
    max(begun) OVER (PARTITION BY station_id, port_id ORDER BY moment, is_end) AS begun_last
  FROM (
    SELECT
      station_id, port_id, started_at AS moment, false AS is_end, struct_pack(started_at, session_id, until_at) AS begun
    FROM sessions
    UNION ALL
    SELECT DISTINCT station_id, port_id, ended_at, true, NULL FROM sessions WHERE ended_at IS NOT NULL
  )
  SEMI JOIN outlasting USING (station_id, port_id)
  QUALIFY is_end AND struct_extract(begun_last, 'until_at') <= moment
), returned AS (
  -- Once the one begun last is over, the port is again that of the last begun of those still open.
  SELECT e.station_id, e.port_id, e.moment, max(struct_pack(s.started_at, s.session_id, s.until_at)) AS heir
  FROM ends AS e
  JOIN outlasting AS s
    ON s.station_id = e.station_id AND s.port_id = e.port_id AND e.moment >= s.started_at AND e.moment < s.until_at
  GROUP BY e.station_id, e.port_id, e.moment
), turns AS (
  SELECT
    session_id, station_id, port_id, from_at,
    least(open_until_at, lead(from_at) OVER (
      PARTITION BY station_id, port_id ORDER BY from_at, is_returned, session_id
    )) AS until_at
  FROM (
    SELECT session_id, station_id, port_id, started_at AS from_at, until_at AS open_until_at, false AS is_returned
    FROM sessions
    UNION ALL
    SELECT heir.session_id, station_id, port_id, moment, heir.until_at, true FROM returned
  )
  QUALIFY until_at > from_at
), pieces AS (
  -- What began before the turn and goes on in it, and what began in it.
  SELECT s.session_id, s.from_at, least(w.until_at, s.until_at) AS until_at, w.word, w.source
  FROM turns AS s
  ASOF JOIN words AS w ON w.station_id = s.station_id AND w.port_id = s.port_id AND s.from_at > w.from_at
  WHERE w.until_at > s.from_at
  UNION ALL
  SELECT s.session_id, w.from_at, least(w.until_at, s.until_at), w.word, w.source
  FROM words AS w
  ASOF JOIN turns AS s ON s.station_id = w.station_id AND s.port_id = w.port_id AND w.from_at >= s.from_at
  WHERE w.from_at < s.until_at
), named AS (
  SELECT p.session_id, p.from_at, p.until_at, p.source, n.period
  FROM pieces AS p
  JOIN (VALUES
    ('EnergyOffer', 'Charging'), ('EnergyOffer', 'SuspendedEV'), ('EnergyOfferSuspend', 'SuspendedEVSE'),
    ('EnergyTransfer', 'Charging'), ('SuspendedEV', 'SuspendedEV')
  ) AS n (period, word) ON n.word = p.word
), islands AS (
  SELECT
    session_id, period, min(from_at) AS from_at, max(until_at) AS until_at,
    CASE WHEN bool_or(source = 'inferred_from_transaction') THEN 'transaction' ELSE 'status' END AS basis
  FROM (
    SELECT *, count(*) FILTER (is_new) OVER (PARTITION BY session_id, period ORDER BY from_at) AS island
    FROM (
      SELECT
        *, from_at IS DISTINCT FROM lag(until_at) OVER (PARTITION BY session_id, period ORDER BY from_at) AS is_new
      FROM named
    )
  )
  GROUP BY session_id, period, island
), periods AS (
  SELECT session_id, 'Session' AS period, first_at AS from_at, last_at AS until_at,
    is_open OR last_at IS NULL AS is_open, CASE WHEN port_id IS NULL THEN 'transaction' ELSE 'status' END AS basis
  FROM bounded
  UNION ALL
  SELECT session_id, 'Transaction', started_at, ended_at, is_open, 'transaction' FROM bounded
  UNION ALL
  SELECT i.session_id, i.period, i.from_at, i.until_at, false, i.basis FROM islands AS i WHERE i.until_at > i.from_at
)
SELECT
  p.session_id,
  s.station_id,
  s.evse_id,
  s.connector_id,
  p.period,
  row_number() OVER (PARTITION BY p.session_id, p.period ORDER BY p.from_at) AS number,
  p.from_at,
  p.until_at,
  epoch(p.until_at - p.from_at) AS duration_s,
  p.is_open,
  p.basis
FROM periods AS p
JOIN sessions AS s ON s.session_id = p.session_id
ORDER BY s.station_id, s.started_at, p.session_id, p.from_at, p.period

-- What each port (`core__connectors`) was, at any time: half-open intervals without holes or overlaps from the station's
-- first sign to the end of what its logs cover. Everything that says something of a port becomes an event of it; at each event the last
-- word of every kind counts, and equal neighbours become one interval.
WITH frames AS (
  -- Of a live run, every connection is a source.
  SELECT
    station_id, received_at,
    CASE WHEN starts_with(source, 'live-') THEN left(source, 13) ELSE source END AS covering
  FROM raw_ocpp__frames WHERE received_at IS NOT NULL
), firsts AS (
  SELECT station_id, min(received_at) AS first_at FROM frames GROUP BY station_id
), spans AS (
  -- Logs less than a day apart are one: a log that was cut covers what the whole does.
  SELECT covering, max(until_at) OVER (PARTITION BY island) AS until_at
  FROM (
    SELECT *, count(*) FILTER (is_apart) OVER (ORDER BY from_at, covering) AS island
    FROM (
      SELECT
        *, from_at > max(until_at) OVER (
          ORDER BY from_at, covering ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) + INTERVAL 1 DAY AS is_apart
      FROM (
        SELECT covering, min(received_at) AS from_at, max(received_at) AS until_at FROM frames GROUP BY covering
      )
    )
  )
), lasts AS (
  SELECT f.station_id, max(s.until_at) AS last_at
  FROM (SELECT DISTINCT station_id, covering FROM frames) AS f
  JOIN spans AS s ON s.covering = f.covering
  GROUP BY f.station_id
), said AS (
  SELECT
    s.station_id, s.evse_id, s.connector_id, coalesce(s.evse_id, s.connector_id) AS number, 'status' AS kind,
    -- A word that OCPP does not have tells that the port is no longer what it was, and no more.
    CASE WHEN place > 0 THEN words[place] ELSE 'Unknown' END AS word,
    -- What is stamped before the first frame of its station says nothing of when it became so.
    CASE WHEN s.happened_at >= f.first_at OR s.received_at IS NULL THEN s.happened_at ELSE s.received_at END
      AS happened_at,
    s.received_at,
    coalesce(place, 0) AS seq
  FROM (
    SELECT
      *,
      -- Of several at one instant, the likelier last one.
      ['Finishing', 'Available', 'Reserved', 'Preparing', 'Occupied', 'Charging', 'SuspendedEVSE', 'SuspendedEV',
        'Unavailable', 'Faulted'] AS words,
      list_position(list_transform(words, lambda word: lower(word)), lower(status)) AS place
    FROM core__statuses
  ) AS s
  LEFT JOIN firsts AS f ON f.station_id = s.station_id
  -- OCPP 1.6 section 4.9: the station as a whole does nothing else.
  WHERE coalesce(s.evse_id, s.connector_id) <> 0 OR words[place] IN ('Available', 'Unavailable', 'Faulted')
  UNION ALL
  SELECT
    station_id, evse_id, connector_id, evse_id, 'transaction',
    CASE
      WHEN event_type = 'Ended' THEN 'Ended'
      -- Some stations go on reporting.
      WHEN bool_or(event_type = 'Ended') OVER before THEN NULL
      WHEN charging_state IN ('Charging', 'SuspendedEV', 'SuspendedEVSE') THEN charging_state
      -- Connected, but no energy offered: before the first charge a preparation, after it an end. Whoever names no state
      -- has the one before (2.0.1 TransactionType: chargingState is required when it has changed).
      WHEN charging_state IN ('EVConnected', 'Idle') AND bool_or(charging_state = 'Charging') OVER before
        THEN 'Finishing'
      WHEN charging_state IN ('EVConnected', 'Idle') OR event_type = 'Started' THEN 'Preparing'
    END,
    happened_at, received_at, 20 + coalesce(seq_no, 0)
  FROM (
    SELECT e.* REPLACE (e.happened_at + to_seconds(coalesce(s.clock_offset_s, 0)) AS happened_at)
    FROM core__transaction_events AS e
    LEFT JOIN core__sessions AS s ON s.session_id = e.session_id
    WHERE NOT e.is_repeat
  )
  WINDOW before AS (
    PARTITION BY station_id, transaction_id ORDER BY coalesce(happened_at, received_at), seq_no
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
  )
), timed AS (
  SELECT
    station_id, evse_id, connector_id, number, kind, word, seq,
    CASE
      -- What came live counts by the receiver's clock, which all stations share; what a station had queued by its own.
      WHEN received_at - happened_at BETWEEN INTERVAL 1 MINUTE AND INTERVAL 7 DAY THEN happened_at
      ELSE coalesce(received_at, happened_at)
    END AS moment
  FROM said
  -- A log without times says what was, and not when.
  WHERE word IS NOT NULL AND moment IS NOT NULL
), told AS (
  -- A moment of Available within an outage ends nothing (`core__anomalies`: flapping).
  SELECT * EXCLUDE (is_flapping)
  FROM (
    SELECT
      *,
      coalesce(
        kind = 'status' AND word = 'Available'
        AND lag(word) OVER own IN ('Unavailable', 'Faulted') AND lead(word) OVER own = lag(word) OVER own
        AND lead(moment) OVER own - moment < INTERVAL 30 SECONDS,
        false
      ) AS is_flapping
    FROM timed
    WINDOW own AS (PARTITION BY station_id, evse_id, connector_id, kind ORDER BY moment, seq)
  )
  WHERE NOT is_flapping
), detailed AS (
  -- 1.6 sessions of connectors that said no more than Available or Preparing meanwhile, and when they began.
  SELECT s.station_id, s.connector_id, s.started_at, s.ended_at, s.energy_wh
  FROM core__sessions AS s
  ASOF LEFT JOIN (
    SELECT station_id, connector_id, moment
    FROM told WHERE kind = 'status' AND word IN ('Charging', 'SuspendedEV', 'SuspendedEVSE')
  ) AS t ON t.station_id = s.station_id AND t.connector_id = s.connector_id AND s.started_at <= t.moment
  ASOF LEFT JOIN (
    SELECT station_id, connector_id, moment, arg_max(word, seq) AS word
    FROM told WHERE kind = 'status' GROUP BY station_id, connector_id, moment
  ) AS b ON b.station_id = s.station_id AND b.connector_id = s.connector_id AND s.started_at >= b.moment
  WHERE s.evse_id IS NULL AND s.connector_id > 0 AND s.started_at IS NOT NULL
    AND NOT coalesce(t.moment < coalesce(s.ended_at, TIMESTAMPTZ 'infinity'), false)
    AND coalesce(b.word NOT IN ('Charging', 'SuspendedEV', 'SuspendedEVSE'), true)
), heartbeats AS (
  SELECT
    station_id, median(apart_s) AS interval_s,
    -- Some stations keep to an interval of their own, whatever the system answers.
    CASE WHEN count(apart_s) >= 10 THEN quantile_disc(apart_s, 0.25) END AS own_s
  FROM (
    SELECT station_id, epoch(called_at - lag(called_at) OVER (PARTITION BY station_id ORDER BY called_at)) AS apart_s
    FROM core__calls WHERE action = 'Heartbeat' AND direction = 'cp-to-csms'
  )
  GROUP BY station_id
  HAVING count(apart_s) >= 3
), boots AS (
  SELECT
    c.station_id, c.answered_at,
    TRY_CAST((TRY_CAST(f.payload_text AS JSON) ->> '$[2].interval') AS DOUBLE) AS interval_s
  FROM core__calls AS c
  JOIN raw_ocpp__frames AS f
    ON f.source = c.answer_source AND f.ordinal = c.answer_ordinal AND f.station_id = c.station_id
  -- The search for text keeps JSON out of all the other frames.
  WHERE c.action = 'BootNotification' AND c.outcome = 'result' AND contains(f.payload_text, '"interval"')
), heard AS (
  SELECT station_id, received_at, 'frame' AS kind, NULL AS connection, CAST(NULL AS DOUBLE) AS interval_s
  FROM stg_ocpp__frames WHERE direction IS DISTINCT FROM 'csms-to-cp' AND received_at IS NOT NULL
  UNION ALL
  SELECT station_id, received_at, kind, connection, NULL FROM raw_ocpp__connections WHERE received_at IS NOT NULL
  UNION ALL
  SELECT station_id, answered_at, 'boot', NULL, interval_s FROM boots WHERE interval_s > 0 AND answered_at IS NOT NULL
), log AS (
  SELECT
    m.station_id, least(min(m.moment), any_value(f.first_at)) AS begin_at,
    greatest(max(m.moment), any_value(l.last_at)) AS end_at
  FROM (
    SELECT station_id, moment FROM told
    UNION ALL SELECT station_id, unnest([started_at, ended_at]) FROM detailed
    UNION ALL SELECT station_id, unnest([min(received_at), max(received_at)]) FROM heard GROUP BY station_id
  ) AS m
  LEFT JOIN firsts AS f ON f.station_id = m.station_id
  LEFT JOIN lasts AS l ON l.station_id = m.station_id
  GROUP BY m.station_id
), waits AS (
  SELECT
    h.station_id, h.received_at AS silent_at, h.kind,
    coalesce(
      first_value(CASE WHEN h.kind = 'frame' THEN h.received_at END IGNORE NULLS) OVER (
        PARTITION BY h.station_id ORDER BY h.received_at, h.kind = 'frame', h.kind
        ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
      ),
      l.end_at
    ) AS heard_at,
    coalesce(
      last_value(h.interval_s IGNORE NULLS) OVER order_of_receipt,
      first_value(h.interval_s IGNORE NULLS) OVER (
        PARTITION BY h.station_id ORDER BY h.received_at ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
      )
    ) AS answered_s,
    CASE WHEN answered_s IS NULL THEN b.interval_s ELSE greatest(answered_s, b.own_s) END AS interval_s,
    -- A close counts for the connection that was opened last: a takeover closes the older one after that.
    h.kind = 'close' AND coalesce(
      h.connection = last_value(CASE WHEN h.kind = 'open' THEN h.connection END IGNORE NULLS) OVER order_of_receipt,
      true
    ) AS is_closed
  FROM heard AS h
  JOIN log AS l ON l.station_id = h.station_id
  LEFT JOIN heartbeats AS b ON b.station_id = h.station_id
  WINDOW order_of_receipt AS (PARTITION BY h.station_id ORDER BY h.received_at, h.kind = 'frame', h.kind)
), silences AS (
  -- Half an interval beyond the heartbeat that was due. A connection opened again says nothing of a port yet.
  SELECT station_id, silent_at, heard_at
  FROM waits
  WHERE heard_at > silent_at AND (is_closed OR (kind = 'frame' AND epoch(heard_at - silent_at) > 1.5 * interval_s))
), ports AS (
  SELECT station_id, port_id, evse_id, connector_id, coalesce(evse_id, connector_id) AS number FROM core__connectors
), events AS (
  SELECT
    c.station_id, c.port_id, c.connector_id, t.moment, t.seq,
    CASE
      WHEN t.kind = 'status' AND t.number = c.number AND coalesce(t.connector_id = c.connector_id, true) THEN t.word
    END AS own_word,
    CASE WHEN t.kind = 'status' AND t.number = 0 THEN t.word END AS station_word,
    CASE WHEN t.kind = 'transaction' THEN t.word END AS transaction_word,
    CAST(NULL AS BOOLEAN) AS is_silent
  FROM told AS t
  JOIN (SELECT DISTINCT station_id, port_id, number FROM ports) AS p
    ON p.station_id = t.station_id AND (p.number = t.number OR t.number = 0)
  JOIN ports AS c ON c.station_id = p.station_id AND c.port_id = p.port_id
  UNION ALL
  SELECT
    c.station_id, c.port_id, c.connector_id, d.started_at, 30, NULL, NULL,
    CASE WHEN d.energy_wh > 0 THEN 'Charging' ELSE 'Preparing' END, NULL
  FROM detailed AS d JOIN ports AS c ON c.station_id = d.station_id AND c.number = d.connector_id
  UNION ALL
  SELECT c.station_id, c.port_id, c.connector_id, d.ended_at, 31, NULL, NULL, 'Ended', NULL
  FROM detailed AS d JOIN ports AS c ON c.station_id = d.station_id AND c.number = d.connector_id
  WHERE d.ended_at IS NOT NULL
  UNION ALL
  SELECT c.station_id, c.port_id, c.connector_id, s.silent_at, 40, NULL, NULL, NULL, true
  FROM silences AS s JOIN ports AS c ON c.station_id = s.station_id
  UNION ALL
  SELECT c.station_id, c.port_id, c.connector_id, s.heard_at, 0, NULL, NULL, NULL, false
  FROM silences AS s JOIN ports AS c ON c.station_id = s.station_id
  UNION ALL
  SELECT c.station_id, c.port_id, c.connector_id, l.begin_at, -1, NULL, NULL, NULL, NULL
  FROM ports AS c JOIN log AS l ON l.station_id = c.station_id
), filled AS (
  SELECT
    station_id, port_id, connector_id, moment, seq,
    last_value(own_word IGNORE NULLS) OVER so_far AS own_word,
    last_value(CASE WHEN own_word IS NOT NULL THEN moment END IGNORE NULLS) OVER so_far AS own_at,
    last_value(CASE WHEN own_word = 'Available' THEN moment END IGNORE NULLS) OVER so_far AS available_at,
    last_value(station_word IGNORE NULLS) OVER so_far AS station_word,
    last_value(transaction_word IGNORE NULLS) OVER so_far AS transaction_word,
    last_value(CASE WHEN transaction_word IS NOT NULL THEN moment END IGNORE NULLS) OVER so_far AS transaction_at,
    coalesce(last_value(is_silent IGNORE NULLS) OVER so_far, false) AS is_silent
  FROM events
  WINDOW so_far AS (
    PARTITION BY station_id, port_id, connector_id ORDER BY moment, seq ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  )
  -- One row per instant: the last of it.
  QUALIFY row_number() OVER (PARTITION BY station_id, port_id, connector_id, moment ORDER BY seq DESC) = 1
), judged AS (
  SELECT
    station_id, port_id, connector_id, moment, is_silent,
    -- An Available after the transaction's last word ends it, whatever was lost.
    CASE WHEN coalesce(available_at > transaction_at, false) THEN NULL ELSE transaction_word END AS live_word,
    coalesce(transaction_at >= own_at, true) AS is_transaction_newer,
    CASE
      WHEN station_word IN ('Faulted', 'Unavailable') AND coalesce(live_word, 'Ended') = 'Ended'
        AND coalesce(own_word NOT IN ('Charging', 'SuspendedEV', 'SuspendedEVSE'), true) THEN station_word
      WHEN own_word IN ('Faulted', 'Unavailable') THEN own_word
      WHEN live_word <> 'Ended' AND (own_word IN ('Occupied', 'Preparing', 'Unknown') OR is_transaction_newer) THEN live_word
      WHEN live_word = 'Ended' AND is_transaction_newer AND own_word IN ('Occupied', 'Preparing') THEN 'Finishing'
      WHEN own_word = 'Occupied' THEN 'Preparing'
      ELSE coalesce(own_word, station_word, 'Unknown')
    END AS known_word,
    coalesce(live_word <> 'Ended' AND known_word = live_word AND own_word IS DISTINCT FROM live_word, false)
      OR coalesce(known_word = 'Finishing' AND own_word <> 'Finishing', false) AS is_inferred
  FROM filled
), chosen AS (
  -- A port with several connectors is what the connector in use is, else usable if one is, else faulted or unavailable.
  SELECT
    station_id, port_id, moment, bool_or(is_silent) AS is_silent,
    arg_min(struct_pack(word := known_word, is_inferred := is_inferred), list_position(['Charging', 'SuspendedEVSE',
      'SuspendedEV', 'Preparing', 'Finishing', 'Reserved', 'Available', 'Unknown', 'Faulted', 'Unavailable'], known_word)) AS best
  FROM judged
  GROUP BY station_id, port_id, moment
), stated AS (
  SELECT
    station_id, port_id, moment,
    CASE WHEN is_silent THEN 'Unknown' ELSE best.word END AS status,
    best.word AS known_status,
    CASE
      WHEN is_silent THEN 'inferred_offline'
      WHEN best.word = 'Unknown' THEN 'unobserved'
      WHEN best.is_inferred THEN 'inferred_from_transaction'
      ELSE 'reported'
    END AS source
  FROM chosen
), changes AS (
  SELECT *
  FROM stated
  QUALIFY (status, known_status, source) IS DISTINCT FROM (
    lag((status, known_status, source)) OVER (PARTITION BY station_id, port_id ORDER BY moment)
  )
)
SELECT
  c.station_id,
  c.port_id,
  p.evse_id,
  p.connector_id,
  c.moment AS from_at,
  lead(c.moment, 1, greatest(l.end_at, c.moment)) OVER next AS until_at,
  c.status,
  c.source,
  CASE WHEN c.known_status <> 'Unknown' THEN c.known_status END AS known_status,
  CASE WHEN c.status = 'Unknown' THEN 0.0 ELSE epoch(until_at - c.moment) END AS observed_s,
  CASE WHEN c.status = 'Unknown' THEN epoch(until_at - c.moment) ELSE 0.0 END AS unknown_s,
  lead(c.moment) OVER next IS NULL AS is_last
FROM changes AS c
JOIN (
  SELECT station_id, port_id, min(evse_id) AS evse_id, CASE WHEN count(*) = 1 THEN min(connector_id) END AS connector_id
  FROM ports
  GROUP BY station_id, port_id
) AS p ON p.station_id = c.station_id AND p.port_id = c.port_id
JOIN log AS l ON l.station_id = c.station_id
WINDOW next AS (PARTITION BY c.station_id, c.port_id ORDER BY c.moment)
ORDER BY c.station_id, p.evse_id, p.connector_id, c.port_id, c.moment

-- What is odd about sampled values: one row per session (outside sessions: per connector and day of UTC), kind and phase,
-- with the worst value, the band it left and the first frame that showed it. Part of core__anomalies.
WITH samples AS (
  SELECT
    station_id, evse_id, connector_id, protocol, session_id, measured_at, measurand,
    value, value_normalised AS normalised, unit_normalised AS unit, phase_normalised AS phase, location_normalised,
    is_signed, transaction_id, source, ordinal,
    coalesce(session_id, concat_ws('/', evse_id, connector_id, CAST(timezone('UTC', measured_at) AS DATE))) AS series
  FROM core__measurements
  WHERE NOT is_repeat
), nominals AS (
  -- The grid's voltage as the station itself shows it. A named phase is alternating voltage, however low it stays;
  -- without one it may be the direct voltage of a battery, and only what is near a household's voltage is told.
  SELECT station_id, is_line_to_line, is_phased, arg_min(nominal_v, (abs(nominal_v - usual_v), nominal_v)) AS nominal_v
  FROM (
    SELECT
      station_id, coalesce(phase LIKE '%-%', false) AS is_line_to_line, phase IS NOT NULL AS is_phased,
      median(normalised) AS usual_v
    FROM samples
    WHERE measurand = 'Voltage' AND unit = 'V' AND normalised >= 10 AND phase IS DISTINCT FROM 'N'
      AND (phase IS NOT NULL OR coalesce(location_normalised, 'Outlet') = 'Outlet')
    GROUP BY ALL
  )
  JOIN (
    VALUES (false, 100), (false, 120), (false, 127), (false, 220), (false, 230), (false, 240), (false, 277),
    (true, 200), (true, 208), (true, 240), (true, 380), (true, 400), (true, 415), (true, 480), (true, 600)
  ) AS known (is_between, nominal_v)
    ON is_between = is_line_to_line
    AND abs(nominal_v - usual_v) <= CASE WHEN is_phased THEN 0.25 ELSE 0.12 END * nominal_v
    AND (is_phased OR nominal_v <= 240)
  GROUP BY ALL
), voltages AS (
  -- EN 50160: within 10 % of the nominal voltage. Under 10 V a contactor is open.
  SELECT
    s.*, CASE WHEN s.normalised < n.nominal_v THEN 'undervoltage' ELSE 'overvoltage' END AS kind,
    abs(s.normalised - n.nominal_v) AS deviation, CAST(round(s.normalised, 1) AS VARCHAR) AS seen,
    concat(round(0.9 * n.nominal_v, 1), ' to ', round(1.1 * n.nominal_v, 1)) AS band
  FROM samples AS s
  JOIN nominals AS n
    ON n.station_id = s.station_id AND n.is_line_to_line = coalesce(s.phase LIKE '%-%', false)
    AND n.is_phased = (s.phase IS NOT NULL)
  WHERE s.measurand = 'Voltage' AND s.unit = 'V' AND s.normalised >= 10 AND s.phase IS DISTINCT FROM 'N'
    AND (s.phase IS NOT NULL OR coalesce(s.location_normalised, 'Outlet') = 'Outlet')
    AND s.normalised NOT BETWEEN 0.9 * n.nominal_v AND 1.1 * n.nominal_v
), frequencies AS (
  -- EN 50160: within 1 % of 50 Hz; of 60 Hz likewise.
  SELECT
    *, 'frequency_deviation' AS kind, abs(normalised - nominal_hz) AS deviation,
    CAST(round(normalised, 3) AS VARCHAR) AS seen,
    concat(round(0.99 * nominal_hz, 1), ' to ', round(1.01 * nominal_hz, 1)) AS band
  FROM (SELECT *, CASE WHEN normalised < 55 THEN 50 ELSE 60 END AS nominal_hz FROM samples)
  WHERE measurand = 'Frequency' AND unit = 'hertz' AND normalised > 0
    AND abs(normalised - nominal_hz) > 0.01 * nominal_hz
), unreadable AS (
  SELECT *, 'value_unreadable' AS kind, 0.0 AS deviation, measurand AS seen, 'a number' AS band
  FROM samples WHERE value IS NULL AND NOT is_signed
), mains AS (
  SELECT *, 'meter_on_connector_0' AS kind, 0.0 AS deviation, '0' AS seen, 'above 0' AS band
  FROM samples WHERE connector_id = 0 AND coalesce(evse_id, 0) = 0 AND transaction_id IS NOT NULL AND session_id IS NOT NULL
), currents AS (
  SELECT
    any_value(station_id) AS station_id, any_value(evse_id) AS evse_id, any_value(connector_id) AS connector_id,
    any_value(protocol) AS protocol, session_id, measured_at, series,
    max(normalised) - min(normalised) AS apart_a, avg(normalised) AS mean_a,
    min(struct_pack(source := source, ordinal := ordinal)) AS place
  FROM samples
  WHERE measurand = 'Current.Import' AND unit = 'A' AND phase IN ('L1', 'L2', 'L3') AND session_id IS NOT NULL
  GROUP BY session_id, measured_at, series
  -- A car on one or two phases leaves the others idle: that is no imbalance.
  HAVING count(DISTINCT phase) = 3 AND min(normalised) > 1
), imbalances AS (
  SELECT * FROM (
    SELECT
      *, apart_a > greatest(0.2 * mean_a, 2) AS is_odd,
      count(*) FILTER (apart_a > greatest(0.2 * mean_a, 2)) OVER (PARTITION BY session_id) AS odd,
      count(*) OVER (PARTITION BY session_id) AS instants
    FROM currents
  )
  WHERE is_odd AND odd >= 2 AND odd * 2 >= instants
), offers AS (
  -- The station offers under 70 % of what it offered before, three times and for three minutes at least.
  SELECT
    *, max(normalised) OVER (
      PARTITION BY session_id, measurand, phase ORDER BY measured_at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS highest
  FROM samples
  WHERE measurand IN ('Current.Offered', 'Power.Offered') AND unit IN ('A', 'W') AND session_id IS NOT NULL
), sampled_powers AS (
  -- Without an offer: under half of the highest power, though the battery is less than half full.
  SELECT
    p.*, max(p.normalised) OVER (
      PARTITION BY p.session_id, p.phase ORDER BY p.measured_at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS highest
  FROM samples AS p
  ANTI JOIN offers AS o ON o.session_id = p.session_id
  WHERE p.measurand = 'Power.Active.Import' AND p.unit IN ('W', 'VA') AND p.session_id IS NOT NULL
    AND p.phase IS NULL AND coalesce(p.location_normalised, 'Outlet') = 'Outlet'
), limited AS (
  -- The system's own wish is no derating. It is for one connector or EVSE; 0 is all of the station.
  SELECT
    c.station_id, c.answered_at AS limited_at,
    coalesce(TRY_CAST(coalesce(w.wish ->> '$[3].evseId', w.wish ->> '$[3].connectorId') AS INTEGER), 0) AS number
  FROM core__calls AS c
  JOIN raw_ocpp__frames AS f
    ON f.source = c.answer_source AND f.ordinal = c.answer_ordinal AND f.station_id = c.station_id
  JOIN (
    SELECT source, ordinal, station_id, TRY_CAST(payload_text AS JSON) AS wish
    FROM raw_ocpp__frames WHERE contains(payload_text, '"SetChargingProfile"')
  ) AS w
    ON w.source = c.call_source AND w.ordinal = c.call_ordinal AND w.station_id = c.station_id
  WHERE c.action = 'SetChargingProfile' AND c.outcome = 'result' AND contains(f.payload_text, '"Accepted"')
    AND c.answered_at IS NOT NULL
), falls AS (
  -- Without a state of charge, a car that tapers is told from a station that derates by how it falls: at once, to
  -- under half of the sample before, and level from then on.
  SELECT session_id, min(measured_at) AS fell_at
  FROM (
    SELECT
      p.session_id, p.measured_at, p.normalised,
      lag(p.normalised) OVER (PARTITION BY p.session_id, p.phase ORDER BY p.measured_at) AS before
    FROM sampled_powers AS p
    ANTI JOIN (SELECT session_id FROM samples WHERE measurand = 'SoC') AS c ON c.session_id = p.session_id
  )
  WHERE normalised < 0.5 * before AND normalised > 0.1 * before
  GROUP BY session_id
), deratings AS (
  SELECT d.*
  FROM (
    SELECT o.*, 0.7 * o.highest AS limit_w FROM offers AS o
    WHERE o.normalised > 0 AND o.normalised < 0.7 * o.highest
    UNION ALL
    SELECT p.*, 0.5 * p.highest FROM sampled_powers AS p
    ASOF JOIN (
      SELECT session_id, measured_at, normalised FROM samples
      WHERE measurand = 'SoC' AND normalised BETWEEN 1 AND 100 AND session_id IS NOT NULL
    ) AS c ON c.session_id = p.session_id AND p.measured_at >= c.measured_at
    WHERE p.normalised > 0.1 * p.highest AND p.normalised < 0.5 * p.highest AND c.normalised < 50
    UNION ALL
    SELECT p.*, 0.5 * p.highest FROM sampled_powers AS p
    JOIN falls AS f ON f.session_id = p.session_id AND p.measured_at >= f.fell_at
    WHERE p.normalised > 0.1 * p.highest AND p.normalised < 0.5 * p.highest
    WINDOW charge AS (PARTITION BY p.session_id, p.phase)
    QUALIFY max(p.normalised) OVER charge <= 1.25 * min(p.normalised) OVER charge
  ) AS d
  JOIN core__sessions AS s ON s.session_id = d.session_id
  ASOF LEFT JOIN limited AS l
    ON l.station_id = d.station_id AND l.number = coalesce(s.evse_id, s.connector_id) AND d.measured_at >= l.limited_at
  ASOF LEFT JOIN (FROM limited WHERE number = 0) AS a
    ON a.station_id = d.station_id AND d.measured_at >= a.limited_at
  WHERE NOT coalesce(greatest(l.limited_at, a.limited_at) >= s.started_at, false)
  WINDOW w AS (PARTITION BY d.session_id, d.measurand, d.phase)
  QUALIFY count(*) OVER w >= 3 AND epoch(max(d.measured_at) OVER w - min(d.measured_at) OVER w) >= 180
), odd AS (
  SELECT
    station_id, evse_id, connector_id, protocol, session_id, series, kind, phase, measured_at, deviation, seen, band,
    struct_pack(source := source, ordinal := ordinal) AS place
  FROM voltages
  UNION ALL BY NAME
  SELECT
    station_id, evse_id, connector_id, protocol, session_id, series, kind, phase, measured_at, deviation, seen, band,
    struct_pack(source := source, ordinal := ordinal) AS place
  FROM frequencies
  UNION ALL BY NAME
  SELECT
    station_id, evse_id, connector_id, protocol, session_id, series, kind, measurand AS phase, measured_at, deviation,
    seen, band, struct_pack(source := source, ordinal := ordinal) AS place
  FROM unreadable
  UNION ALL BY NAME
  SELECT
    station_id, evse_id, connector_id, protocol, session_id, series, kind, NULL AS phase, measured_at, deviation, seen,
    band, struct_pack(source := source, ordinal := ordinal) AS place
  FROM mains
  UNION ALL BY NAME
  SELECT
    station_id, evse_id, connector_id, protocol, session_id, series, 'phase_imbalance' AS kind, measured_at,
    apart_a AS deviation, CAST(round(apart_a, 1) AS VARCHAR) AS seen,
    concat('at most ', round(greatest(0.2 * mean_a, 2), 1)) AS band, place
  FROM imbalances
  UNION ALL BY NAME
  SELECT
    station_id, evse_id, connector_id, protocol, session_id, series, 'derating' AS kind, measurand AS phase, measured_at,
    limit_w - normalised AS deviation, CAST(round(normalised, 1) AS VARCHAR) AS seen,
    concat('at least ', round(limit_w, 1)) AS band, struct_pack(source := source, ordinal := ordinal) AS place
  FROM deratings
), found AS (
  SELECT
    kind, station_id, series, phase,
    any_value(session_id) AS session_id,
    min(evse_id) AS evse_id,
    min(connector_id) AS connector_id,
    min(protocol) AS protocol,
    min(measured_at) AS first_at,
    max(struct_pack(deviation := deviation, seen := seen, band := band)) AS worst,
    min(struct_pack(measured_at := measured_at, place := place)) AS evidence,
    count(*) AS samples
  FROM odd
  GROUP BY kind, station_id, series, phase
), gaps AS (
  SELECT
    'register_gap' AS kind, g.station_id, g.session_id AS series, NULL AS phase, g.session_id, g.evse_id, g.connector_id,
    s.protocol, g.started_at AS first_at, CAST(CAST(g.register_to_wh AS DECIMAL(38, 4)) AS VARCHAR) AS seen,
    CAST(CAST(g.register_from_wh AS DECIMAL(38, 4)) AS VARCHAR) AS band
  FROM core__register_gaps AS g
  JOIN core__sessions AS s ON s.session_id = g.session_id
  WHERE g.kind = 'gap'
), powers AS (
  -- What the highest power cannot have given, and where the samples of power leave room for less than half of the
  -- energy, or ask for more than twice of it.
  SELECT
    unnest(list_filter([
      CASE WHEN is_mean_above_peak THEN struct_pack(
        kind := 'power_disagrees', seen := CAST(power_mean_w AS VARCHAR), band := concat('at most ', power_peak_w)
      ) END,
      CASE
        WHEN abs(energy_wh - sampled_wh) >= 100 AND (energy_wh > 2 * power_wh_max OR 2 * energy_wh < power_wh_min)
        THEN struct_pack(
          kind := 'energy_disagrees', seen := CAST(sampled_wh AS VARCHAR), band := CAST(energy_wh AS VARCHAR)
        )
      END
    ], lambda found: found IS NOT NULL), recursive := true),
    station_id, session_id AS series, NULL AS phase, session_id, evse_id, connector_id, protocol, started_at AS first_at
  FROM (
    SELECT
      *, CASE WHEN energy_wh > power_wh_max THEN power_wh_max ELSE power_wh_min END AS sampled_wh
    FROM core__session_power
  )
), said AS (
  SELECT * EXCLUDE (worst, evidence), worst.seen AS seen, worst.band AS band, evidence.place.source AS source,
    evidence.place.ordinal AS ordinal FROM found
  UNION ALL BY NAME
  SELECT * FROM gaps
  UNION ALL BY NAME
  SELECT * FROM powers
)
SELECT
  md5(concat_ws(chr(31), s.kind, s.station_id, s.series, s.phase)) AS anomaly_id,
  s.kind AS anomaly,
  CASE
    WHEN s.kind IN ('undervoltage', 'overvoltage', 'frequency_deviation', 'register_gap', 'power_disagrees',
      'energy_disagrees') THEN 'warning'
    ELSE 'info'
  END AS severity,
  s.station_id,
  s.evse_id,
  s.connector_id,
  s.protocol,
  s.session_id,
  s.first_at AS happened_at,
  s.seen AS value,
  s.band AS expected,
  CASE s.kind
    WHEN 'undervoltage' THEN concat(s.samples, ' samples of ', coalesce(s.phase, 'the voltage'), ' in V are too low.')
    WHEN 'overvoltage' THEN concat(s.samples, ' samples of ', coalesce(s.phase, 'the voltage'), ' in V are too high.')
    WHEN 'frequency_deviation' THEN concat(s.samples, ' samples in Hz are off the grid''s frequency.')
    WHEN 'value_unreadable' THEN concat(s.samples, ' samples are no numbers.')
    WHEN 'meter_on_connector_0' THEN concat(s.samples, ' samples of a transaction stand on connector 0.')
    WHEN 'phase_imbalance' THEN concat('The currents of three phases are too far apart in A, ', s.samples, ' times.')
    WHEN 'derating' THEN concat(s.phase, ' fell in ', s.samples, ' samples.')
    WHEN 'power_disagrees' THEN 'The mean power in W is above the highest sampled one.'
    WHEN 'energy_disagrees' THEN 'The samples of power give another energy in Wh than the session has.'
    ELSE 'The register in Wh moved between two sessions of the connector.'
  END AS detail,
  f.generation AS evidence_generation,
  f.partition AS evidence_partition,
  f."offset" AS evidence_offset
FROM said AS s
LEFT JOIN raw_ocpp__frames AS f ON f.source = s.source AND f.ordinal = s.ordinal AND f.station_id = s.station_id
ORDER BY s.station_id, happened_at, anomaly_id

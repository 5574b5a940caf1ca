-- Sampled values of 1.6 MeterValues and StopTransaction, 2.x MeterValues and TransactionEvent, as reported and, beside
-- that, normalised. Defaults are the specifications': measurand Energy.Active.Import.Register, context Sample.Periodic,
-- location Outlet; the unit's default follows the measurand (2.x's schema default Wh says nothing of power).
-- Text of a value never leaves raw: signed data can hold a card number. Words beside it pass as all words of a charger
-- do, those left out that could be a card's.
-- DuckDB 1.5 binds ->> looser than IN and =, 2.0 tighter: hence the brackets.
WITH carriers AS (
  SELECT
    station_id, protocol, received_at, source, ordinal, generation, "offset",
    message ->> '$[2]' AS action,
    TRY_CAST(coalesce(message ->> '$[3].evse.id', message ->> '$[3].evseId') AS INTEGER) AS evse_id,
    TRY_CAST(coalesce(message ->> '$[3].connectorId', message ->> '$[3].evse.connectorId') AS INTEGER) AS connector_id,
    -- As the step has them: an id that could be a card's number is its pseudonym.
    coalesce(
      hidden_number(trim(message ->> '$[3].transactionId')),
      hidden_id(message ->> '$[3].transactionInfo.transactionId')
    ) AS transaction_id,
    CASE (message ->> '$[2]')
      WHEN 'StopTransaction' THEN message -> '$[3].transactionData[*]'
      ELSE message -> '$[3].meterValue[*]'
    END AS meter_values
  FROM stg_ocpp__frames
  WHERE message_type = 2
    AND (message ->> '$[2]') IN ('MeterValues', 'StopTransaction', 'TransactionEvent')
    AND (protocol IS NULL OR protocol IN ('ocpp1.6', 'ocpp2.0.1', 'ocpp2.1'))
), numbered AS (
  SELECT
    * EXCLUDE (meter_values),
    unnest(meter_values) AS taken,
    generate_subscripts(meter_values, 1) AS meter_value
  FROM carriers
), timed AS (
  SELECT
    *,
    coalesce(
      TRY_CAST((taken ->> '$.timestamp') AS TIMESTAMPTZ),
      -- As `models.times` reads it: small letters, and no seconds before a zone (DuckDB 1.5 wants them).
      TRY_CAST(regexp_replace(
        upper(taken ->> '$.timestamp'), '^([0-9-]+[T ][0-9]+:[0-9]+)(Z|[+-].+)$', '\1:00\2'
      ) AS TIMESTAMPTZ)
    ) AS said_at
  FROM numbered
), places AS (
  SELECT station_id, coalesce(evse_id, connector_id) AS place FROM core__sessions
  UNION
  SELECT station_id, coalesce(evse_id, connector_id) AS place FROM core__statuses
), lone AS (
  -- Some chargers with one connector meter it as connector 0 (KEBA).
  SELECT station_id, min(place) AS place FROM places WHERE place > 0 GROUP BY station_id HAVING count(*) = 1
), placed AS (
  SELECT
    t.* EXCLUDE (said_at),
    CASE
      -- The years of `models.times`: outside them a clock was never set.
      WHEN t.said_at >= TIMESTAMPTZ '2010-01-01 00:00:00Z' AND t.said_at < TIMESTAMPTZ '2101-01-01 00:00:00Z'
      THEN t.said_at
    END AS sampled_at,
    coalesce(sampled_at, t.received_at) AS own_at,
    CASE
      WHEN coalesce(t.evse_id, t.connector_id) = 0 THEN l.place
      ELSE coalesce(t.evse_id, t.connector_id)
    END AS place,
    -- What `models.ids.is_key` says: -1, 0 and max-int are handed out to many.
    CASE
      WHEN trim(t.transaction_id) IN ('', '2147483647', '4294967295', '9223372036854775807', '18446744073709551615')
        THEN NULL
      WHEN coalesce(TRY_CAST(trim(t.transaction_id) AS HUGEINT), 1) <= 0 THEN NULL
      ELSE trim(t.transaction_id)
    END AS named
  FROM timed AS t
  LEFT JOIN lone AS l ON l.station_id = t.station_id
), sessions AS (
  -- Of several sessions that were given one id, a sample belongs to the last one begun; before all, to the first.
  SELECT
    *,
    CASE
      WHEN row_number() OVER (PARTITION BY station_id, transaction_id, place ORDER BY started_at, session_id) = 1
      THEN TIMESTAMPTZ '-infinity' ELSE started_at
    END AS from_at_place,
    CASE
      WHEN row_number() OVER (PARTITION BY station_id, transaction_id ORDER BY started_at, session_id) = 1
      THEN TIMESTAMPTZ '-infinity' ELSE started_at
    END AS from_at
  FROM (
    SELECT
      station_id, session_id, transaction_id, clock_offset_s, coalesce(evse_id, connector_id) AS place,
      -- Samples carry the same clock's time as the start and the stop.
      coalesce(started_reported_at, started_at - to_seconds(coalesce(clock_offset_s, 0))) AS started_at,
      coalesce(ended_reported_at, ended_at - to_seconds(coalesce(clock_offset_s, 0))) AS ended_at,
      coalesce(TRY_CAST(transaction_id AS HUGEINT), 1) > 0 AND transaction_id IS NOT NULL AS is_named
    FROM core__sessions
  )
), joined AS (
  SELECT
    p.* EXCLUDE (named, place),
    p.place,
    coalesce(
      a.session_id,
      b.session_id,
      -- A sample that names a transaction is another's, unless the one of its time was never named.
      CASE WHEN (p.named IS NULL OR NOT c.is_named) AND p.own_at <= coalesce(c.ended_at, p.own_at) THEN c.session_id END
    ) AS session_id,
    coalesce(a.ended_at, b.ended_at) AS ended_at,
    coalesce(a.clock_offset_s, b.clock_offset_s, c.clock_offset_s, 0) AS clock_offset_s
  FROM placed AS p
  ASOF LEFT JOIN sessions AS a
    ON a.station_id = p.station_id AND a.transaction_id = p.named AND a.place = p.place AND p.own_at >= a.from_at_place
  ASOF LEFT JOIN sessions AS b
    ON b.station_id = p.station_id AND b.transaction_id = p.named AND p.own_at >= b.from_at
  ASOF LEFT JOIN sessions AS c
    ON c.station_id = p.station_id AND c.place = p.place AND p.own_at >= c.started_at
), sampled AS (
  SELECT
    * EXCLUDE (taken),
    unnest(taken -> '$.sampledValue[*]') AS value_of,
    generate_subscripts(taken -> '$.sampledValue[*]', 1) AS sample
  FROM joined
), read AS (
  SELECT
    * EXCLUDE (value_of),
    coalesce(nullif(trim(value_of ->> '$.measurand'), ''), 'Energy.Active.Import.Register') AS measurand,
    nullif(value_of ->> '$.phase', '') AS phase,
    coalesce(nullif(value_of ->> '$.location', ''), 'Outlet') AS location,
    coalesce(nullif(value_of ->> '$.context', ''), 'Sample.Periodic') AS context,
    nullif(trim(coalesce(value_of ->> '$.unit', value_of ->> '$.unitOfMeasure.unit')), '') AS unit_said,
    coalesce(TRY_CAST((value_of ->> '$.unitOfMeasure.multiplier') AS INTEGER), 0) AS multiplier,
    -- 1.6 puts the signed text in place of the value, 2.x beside it.
    (value_of ->> '$.format') IS NOT DISTINCT FROM 'SignedData' OR json_exists(value_of, '$.signedMeterValue')
      AS is_signed,
    CASE
      WHEN coalesce(value_of ->> '$.format', 'Raw') = 'Raw' THEN TRY_CAST((value_of ->> '$.value') AS DOUBLE)
    END AS number
  FROM sampled
), valued AS (
  SELECT
    * EXCLUDE (number, multiplier),
    CASE
      WHEN NOT isfinite(number) OR abs(multiplier) > 30 THEN NULL
      WHEN multiplier < 0 THEN number / power(10.0, -multiplier)
      ELSE number * power(10.0, multiplier)
    END AS value,
    CASE
      WHEN measurand LIKE 'Energy.Reactive.%' THEN 'varh'
      WHEN measurand LIKE 'Energy.Apparent.%' THEN 'VAh'
      WHEN measurand LIKE 'Energy%' OR measurand = 'Display.BatteryEnergyCapacity' THEN 'Wh'
      WHEN measurand LIKE 'Power.Reactive.%' THEN 'var'
      WHEN measurand = 'Power.Factor' THEN 'ratio'
      WHEN measurand LIKE 'Power.%' THEN 'W'
      WHEN measurand LIKE 'Current.%' THEN 'A'
      WHEN measurand LIKE 'Voltage%' THEN 'V'
      WHEN measurand = 'SoC' OR measurand LIKE 'Display.%SOC' THEN 'percent'
      WHEN measurand = 'Temperature' THEN 'celsius'
      WHEN measurand = 'Frequency' THEN 'hertz'
      WHEN measurand = 'RPM' THEN 'rpm'
    END AS unit_expected,
    CASE lower(unit_said)
      WHEN 'wh' THEN 'Wh' WHEN 'kwh' THEN 'Wh' WHEN 'varh' THEN 'varh' WHEN 'kvarh' THEN 'varh'
      WHEN 'vah' THEN 'VAh' WHEN 'kvah' THEN 'VAh' WHEN 'w' THEN 'W' WHEN 'kw' THEN 'W'
      WHEN 'va' THEN 'VA' WHEN 'kva' THEN 'VA' WHEN 'var' THEN 'var' WHEN 'kvar' THEN 'var'
      WHEN 'a' THEN 'A' WHEN 'ka' THEN 'A' WHEN 'v' THEN 'V' WHEN 'kv' THEN 'V'
      WHEN 'percent' THEN 'percent' WHEN '%' THEN 'percent' WHEN 'hz' THEN 'hertz' WHEN 'hertz' THEN 'hertz'
      -- OCPP 1.6 itself once spelled it Celcius.
      WHEN 'celsius' THEN 'celsius' WHEN 'celcius' THEN 'celsius' WHEN '°c' THEN 'celsius' WHEN 'c' THEN 'celsius'
      WHEN 'fahrenheit' THEN 'celsius' WHEN '°f' THEN 'celsius' WHEN 'f' THEN 'celsius'
      WHEN 'k' THEN 'celsius' WHEN 'kelvin' THEN 'celsius' WHEN 'rpm' THEN 'rpm'
    END AS unit_known,
    lower(unit_said) IN ('kwh', 'kvarh', 'kvah', 'kw', 'kva', 'kvar', 'ka', 'kv') AS is_kilo
  FROM read
), mixed AS (
  -- Sessions in which a register leaves out the unit that others name in kilo: the last one may well mean the same.
  SELECT session_id
  FROM valued
  WHERE session_id IS NOT NULL AND measurand LIKE 'Energy.%.Register'
  GROUP BY session_id
  HAVING bool_or(is_kilo) AND bool_or(unit_said IS NULL)
), weighed AS (
  SELECT
    source, ordinal, meter_value, sample,
    unit_said IS NULL AND abs(value * 1000 - before_wh) <= abs(value - before_wh) AS is_kilo_meant
  FROM (
    SELECT
      v.*,
      last_value(CASE WHEN unit_said IS NOT NULL THEN value * CASE WHEN is_kilo THEN 1000 ELSE 1 END END IGNORE NULLS)
        OVER (
          PARTITION BY session_id, measurand, phase, location ORDER BY own_at, ordinal, meter_value, sample
        ) AS before_wh
    FROM valued AS v
    SEMI JOIN mixed AS m ON m.session_id = v.session_id
    WHERE v.measurand LIKE 'Energy.%.Register'
  )
), normalised AS (
  SELECT
    v.*,
    CASE
      WHEN v.unit_said IS NULL OR (v.unit_known = 'Wh' AND v.unit_expected <> 'Wh' AND NOT v.is_kilo)
        THEN v.unit_expected
      -- Apparent power has a measurand of its own only in 2.1.
      WHEN v.unit_expected IS NULL OR v.unit_known = v.unit_expected OR (v.unit_expected = 'W' AND v.unit_known = 'VA')
        THEN v.unit_known
    END AS unit_normalised,
    CASE
      WHEN v.is_kilo OR w.is_kilo_meant THEN v.value * 1000
      WHEN lower(v.unit_said) IN ('fahrenheit', '°f', 'f') THEN (v.value - 32) * 5 / 9
      WHEN lower(v.unit_said) IN ('k', 'kelvin') THEN v.value - 273.15
      ELSE v.value
    END AS value_normalised,
    CASE upper(v.phase)
      WHEN 'L1-N' THEN 'L1' WHEN 'L2-N' THEN 'L2' WHEN 'L3-N' THEN 'L3'
      WHEN 'L1' THEN 'L1' WHEN 'L2' THEN 'L2' WHEN 'L3' THEN 'L3' WHEN 'N' THEN 'N'
      WHEN 'L1-L2' THEN 'L1-L2' WHEN 'L2-L3' THEN 'L2-L3' WHEN 'L3-L1' THEN 'L3-L1'
    END AS phase_normalised,
    CASE lower(v.location)
      WHEN 'body' THEN 'Body' WHEN 'cable' THEN 'Cable' WHEN 'ev' THEN 'EV' WHEN 'inlet' THEN 'Inlet'
      WHEN 'outlet' THEN 'Outlet' WHEN 'upstream' THEN 'Upstream'
    END AS location_normalised,
    CASE lower(v.context)
      WHEN 'interruption.begin' THEN 'Interruption.Begin' WHEN 'interruption.end' THEN 'Interruption.End'
      WHEN 'sample.clock' THEN 'Sample.Clock' WHEN 'sample.periodic' THEN 'Sample.Periodic'
      WHEN 'transaction.begin' THEN 'Transaction.Begin' WHEN 'transaction.end' THEN 'Transaction.End'
      WHEN 'trigger' THEN 'Trigger' ELSE 'Other'
    END AS context_normalised,
    -- A value said again: the same quantity at the same instant. Clock-aligned samples often double periodic ones.
    hash(
      v.station_id, v.session_id, v.evse_id, CASE WHEN v.session_id IS NULL THEN v.connector_id END, v.sampled_at,
      v.measurand, v.phase, v.location, replace(context_normalised, 'Sample.Clock', 'Sample.Periodic'), v.value,
      v.unit_said
    ) AS said
  FROM valued AS v
  LEFT JOIN weighed AS w
    ON w.source = v.source AND w.ordinal = v.ordinal AND w.meter_value = v.meter_value AND w.sample = v.sample
), again AS (
  SELECT said FROM normalised WHERE sampled_at IS NOT NULL GROUP BY said HAVING count(*) > 1
), repeats AS (
  SELECT n.source, n.ordinal, n.meter_value, n.sample
  FROM normalised AS n
  SEMI JOIN again AS g ON g.said = n.said
  WHERE n.sampled_at IS NOT NULL
  QUALIFY row_number() OVER (
    PARTITION BY said
    ORDER BY
      context_normalised = 'Sample.Clock', received_at, generation, "offset", source, ordinal, meter_value, sample
  ) > 1
)
SELECT
  n.station_id,
  n.evse_id,
  n.connector_id,
  n.protocol,
  n.transaction_id,
  n.session_id,
  n.sampled_at,
  coalesce(n.sampled_at + to_seconds(n.clock_offset_s), n.received_at) AS measured_at,
  shown_word(n.measurand) AS measurand,
  CASE WHEN n.phase_normalised IS NULL THEN shown_word(n.phase) ELSE n.phase END AS phase,
  CASE WHEN n.location_normalised IS NULL THEN shown_word(n.location) ELSE n.location END AS location,
  CASE WHEN n.context_normalised = 'Other' THEN shown_word(n.context) ELSE n.context END AS context,
  CASE
    WHEN n.unit_said IS NULL THEN CASE WHEN n.measurand LIKE 'Energy.%' THEN n.unit_expected END
    WHEN n.unit_known IS NULL THEN shown_word(n.unit_said)
    ELSE n.unit_said
  END AS unit,
  n.value,
  CASE WHEN n.unit_normalised IS NOT NULL THEN n.value_normalised END AS value_normalised,
  n.unit_normalised,
  n.phase_normalised,
  n.location_normalised,
  n.context_normalised,
  n.is_signed,
  r.sample IS NOT NULL AS is_repeat,
  coalesce(n.own_at > n.ended_at, false) AS is_after_stop,
  n.action,
  n.received_at,
  n.source,
  n.ordinal,
  n.meter_value,
  n.sample
FROM normalised AS n
LEFT JOIN repeats AS r
  ON r.source = n.source AND r.ordinal = n.ordinal AND r.meter_value = n.meter_value AND r.sample = n.sample
ORDER BY n.station_id, n.sampled_at, n.source, n.ordinal, n.meter_value, n.sample

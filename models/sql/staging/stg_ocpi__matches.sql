-- Which partner's document (CDR or OCPI session) may speak of which charging session. Two of three have to agree, and
-- the times: the place (EVSE and connector), the token, the transactionId. No one of them is enough, time least of all:
-- a fleet's card charges at two places at once, small transactionIds come again, and a place may be named as another
-- operator's is. Times agree where they share more than half of what they cover together, which only one of sessions
-- that follow each other can; where the transaction is named, it is enough that they meet. Energies are not compared:
-- the ladder would then be confirmed by what it is asked to replace.
WITH documents AS (
  SELECT
    row_number() OVER (ORDER BY rung, party, ocpi_id) AS document,
    *,
    epoch(started_at) AS from_s,
    epoch(ended_at) AS until_s,
    CAST(floor(from_s / 86400) AS BIGINT) AS from_day,
    CAST(floor(until_s / 86400) AS BIGINT) AS until_day
  FROM (
    SELECT
      'cdr' AS rung, party, cdr_id AS ocpi_id, ocpi_session_id AS session_name, started_at, ended_at, energy_wh,
      [token_id, contract_id, authorization_reference] AS tokens, evse_uid, evse_emi3_id, connector_uid,
      energy_generation, energy_partition, energy_offset,
      CASE
        WHEN is_credit THEN 'credit_note'
        WHEN (party, lower(cdr_id)) IN (
          SELECT (party, lower(credit_reference_id)) FROM core__cdrs
          WHERE is_credit AND credit_reference_id IS NOT NULL
        ) THEN 'credited'
      END AS void
    FROM core__cdrs
    UNION ALL BY NAME
    SELECT
      'ocpi_session' AS rung, party, ocpi_session_id AS ocpi_id, ocpi_session_id AS session_name, started_at,
      coalesce(ended_at, last_updated) AS ended_at, energy_wh,
      [token_id, contract_id, authorization_reference] AS tokens, evse_uid, connector_uid,
      energy_generation, energy_partition, energy_offset,
      CASE WHEN status IS DISTINCT FROM 'COMPLETED' THEN 'not_final' END AS void
    FROM core__ocpi_sessions
  )
  WHERE started_at < ended_at AND energy_wh IS NOT NULL
), evses AS (
  SELECT party, lower(evse_uid) AS uid, evse_emi3_id, physical_reference, power_max_w FROM core__evses
), names AS (
  SELECT
    d.document,
    -- Some partners number connectors as no station does.
    CASE WHEN TRY_CAST(d.connector_uid AS INTEGER) BETWEEN 1 AND 99 THEN TRY_CAST(d.connector_uid AS INTEGER) END
      AS connector_no,
    unnest([lower(d.evse_uid), lower(d.evse_emi3_id), lower(e.evse_emi3_id), lower(e.physical_reference)]) AS name
  FROM documents AS d
  LEFT JOIN evses AS e ON e.party = d.party AND e.uid = lower(d.evse_uid)
), texts AS (
  -- What the partner calls the place; of an eMI3 id also what is behind country and operator, with and without the E.
  SELECT
    document, connector_no,
    unnest([
      name,
      regexp_extract(name, '^[a-z]{2}\*?[a-z0-9]{3}\*?(e.+)$', 1),
      regexp_extract(name, '^[a-z]{2}\*?[a-z0-9]{3}\*?e(.+)$', 1)
    ]) AS said
  FROM names
), places AS (
  -- The station alone, then its connector is OCPI's; or the station and the number of its EVSE behind a separator.
  SELECT document, said AS station_key, CAST(NULL AS INTEGER) AS evse_no, connector_no FROM texts WHERE said <> ''
  UNION
  SELECT document, unnest([head, regexp_replace(head, '[^\p{L}\p{N}]', '', 'g')]), evse_no, CAST(NULL AS INTEGER)
  FROM (
    SELECT
      document,
      regexp_extract(said, '^(.+?)[^\p{L}\p{N}]+([0-9]{1,4})$', 1) AS head,
      TRY_CAST(regexp_extract(said, '^(.+?)[^\p{L}\p{N}]+([0-9]{1,4})$', 2) AS INTEGER) AS evse_no
    FROM texts
  )
  WHERE evse_no IS NOT NULL
), sessions AS (
  SELECT
    session_id, station_id, coalesce(evse_id, connector_id) AS evse_no, connector_id AS connector_no, token_id,
    CASE WHEN transaction_id NOT IN ('', '-1', '0') THEN lower(transaction_id) END AS transaction_name,
    epoch(started_at) AS from_s, epoch(ended_at) AS until_s,
    CAST(floor(from_s / 86400) AS BIGINT) AS from_day, CAST(floor(until_s / 86400) AS BIGINT) AS until_day,
    -- An eMI3 id leaves out what is neither letter nor digit.
    list_distinct([lower(station_id), regexp_replace(lower(station_id), '[^\p{L}\p{N}]', '', 'g')]) AS station_keys
  FROM core__sessions
  WHERE started_at IS NOT NULL
), document_days AS (
  -- Days since 1970, so that only what can meet is compared.
  SELECT
    document, lower(session_name) AS transaction_name, list_distinct(tokens) AS tokens, from_s, until_s,
    unnest(range(from_day, least(until_day, from_day + 31) + 1)) AS day
  FROM documents
), session_days AS (
  SELECT *, unnest(range(from_day, least(coalesce(until_day, from_day + 31), from_day + 31) + 1)) AS day
  FROM sessions
), session_places AS (
  SELECT *, unnest(station_keys) AS station_key FROM session_days
), document_places AS (
  SELECT d.*, p.station_key, p.evse_no, p.connector_no
  FROM document_days AS d JOIN places AS p ON p.document = d.document
), pairs AS (
  -- Joined by two at once: a token or a place alone is shared by too many.
  SELECT d.document, s.session_id, 'place' AS one, 'token' AS other
  FROM (SELECT *, unnest(tokens) AS token_id FROM document_places) AS d
  JOIN session_places AS s ON s.day = d.day AND s.station_key = d.station_key AND s.token_id = d.token_id
  WHERE coalesce(d.evse_no = s.evse_no, true) AND coalesce(d.connector_no = s.connector_no, true)
    AND s.from_s < d.until_s AND coalesce(s.until_s > d.from_s, true)
  UNION ALL
  SELECT d.document, s.session_id, 'place', 'transaction'
  FROM document_places AS d
  JOIN session_places AS s
    ON s.day = d.day AND s.station_key = d.station_key AND s.transaction_name = d.transaction_name
  WHERE coalesce(d.evse_no = s.evse_no, true) AND coalesce(d.connector_no = s.connector_no, true)
    AND s.from_s < d.until_s AND coalesce(s.until_s > d.from_s, true)
  UNION ALL
  SELECT d.document, s.session_id, 'token', 'transaction'
  FROM (SELECT *, unnest(tokens) AS token_id FROM document_days) AS d
  JOIN session_days AS s
    ON s.day = d.day AND s.token_id = d.token_id AND s.transaction_name = d.transaction_name
  WHERE s.from_s < d.until_s AND coalesce(s.until_s > d.from_s, true)
), agreeing AS (
  SELECT
    document, session_id,
    bool_or(one = 'place') AS is_place_same,
    bool_or(other = 'transaction') AS is_transaction_named,
    concat_ws(', ',
      CASE WHEN is_place_same THEN 'place' END,
      CASE WHEN bool_or(one = 'token' OR other = 'token') THEN 'token' END,
      CASE WHEN is_transaction_named THEN 'transaction' END
    ) AS matched_by
  FROM pairs
  GROUP BY document, session_id
), elsewhere AS (
  -- A place that is a station we know: another station's session is none of the document's.
  SELECT DISTINCT document
  FROM places SEMI JOIN (SELECT DISTINCT unnest(station_keys) AS station_key FROM sessions) AS known USING (station_key)
), timed AS (
  SELECT
    d.*, s.session_id, s.station_id, a.matched_by, a.is_transaction_named,
    (least(d.until_s, coalesce(s.until_s, d.until_s)) - greatest(d.from_s, s.from_s))
      / nullif(greatest(d.until_s, coalesce(s.until_s, d.until_s)) - least(d.from_s, s.from_s), 0.0) AS overlap_share
  FROM agreeing AS a
  JOIN documents AS d ON d.document = a.document
  JOIN sessions AS s ON s.session_id = a.session_id
  WHERE a.is_place_same OR a.document NOT IN (SELECT document FROM elsewhere)
)
SELECT
  t.session_id,
  t.station_id,
  t.rung,
  t.party,
  t.ocpi_id,
  t.matched_by,
  t.overlap_share,
  t.started_at,
  t.ended_at,
  t.energy_wh,
  t.void,
  e.power_max_w,
  t.energy_generation,
  t.energy_partition,
  t.energy_offset
FROM timed AS t
LEFT JOIN (SELECT party, uid, max(power_max_w) AS power_max_w FROM evses GROUP BY party, uid) AS e
  ON e.party = t.party AND e.uid = lower(t.evse_uid)
WHERE t.overlap_share > CASE WHEN t.is_transaction_named THEN 0.0 ELSE 0.5 END
-- A document that names the transaction of one session speaks of none that it does not name.
QUALIFY t.is_transaction_named OR NOT bool_or(t.is_transaction_named) OVER (PARTITION BY t.document)

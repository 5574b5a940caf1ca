-- Calls and their answers. Messages of one station, caller and message id are read in order of receipt; ids come back
-- (retries, counters that restart). Calls that follow one another without an answer are one run, the answers after
-- them are theirs: the last n calls of the run get its n answers, in order, so that a lone answer belongs to the
-- newest call. An answer logged up to two seconds before its call follows it. One that comes an hour after its call,
-- or follows none, is an orphan: core__call_anomalies, never a row here. So is one on another connection than its
-- call; where a log names none, a station's opened connections tell, else it is one.
-- Nearly all exchanges are plain: a call, its answer, no other of the id near. One pass finds those; what is left to the
-- exact rules is little, and they cost eight times as much per message.
-- Bounded texts: ids and actions are whatever a station sends.
WITH heads AS MATERIALIZED (
  SELECT
    station_id, protocol, direction, connection, received_at, source, ordinal, generation, "offset",
    hash(payload) AS payload_hash,
    contains(payload_text, '"timestamp"') AS has_time,
    -- Each call of a JSON function reads the whole message: all at once.
    json_type(message, ['$[0]', '$[1]', '$[2]']) AS types,
    json_extract_string(message, ['$[0]', '$[1]', '$[2]']) AS texts
  FROM stg_ocpp__frames
  WHERE protocol IS NULL OR protocol IN ('ocpp1.6', 'ocpp2.0.1', 'ocpp2.1')
), opens AS (
  SELECT station_id, received_at FROM raw_ocpp__connections
  WHERE kind = 'open' AND connection IS NULL AND received_at IS NOT NULL
), linked AS (
  SELECT *, connection AS link FROM heads ANTI JOIN opens USING (station_id)
  UNION ALL BY NAME
  SELECT h.*, coalesce(h.connection, CAST(epoch_us(o.received_at) AS VARCHAR)) AS link
  FROM (SELECT * FROM heads SEMI JOIN opens USING (station_id)) AS h
  ASOF LEFT JOIN opens AS o ON o.station_id = h.station_id AND h.received_at >= o.received_at
), messages AS MATERIALIZED (
  SELECT
    station_id, link, protocol, texts[2] AS message_id, CAST(texts[1] AS INTEGER) AS message_type, received_at, source,
    ordinal, generation, "offset",
    message_type = 2 AS is_call,
    CASE
      WHEN message_type IN (2, 5) THEN direction
      WHEN direction = 'cp-to-csms' THEN 'csms-to-cp'
      WHEN direction = 'csms-to-cp' THEN 'cp-to-csms'
    END AS caller,
    CASE WHEN message_type <> 3 THEN texts[3] END AS word,
    payload_hash,
    CASE WHEN message_type = 2 THEN has_time END AS says_time,
    -- Without times, order exists within a file only.
    CASE WHEN received_at IS NULL THEN source END AS timeless_source,
    hash(station_id, caller, message_id, timeless_source) AS exchange_hash
  FROM linked
  WHERE types[1] = 'UBIGINT' AND texts[1] IN ('2', '3', '4', '5')
    AND types[2] = 'VARCHAR'
    AND (texts[1] <> '2' OR types[3] = 'VARCHAR')
), lined AS (
  SELECT
    *,
    -- Answered by the next message, if at all: two answers in a row are odd.
    coalesce(NOT lead(is_call) OVER line, false)
      AND lead(link) OVER line IS NOT DISTINCT FROM link
      AND coalesce(lead(received_at) OVER line - received_at <= INTERVAL 1 HOUR, true) AS is_answered,
    lead(message_type) OVER line AS answer_type,
    lead(word) OVER line AS answer_word,
    lead(received_at) OVER line AS next_at,
    lead(source) OVER line AS next_source,
    lead(ordinal) OVER line AS next_ordinal,
    -- Whatever the exact rules might read otherwise: an answer without a call right before it, an instant told by two
    -- files, a call that may be the one before it again.
    CASE WHEN is_call
      THEN coalesce(
        payload_hash = CASE WHEN lag(is_call) OVER line
          THEN lag(payload_hash) OVER line ELSE lag(payload_hash, 2) OVER line
        END
        AND coalesce(received_at - CASE WHEN lag(is_call) OVER line
          THEN lag(received_at) OVER line ELSE lag(received_at, 2) OVER line
        END <= INTERVAL 1 HOUR, true),
        false
      )
      ELSE NOT coalesce(lag(is_call) OVER line, false) OR lag(link) OVER line IS DISTINCT FROM link
    END OR coalesce(received_at = lag(received_at) OVER line AND source <> lag(source) OVER line, false) AS is_odd
  FROM messages
  WHERE message_type <> 5
  WINDOW line AS (
    PARTITION BY exchange_hash, station_id, caller, message_id, timeless_source
    ORDER BY received_at, generation, "offset"
  )
), odd AS (
  SELECT DISTINCT exchange_hash FROM lined WHERE is_odd
), timed AS (
  SELECT
    *,
    -- Equal times: the order in the file that holds both, else a call before its answer, else whatever does not
    -- depend on which file came first.
    min(source) OVER tie <> max(source) OVER tie AS is_shared,
    is_shared AND NOT is_call AS is_after_tie,
    CASE WHEN is_shared THEN payload_hash ELSE 0 END AS tie_hash
  FROM messages
  SEMI JOIN odd USING (exchange_hash)
  WHERE message_type <> 5
  WINDOW tie AS (PARTITION BY station_id, caller, message_id, timeless_source, received_at)
), placed AS (
  SELECT
    *,
    -- Logged a little before its call: nothing open before it, and the call after it has no answer of its own.
    NOT is_call
      AND NOT coalesce(lag(is_call) OVER exchange, false)
      AND coalesce(lead(is_call) OVER exchange, false)
      AND lead(link) OVER exchange IS NOT DISTINCT FROM link
      AND coalesce(lead(is_call, 2) OVER exchange, true)
      AND lead(received_at) OVER exchange - received_at <= INTERVAL 2 SECONDS AS is_early,
    CASE WHEN is_early THEN lead(received_at) OVER exchange ELSE received_at END AS place_at
  FROM timed
  WINDOW exchange AS (
    PARTITION BY station_id, caller, message_id, timeless_source
    ORDER BY received_at, is_after_tie, tie_hash, generation, "offset"
  )
), opened AS (
  SELECT
    *,
    (is_call AND NOT coalesce(lag(is_call) OVER exchange, false)) OR lag(link) OVER exchange IS DISTINCT FROM link
      AS is_first
  FROM placed
  WINDOW exchange AS (
    PARTITION BY station_id, caller, message_id, timeless_source
    ORDER BY place_at, is_after_tie OR coalesce(is_early, false), tie_hash, generation, "offset"
  )
), numbered AS (
  SELECT
    *,
    count(*) FILTER (is_first) OVER exchange AS run,
    row_number() OVER exchange AS place
  FROM opened
  WINDOW exchange AS (
    PARTITION BY station_id, caller, message_id, timeless_source
    ORDER BY place_at, is_after_tie OR coalesce(is_early, false), tie_hash, generation, "offset"
  )
), counted AS (
  SELECT *, least(count(*) FILTER (is_call) OVER run_of, count(*) FILTER (NOT is_call) OVER run_of) AS pairs
  FROM numbered
  WINDOW run_of AS (PARTITION BY station_id, caller, message_id, timeless_source, run)
), paired AS (
  SELECT
    *,
    NOT lead(is_call, pairs) OVER in_run
      AND coalesce(lead(received_at, pairs) OVER in_run - received_at <= INTERVAL 1 HOUR, true) AS has_answer,
    lead(message_type, pairs) OVER in_run AS answer_type,
    lead(word, pairs) OVER in_run AS answer_word,
    lead(received_at, pairs) OVER in_run AS next_at,
    lead(source, pairs) OVER in_run AS next_source,
    lead(ordinal, pairs) OVER in_run AS next_ordinal
  FROM counted
  WINDOW in_run AS (PARTITION BY station_id, caller, message_id, timeless_source, run ORDER BY place)
), calls AS (
  SELECT
    * EXCLUDE (has_answer),
    coalesce(has_answer, false) AS is_answered,
    -- Sent again: the same bytes, soon. Whatever names no time of its own may be a new event once it was answered.
    coalesce(
      lag(payload_hash) OVER sent = payload_hash
      AND CASE
        WHEN received_at IS NULL THEN NOT coalesce(lag(has_answer) OVER sent, false)
        WHEN says_time THEN received_at - lag(received_at) OVER sent <= INTERVAL 1 HOUR
        ELSE received_at - lag(received_at) OVER sent <= INTERVAL 2 MINUTES
          AND (NOT coalesce(lag(has_answer) OVER sent, false) OR lag(next_at) OVER sent > received_at)
      END,
      false
    ) AS is_repeat
  FROM paired
  WHERE is_call
  WINDOW sent AS (PARTITION BY station_id, caller, message_id, timeless_source ORDER BY place)
), told AS (
  SELECT
    *,
    count(*) FILTER (NOT is_repeat) OVER sent AS telling
  FROM calls
  WINDOW sent AS (PARTITION BY station_id, caller, message_id, timeless_source ORDER BY place)
), called AS (
  SELECT
    station_id, protocol, caller, message_id, word, received_at, source, ordinal, is_answered, next_at, answer_type,
    answer_word, next_source, next_ordinal, is_repeat,
    CASE WHEN is_repeat THEN first_value(source) OVER same END AS repeat_of_source,
    CASE WHEN is_repeat THEN first_value(ordinal) OVER same END AS repeat_of_ordinal
  FROM told
  WINDOW same AS (PARTITION BY station_id, caller, message_id, timeless_source, telling ORDER BY place)
  UNION ALL BY NAME
  SELECT
    station_id, protocol, caller, message_id, word, received_at, source, ordinal, is_answered, next_at, answer_type,
    answer_word, next_source, next_ordinal, false AS is_repeat
  FROM lined
  ANTI JOIN odd USING (exchange_hash)
  WHERE is_call
), objections AS (
  -- OCPP 2.1, type 5: the caller could not use the answer that it got.
  SELECT c.station_id, c.source, c.ordinal, any_value(o.word ORDER BY o.received_at) AS word
  FROM (SELECT * FROM messages WHERE message_type = 5) AS o
  ASOF JOIN (
    SELECT * FROM called SEMI JOIN (FROM messages WHERE message_type = 5) USING (message_id) WHERE is_answered
  ) AS c
    ON c.station_id = o.station_id AND c.caller = o.caller AND c.message_id = o.message_id
    AND c.received_at <= o.received_at
  GROUP BY c.station_id, c.source, c.ordinal
)
SELECT
  t.station_id,
  t.protocol,
  t.caller AS direction,
  CASE
    WHEN length(t.message_id) <= 64 THEN t.message_id
    ELSE left(t.message_id, 47) || '~' || left(sha256(t.message_id), 16)
  END AS message_id,
  CASE
    WHEN length(t.word) <= 50 AND regexp_full_match(t.word, '[A-Za-z]*[G-Zg-z][A-Za-z]*') THEN t.word
    -- The one action with digits: else they are a card's.
    WHEN t.word = 'Get15118EVCertificate' THEN t.word
    ELSE '(implausible)'
  END AS action,
  t.received_at AS called_at,
  CASE WHEN is_answered THEN next_at END AS answered_at,
  CASE
    WHEN is_answered AND next_at >= t.received_at THEN date_sub('millisecond', t.received_at, next_at)
  END AS answer_ms,
  CASE WHEN NOT is_answered THEN 'none' WHEN answer_type = 4 THEN 'error' ELSE 'result' END AS outcome,
  CASE
    WHEN NOT is_answered OR answer_type <> 4 THEN NULL
    WHEN length(answer_word) <= 50 AND regexp_full_match(answer_word, '[A-Za-z]*[G-Zg-z][A-Za-z]*') THEN answer_word
    WHEN answer_word <> '' THEN '(implausible)'
  END AS error_code,
  CASE
    WHEN o.word IS NULL THEN NULL
    WHEN length(o.word) <= 50 AND regexp_full_match(o.word, '[A-Za-z]*[G-Zg-z][A-Za-z]*') THEN o.word
    ELSE '(implausible)'
  END AS result_error_code,
  is_repeat,
  repeat_of_source,
  repeat_of_ordinal,
  t.source AS call_source,
  t.ordinal AS call_ordinal,
  CASE WHEN is_answered THEN next_source END AS answer_source,
  CASE WHEN is_answered THEN next_ordinal END AS answer_ordinal
FROM called AS t
LEFT JOIN objections AS o ON o.station_id = t.station_id AND o.source = t.source AND o.ordinal = t.ordinal
ORDER BY t.station_id, called_at, call_source, call_ordinal

-- Calls and their answers. In order of receipt, the answer of a call is the next message of the same station,
-- caller and message id, if that is an answer: ids come back (retries, counters that restart), so a next call
-- of the id closes the one before it. An answer that follows no call is an anomaly and no row here.
WITH messages AS (
  SELECT
    station_id, protocol, message_id, message_type, received_at, source, ordinal, generation, "offset",
    message_type <> 2 AS is_answer,
    CASE
      WHEN message_type = 2 THEN direction
      WHEN direction = 'cp-to-csms' THEN 'csms-to-cp'
      WHEN direction = 'csms-to-cp' THEN 'cp-to-csms'
    END AS caller,
    CASE WHEN message_type IN (2, 4) THEN message ->> '$[2]' END AS word,
    -- Without times, order exists within a file only.
    CASE WHEN received_at IS NULL THEN source END AS timeless_source
  FROM stg_ocpp__frames
  WHERE message_type IN (2, 3, 4)
    AND message_id IS NOT NULL
    AND (message_type <> 2 OR json_type(message, '$[2]') = 'VARCHAR')
    AND (protocol IS NULL OR protocol IN ('ocpp1.6', 'ocpp2.0.1', 'ocpp2.1'))
), timed AS (
  SELECT
    *,
    -- Equal times: the order in the file that holds both, else a call before its answer.
    min(source) OVER tie <> max(source) OVER tie AND is_answer AS is_after_tie
  FROM messages
  WINDOW tie AS (PARTITION BY station_id, caller, message_id, timeless_source, received_at)
), paired AS (
  SELECT
    *,
    lead(is_answer) OVER exchange AS is_answered,
    lead(message_type) OVER exchange AS answer_type,
    lead(word) OVER exchange AS answer_word,
    lead(received_at) OVER exchange AS next_at,
    lead(source) OVER exchange AS next_source,
    lead(ordinal) OVER exchange AS next_ordinal
  FROM timed
  WINDOW exchange AS (
    PARTITION BY station_id, caller, message_id, timeless_source
    ORDER BY received_at, is_after_tie, generation, "offset"
  )
)
SELECT
  station_id,
  protocol,
  caller AS direction,
  message_id,
  word AS action,
  received_at AS called_at,
  CASE WHEN is_answered THEN next_at END AS answered_at,
  CASE WHEN is_answered THEN date_sub('millisecond', received_at, next_at) END AS answer_ms,
  CASE WHEN NOT coalesce(is_answered, false) THEN 'none' WHEN answer_type = 4 THEN 'error' ELSE 'result' END AS outcome,
  CASE WHEN is_answered AND answer_type = 4 THEN answer_word END AS error_code,
  source AS call_source,
  ordinal AS call_ordinal,
  CASE WHEN is_answered THEN next_source END AS answer_source,
  CASE WHEN is_answered THEN next_ordinal END AS answer_ordinal
FROM paired
WHERE NOT is_answer
ORDER BY station_id, called_at, call_source, call_ordinal

-- TransactionEvents of 2.x, one row per message, a message sent again flagged. EVSE and connector often stand in the
-- first event only (2.0.1 E01.FR.16): then the session's are shown. Order within a transaction is by time: some
-- stations send one seqNo in every event.
WITH said AS (
  SELECT
    station_id, protocol, received_at, source, ordinal, generation, "offset",
    -- As the step has them: an id or a word that could be a card's number is not shown.
    hidden_id(message ->> '$[3].transactionInfo.transactionId') AS transaction_id,
    CASE lower(trim(message ->> '$[3].eventType'))
      WHEN 'started' THEN 'Started'
      WHEN 'updated' THEN 'Updated'
      WHEN 'ended' THEN 'Ended'
      ELSE shown_word(message ->> '$[3].eventType')
    END AS event_type,
    shown_word(message ->> '$[3].triggerReason') AS trigger_reason,
    shown_word(message ->> '$[3].transactionInfo.chargingState') AS charging_state,
    shown_word(message ->> '$[3].transactionInfo.stoppedReason') AS stopped_reason,
    TRY_CAST((message ->> '$[3].seqNo') AS BIGINT) AS seq_no,
    coalesce(TRY_CAST((message ->> '$[3].offline') AS BOOLEAN), false) AS is_offline,
    TRY_CAST((message ->> '$[3].evse.id') AS INTEGER) AS evse_id,
    TRY_CAST((message ->> '$[3].evse.connectorId') AS INTEGER) AS connector_id,
    coalesce(
      TRY_CAST((message ->> '$[3].timestamp') AS TIMESTAMPTZ),
      -- As `models.times` reads it: small letters, and no seconds before a zone (DuckDB 1.5 wants them).
      TRY_CAST(regexp_replace(
        upper(message ->> '$[3].timestamp'), '^([0-9-]+[T ][0-9]+:[0-9]+)(Z|[+-].+)$', '\1:00\2'
      ) AS TIMESTAMPTZ)
    ) AS said_at
  FROM stg_ocpp__frames
  WHERE message_type = 2 AND (message ->> '$[2]') = 'TransactionEvent' AND protocol IN ('ocpp2.0.1', 'ocpp2.1')
), timed AS (
  SELECT
    * EXCLUDE (said_at),
    CASE
      -- The years of `models.times`: outside them a clock was never set.
      WHEN said_at >= TIMESTAMPTZ '2010-01-01 00:00:00Z' AND said_at < TIMESTAMPTZ '2101-01-01 00:00:00Z' THEN said_at
    END AS happened_at
  FROM said
)
SELECT
  t.station_id,
  coalesce(t.evse_id, s.evse_id) AS evse_id,
  coalesce(t.connector_id, s.connector_id) AS connector_id,
  t.protocol,
  t.transaction_id,
  s.session_id,
  t.event_type,
  t.trigger_reason,
  t.charging_state,
  t.stopped_reason,
  t.seq_no,
  t.is_offline,
  t.happened_at,
  t.received_at,
  t.happened_at IS NOT NULL AND row_number() OVER (
    PARTITION BY
      t.station_id, t.transaction_id, t.event_type, t.trigger_reason, t.charging_state, t.seq_no, t.happened_at
    ORDER BY t.received_at, t.generation, t."offset", t.source, t.ordinal
  ) > 1 AS is_repeat,
  t.source,
  t.ordinal
FROM timed AS t
LEFT JOIN core__sessions AS s
  ON s.station_id = t.station_id AND s.transaction_id = t.transaction_id AND s.protocol <> 'ocpp1.6'
ORDER BY t.station_id, t.received_at, t.source, t.ordinal

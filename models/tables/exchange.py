"""Tables about messages as such: calls and answers, and what breaks OCPP's schemas. Names, columns, COMMENTs.

Each has a file of its name under `sql`. Not here: the other tables of a warehouse (`catalogue`).
"""

import pyarrow as pa

from models.tables.landed import LANDED, TIMESTAMP, VERSION_COLUMNS, Column, Origin, Table

BIGINT, DOUBLE, TEXT, BOOLEAN = pa.int64(), pa.float64(), pa.string(), pa.bool_()

_STATION = Column("station_id", "Charging station, as in its connection URL.", TEXT)
_PROTOCOL = Column("protocol", "ocpp1.6, ocpp2.0.1 or ocpp2.1.", TEXT)
_VENDOR = Column("vendor", "Vendor, as the station said in its boot before; null = unknown.", TEXT)
_MODEL = Column("model", "Model, as the station said in its boot before; null = unknown.", TEXT)
_FIRMWARE = Column("firmware", "Firmware version, as the station said in its boot before; null = unknown.", TEXT)
_CALLER = Column("direction", "Who called: cp-to-csms or csms-to-cp.", TEXT)
_SENDER = Column("direction", "Who sent it: cp-to-csms or csms-to-cp.", TEXT)
_ACTION = Column("action", "OCPP action as sent; (implausible) where it does not look like a name.", TEXT)
_MESSAGE = Column("message", "request, answer, or send (unanswered, OCPP 2.1).", TEXT)
_RULE = Column("rule", "What is broken, in JSON Schema's words: type, required, enum, maxLength, format, ...", TEXT)

BOOTS = Table(
    "core__boots",
    "What stations said of themselves when they booted, one row per BootNotification.",
    Origin.DERIVED,
    (
        _STATION,
        _PROTOCOL,
        Column("booted_at", "Receipt of the BootNotification, UTC.", TIMESTAMP),
        Column("vendor", "Vendor.", TEXT),
        Column("model", "Model.", TEXT),
        Column("firmware", "Firmware version.", TEXT),
        Column("reason", "Why it booted (OCPP 2.x); null in 1.6.", TEXT),
        Column("source", "The log file (sha256, 16 hex digits) or the live connection.", TEXT),
        Column("ordinal", "Ordinal of the frame in its source.", BIGINT),
    ),
)
CALLS = Table(
    "core__calls",
    "OCPP calls, each with its answer, re-sent ones marked. Answers without a call: core__call_anomalies.",
    Origin.DERIVED,
    (
        _STATION,
        _PROTOCOL,
        _CALLER,
        Column("message_id", "Message id, unique only within one station and direction, and not always there.", TEXT),
        _ACTION,
        Column("called_at", "Receipt of the call, UTC.", TIMESTAMP),
        Column("answered_at", "Receipt of the answer, UTC; null while unanswered.", TIMESTAMP),
        Column(
            "answer_ms",
            "Milliseconds from call to answer, by the receiver's clock; null where it was logged before its call.",
            BIGINT,
        ),
        Column("outcome", "result, error or none.", TEXT),
        Column("error_code", "OCPP error code of a CALLERROR.", TEXT),
        Column("result_error_code", "Error code with which the caller refused the answer (OCPP 2.1, type 5).", TEXT),
        Column("is_repeat", "True: the same id and payload as a call shortly before; sent again.", BOOLEAN),
        Column("repeat_of_source", "Source of the first sending's frame.", TEXT),
        Column("repeat_of_ordinal", "Ordinal of the first sending's frame in its source.", BIGINT),
        Column("call_source", "Source of the call's frame.", TEXT),
        Column("call_ordinal", "Ordinal of the call's frame in its source.", BIGINT),
        Column("answer_source", "Source of the answer's frame.", TEXT),
        Column("answer_ordinal", "Ordinal of the answer's frame in its source.", BIGINT),
    ),
)
CALL_ANOMALIES = Table(
    "core__call_anomalies",
    "Answers to no call that is known; part of core__anomalies.",
    Origin.DERIVED,
    tuple(column for column in LANDED["stg_ocpp__anomalies"].columns if column.name not in VERSION_COLUMNS),
)
ANSWER_RATES = Table(
    "core__answer_rates",
    "How calls are answered: unanswered and error answers per vendor, model, firmware and action.",
    Origin.DERIVED,
    (
        _VENDOR,
        _MODEL,
        _FIRMWARE,
        _PROTOCOL,
        _CALLER,
        _ACTION,
        Column("calls", "Calls: results + errors + unanswered.", BIGINT),
        Column("stations", "Stations that made or got one.", BIGINT),
        Column("repeats", "Of the calls, those sent again.", BIGINT),
        Column("results", "Answered with a result.", BIGINT),
        Column("errors", "Answered with an error.", BIGINT),
        Column("unanswered", "Without an answer so far.", BIGINT),
        Column("share_errors", "errors / calls.", DOUBLE),
        Column("share_unanswered", "unanswered / calls.", DOUBLE),
        Column("answer_ms_median", "Median milliseconds to the answer; null where times are unknown.", BIGINT),
        Column("answer_ms_p95", "95th percentile of these milliseconds.", BIGINT),
        Column("error_code_most", "The most frequent error code; null without errors.", TEXT),
    ),
)
VIOLATIONS = Table(
    "core__violations",
    "What messages break of their version's official JSON schema; the values themselves stay in raw.",
    Origin.DERIVED,
    (
        _STATION,
        _PROTOCOL,
        _SENDER,
        _MESSAGE,
        _ACTION,
        _RULE,
        Column("path", "Where, such as meterValue[].timestamp; $ is the whole payload, * a name that is none.", TEXT),
        Column("violations", "How often in this message.", BIGINT),
        Column("received_at", "Receipt of the message, UTC.", TIMESTAMP),
        Column("source", "The log file (sha256, 16 hex digits) or the live connection.", TEXT),
        Column("ordinal", "Ordinal of the frame in its source.", BIGINT),
    ),
)
VIOLATION_RATES = Table(
    "core__violation_rates",
    "Messages that break their schema, of all such messages, per vendor, model, firmware, action and rule.",
    Origin.DERIVED,
    (
        _VENDOR,
        _MODEL,
        _FIRMWARE,
        _PROTOCOL,
        _SENDER,
        _MESSAGE,
        _ACTION,
        _RULE,
        Column("stations", "Stations with such a message.", BIGINT),
        Column("messages_broken", "Messages that break the rule, however often each.", BIGINT),
        Column("messages", "All such messages, broken or not.", BIGINT),
        Column("share_broken", "messages_broken / messages.", DOUBLE),
        Column("violations", "How often the rule is broken in all of them.", BIGINT),
        Column("paths", "In how many places of the message.", BIGINT),
        Column("path_most", "The most frequent place.", TEXT),
    ),
)
EXCHANGE = (BOOTS, CALLS, CALL_ANOMALIES, ANSWER_RATES, VIOLATIONS, VIOLATION_RATES)
"""Each has a file of its name under `sql/`."""

"""Tables that a build derives of measurements, sessions and statuses: names, columns, COMMENTs.

Each has a file of its name under `sql/core`. Not here: the other tables of a warehouse (`catalogue`).
"""

import pyarrow as pa

from models.tables.landed import LANDED, TIMESTAMP, VERSION_COLUMNS, Column, Origin, Table

INTEGER, BIGINT, DOUBLE = pa.int32(), pa.int64(), pa.float64()
TEXT, BOOLEAN, REGISTER = pa.string(), pa.bool_(), pa.decimal128(38, 14)

_STATION = Column("station_id", "Charging station, as in its connection URL.", TEXT)
_EVSE = Column("evse_id", "EVSE number (OCPP 2.x); null in 1.6.", INTEGER)
_PORT = Column("port_id", "The port (`core__connectors`), within its station.", TEXT)
_CONNECTOR = Column("connector_id", "Connector number; null where no message names it.", INTEGER)
_PROTOCOL = Column("protocol", "ocpp1.6, ocpp2.0.1 or ocpp2.1.", TEXT)
_SESSION = Column("session_id", "The session (`core__sessions`).", TEXT)
_RECEIVED = Column("received_at", "Receipt of the message, UTC.", TIMESTAMP)
_SOURCE = Column("source", "The log file (sha256, 16 hex digits) or the live connection.", TEXT)
_ORDINAL = Column("ordinal", "Ordinal of the frame in its source.", BIGINT)

MEASUREMENTS = Table(
    "core__measurements",
    "Sampled values, one row per value: as reported, and normalised beside it. Repeats are kept and flagged.",
    Origin.DERIVED,
    (
        _STATION,
        Column("evse_id", "EVSE number (OCPP 2.x).", INTEGER),
        Column("connector_id", "Connector number; null where the message does not say (1.6 StopTransaction).", INTEGER),
        _PROTOCOL,
        Column("transaction_id", "transactionId as in core__sessions; null outside a transaction.", TEXT),
        Column(
            "session_id",
            "The session: by transactionId where that is a key, else by EVSE or connector and time; null outside.",
            TEXT,
        ),
        Column("sampled_at", "Charger's timestamp, UTC; null when unreadable.", TIMESTAMP),
        Column(
            "measured_at", "The same, set right by the session's clock offset; receipt where unreadable.", TIMESTAMP
        ),
        Column(
            "measurand",
            "Measurand, without words that could be a token; Energy.Active.Import.Register where omitted.",
            TEXT,
        ),
        Column("phase", "Phase, where given.", TEXT),
        Column("location", "Location; Outlet where omitted.", TEXT),
        Column("context", "Reading context; Sample.Periodic where omitted.", TEXT),
        Column("unit", "Unit as reported; Wh (varh) where an energy value has none.", TEXT),
        Column("value", "Value in that unit, 2.x multiplier applied; null when not a number (signed data).", DOUBLE),
        Column("value_normalised", "Value in unit_normalised; null where value or unit is no such thing.", DOUBLE),
        Column(
            "unit_normalised",
            "Base unit: Wh, varh, VAh, W, var, VA, A, V, percent, celsius, hertz, rpm, ratio. A missing unit follows "
            "the measurand; in a session whose other registers are in kWh it is kWh where that fits better. Null "
            "where unit and measurand contradict each other.",
            TEXT,
        ),
        Column("phase_normalised", "L1, L2, L3 (also for L1-N ...), N, L1-L2, L2-L3, L3-L1; null = total.", TEXT),
        Column("location_normalised", "Location in OCPP's spelling; null where it is none of OCPP's.", TEXT),
        Column("context_normalised", "Context in OCPP's spelling; Other where it is none of OCPP's.", TEXT),
        Column(
            "is_signed",
            "The value is signed data (1.6) or has a signature beside it (2.x).",
            BOOLEAN,
        ),
        Column(
            "is_repeat",
            "The same value of the same instant was said before: a message sent again, transactionData, or a "
            "clock-aligned sample beside a periodic one. Leave these out when counting.",
            BOOLEAN,
        ),
        Column("is_after_stop", "Sampled after the end of its session: changes no figure of it.", BOOLEAN),
        Column("action", "The message that carried it.", TEXT),
        Column("received_at", "Receipt of that message, UTC.", TIMESTAMP),
        _SOURCE,
        _ORDINAL,
        Column("meter_value", "Place of its meterValue within the frame, from 1.", BIGINT),
        Column("sample", "Place within that meterValue, from 1.", BIGINT),
    ),
)

TRANSACTION_EVENTS = Table(
    "core__transaction_events",
    "TransactionEvents of OCPP 2.x, one row per message; a message sent again is flagged.",
    Origin.DERIVED,
    (
        _STATION,
        Column("evse_id", "EVSE number; where the message leaves it out, the session's.", INTEGER),
        Column("connector_id", "Connector number; where the message leaves it out, the session's.", INTEGER),
        _PROTOCOL,
        Column("transaction_id", "transactionId as in core__sessions.", TEXT),
        Column("session_id", "The session (`core__sessions`); null where the message carried no fact.", TEXT),
        Column("event_type", "Started, Updated or Ended.", TEXT),
        Column("trigger_reason", "Why the station sent it.", TEXT),
        Column("charging_state", "chargingState, where given.", TEXT),
        Column("stopped_reason", "stoppedReason, where given.", TEXT),
        Column("seq_no", "seqNo; some stations send the same in every event.", BIGINT),
        Column("is_offline", "The station says that it was offline when this happened.", BOOLEAN),
        Column("happened_at", "Charger's timestamp, UTC; null when unreadable.", TIMESTAMP),
        _RECEIVED,
        Column("is_repeat", "The same event was received before.", BOOLEAN),
        _SOURCE,
        _ORDINAL,
    ),
)

CONNECTORS = Table(
    "core__connectors",
    "Connectors that said something or had a session, and the ports they belong to.",
    Origin.DERIVED,
    (
        _STATION,
        Column(
            "port_id",
            "What one car can use at a time: the EVSE (2.x), the connector (1.6), or as ports.csv joins them.",
            TEXT,
        ),
        _EVSE,
        Column("connector_id", "Connector number; null where no message of the EVSE names one.", INTEGER),
        Column("connectors", "Connectors of the port.", BIGINT),
        Column("is_given", "The home's ports.csv says so.", BOOLEAN),
    ),
)

STATUS_TIMELINE = Table(
    "core__status_timeline",
    "What each port was at any time: half-open intervals without holes or overlaps over the whole log.",
    Origin.DERIVED,
    (
        _STATION,
        _PORT,
        Column("evse_id", "EVSE number (OCPP 2.x); null in 1.6.", INTEGER),
        Column("connector_id", "Connector number; null where the port has several, or none is named.", INTEGER),
        Column(
            "from_at",
            "Begin, UTC, by the receiver's clock; of what a station had queued, by its own, set right.",
            TIMESTAMP,
        ),
        Column("until_at", "End, UTC, itself outside; of the last interval, the end of the log.", TIMESTAMP),
        Column(
            "status",
            "OCPP 1.6's nine words for all versions, and Unknown. Of several connectors, the one in use; else usable "
            "where one is.",
            TEXT,
        ),
        Column(
            "source",
            "reported; inferred_from_transaction (2.x chargingState, a 1.6 session without statuses); inferred_offline "
            "(disconnected, or silent for 1.5 heartbeat intervals); unobserved (before anything was said of the port, "
            "or since a word that OCPP does not have).",
            TEXT,
        ),
        Column("known_status", "The status without regard to silence: what it was last known to be.", TEXT),
        Column("observed_s", "Seconds in which the status was known.", DOUBLE),
        Column("unknown_s", "Seconds in which it was Unknown: neither up nor down.", DOUBLE),
        Column("is_last", "The port's newest interval: may go on.", BOOLEAN),
    ),
)

PERIODS = Table(
    "core__periods",
    "The Open Charge Alliance's periods of each session, read off its port's timeline; a silence ends none of them.",
    Origin.DERIVED,
    (
        _SESSION,
        _STATION,
        _EVSE,
        _CONNECTOR,
        Column(
            "period",
            "Session (first sign to free port), Transaction, EnergyOffer (the EVSE is willing), EnergyOfferSuspend (it "
            "withholds: SuspendedEVSE), EnergyTransfer; beside these five SuspendedEV: offered, but the car declines.",
            TEXT,
        ),
        Column("number", "Counts the periods of that name within the session, from 1.", BIGINT),
        Column("from_at", "Begin, UTC.", TIMESTAMP),
        Column("until_at", "End, UTC, itself outside; null while a Session or Transaction is open.", TIMESTAMP),
        Column("duration_s", "Seconds; null while open.", DOUBLE),
        Column("is_open", "The Session or Transaction has not ended yet.", BOOLEAN),
        Column("basis", "status: reported; transaction: from the transaction's own messages.", TEXT),
    ),
)

ENERGY_INTERVALS = Table(
    "core__energy_intervals",
    "Each session's energy by quarter hour: whole Wh that sum to core__sessions.energy_wh; no rows where that is null.",
    Origin.DERIVED,
    (
        _SESSION,
        _STATION,
        _EVSE,
        _CONNECTOR,
        Column("interval_at", "Begin of the quarter hour, UTC; null for a session without any time.", TIMESTAMP),
        Column("duration_s", "Seconds of the session in it; null where the session cannot be divided.", DOUBLE),
        Column("energy_wh", "Energy of the session in it, Wh; never negative.", BIGINT),
        Column(
            "basis",
            "How the session's energy is spread: register (linear between samples), power (integral of samples), "
            "uniform, or undivided (no duration, or one beyond 31 days: all in the quarter hour of its start or end).",
            TEXT,
        ),
    ),
)

REGISTER_GAPS = Table(
    "core__register_gaps",
    "Each session's first register against the last one of the session before it on the same connector or EVSE.",
    Origin.DERIVED,
    (
        Column("session_id", "The later session.", TEXT),
        Column("previous_session_id", "The one before it on the connector (1.6) or EVSE (2.x).", TEXT),
        _STATION,
        _EVSE,
        _CONNECTOR,
        Column("previous_ended_at", "End of the earlier session, UTC; null while open.", TIMESTAMP),
        Column("started_at", "Start of the later session, UTC.", TIMESTAMP),
        Column(
            "register_from_wh",
            "Register at the end of the earlier session, Wh; of the last one before it that shows a register.",
            REGISTER,
        ),
        Column("register_to_wh", "Register at the start of the later session, or all that it shows, Wh.", REGISTER),
        Column("gap_wh", "register_to_wh - register_from_wh; null where one is unknown.", REGISTER),
        Column("after_stop_wh", "How far the register was seen to go on after the earlier stop, Wh.", REGISTER),
        Column(
            "kind",
            "continuous (within 1 Wh), gap (energy of no session), reset (the register fell), overlap (an earlier "
            "session had not ended, or ended after the previous one), unknown (a register is).",
            TEXT,
        ),
    ),
)

SESSION_POWER = Table(
    "core__session_power",
    "What was sampled in each session: power, voltage, current, state of charge. One row per session.",
    Origin.DERIVED,
    (
        _SESSION,
        _STATION,
        _EVSE,
        _CONNECTOR,
        _PROTOCOL,
        Column("started_at", "Start of the session, UTC.", TIMESTAMP),
        Column("energy_wh", "Energy of the session, Wh; null = unknown.", BIGINT),
        Column("charging_s", "Seconds in which energy flowed; null where nothing tells.", BIGINT),
        Column("charging_basis", "session (its fact), power (samples above 0) or register (samples that rose).", TEXT),
        Column("power_mean_w", "energy_wh over charging_s, W.", BIGINT),
        Column("power_sampled_mean_w", "Mean of the sampled power over the time between samples, W.", BIGINT),
        Column(
            "power_sampled_s", "Time from the first to the last sample of power, s; null with fewer than two.", DOUBLE
        ),
        Column(
            "power_unseen_s",
            "Charging before the first and after the last sample of power, at most, s; all of charging_s where power "
            "was never sampled.",
            DOUBLE,
        ),
        Column("power_wh_min", "Energy that the samples of power ask for: the lower of each two between them.", BIGINT),
        Column(
            "power_wh_max",
            "Energy that they leave room for: the higher of each two, and in power_unseen_s the highest power that "
            "the connector showed in any session.",
            BIGINT,
        ),
        Column("power_peak_w", "Highest sampled power, W; without any, the steepest rise of the register.", BIGINT),
        Column("power_peak_basis", "power or register.", TEXT),
        Column(
            "is_mean_above_peak",
            "power_mean_w is over 2 % above the highest sampled power, though in power_unseen_s twice the highest of "
            "the connector is allowed: one of the three is wrong (`power_disagrees`).",
            BOOLEAN,
        ),
        Column("power_offered_max_w", "Highest power offered, W.", BIGINT),
        Column("voltage_min_v", "Lowest voltage of a phase, V; what is below 10 V is an open contactor.", DOUBLE),
        Column("voltage_max_v", "Highest voltage of a phase, V.", DOUBLE),
        Column("current_min_a", "Lowest current of a phase, A.", DOUBLE),
        Column("current_max_a", "Highest current of a phase, A.", DOUBLE),
        Column("current_offered_max_a", "Highest current offered, A.", DOUBLE),
        Column("frequency_min_hz", "Lowest frequency, Hz.", DOUBLE),
        Column("frequency_max_hz", "Highest frequency, Hz.", DOUBLE),
        Column("temperature_max_celsius", "Highest temperature, degrees Celsius.", DOUBLE),
        Column("soc_first_percent", "First state of charge, percent.", DOUBLE),
        Column("soc_last_percent", "Last state of charge, percent.", DOUBLE),
        Column("samples", "Sampled values, repeats left out.", BIGINT),
        Column("sample_instants", "Different instants of these.", BIGINT),
        Column("sample_gap_max_s", "Longest time between two instants, s; null with fewer than two.", DOUBLE),
        Column("first_sample_at", "First of these instants, UTC.", TIMESTAMP),
        Column("last_sample_at", "Last of these instants, UTC.", TIMESTAMP),
    ),
)

MEASUREMENT_ANOMALIES = Table(
    "core__measurement_anomalies",
    "What is odd about sampled values and registers, per session, kind and phase; part of core__anomalies.",
    Origin.DERIVED,
    tuple(column for column in LANDED["stg_ocpp__anomalies"].columns if column.name not in VERSION_COLUMNS),
)

DERIVED: tuple[Table, ...] = (
    *(MEASUREMENTS, TRANSACTION_EVENTS, CONNECTORS, STATUS_TIMELINE, PERIODS),
    *(ENERGY_INTERVALS, REGISTER_GAPS, SESSION_POWER, MEASUREMENT_ANOMALIES),
)

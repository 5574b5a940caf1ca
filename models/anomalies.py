"""Anomalies: one vocabulary for everything that does not add up, and how the step says one. Not here: finding them.

Said by the step or derived in SQL, an anomaly names what was seen (`value`), what it was held against
(`expected`) and the frame it was seen in. It changes no figure; whoever says one has decided that already.
`docs/anomalies.md` is made from this vocabulary.
"""

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from models import ids
from models.facts import Anomaly
from models.moment import Moment
from models.state import SessionState, StationState
from models.times import as_utc

MAX_A_DAY = 64
"""Rows of one kind that a station says per day of the log; the next ones are one `too_many`."""
_DAY_US = 86_400_000_000

Seen: TypeAlias = str | int | float | Decimal | None
"""What was seen or expected; never a card number."""


class Severity(StrEnum):
    """How much an anomaly weighs; the words are those of the quality suites."""

    CRITICAL = "critical"
    """A figure is unknown or cannot be defended."""
    WARNING = "warning"
    """A figure rests on a decision that somebody may question."""
    INFO = "info"
    """Odd, and of no consequence for a figure."""


C, W, I = Severity.CRITICAL, Severity.WARNING, Severity.INFO  # noqa: E741 - read as a column of the table below


class Kind(StrEnum):
    """What can be odd: word, severity, meaning. Add freely; never reuse a word for another meaning."""

    severity: Severity
    meaning: str

    def __new__(cls, word: str, severity: Severity, meaning: str) -> "Kind":
        """A word that carries its severity and meaning."""
        kind = str.__new__(cls, word)
        kind._value_ = word
        kind.severity = severity
        kind.meaning = meaning
        return kind

    # Sessions: identity
    ORPHAN_STOP = "orphan_stop", W, "A stop whose start nobody saw; no session, no energy."
    START_AS_STOP = "start_as_stop", W, "A start that stands in place of a stop: the session it repeats ends with it."
    CONFLICTING_STOP = "conflicting_stop", W, "A second stop says something else than the one that ended the session."
    TRANSACTION_ID_UNUSABLE = "transaction_id_unusable", I, "The transactionId names no transaction: -1, 0 or max-int."
    TRANSACTION_ID_REUSED = "transaction_id_reused", W, "A transactionId was given to another session of the station."
    OVERLAPPING_SESSIONS = "overlapping_sessions", W, "A session starts while another is open on its connector."
    SESSION_LET_GO = "session_let_go", C, "Too many open sessions: the oldest is left as it stood."
    # Sessions: order and gaps
    STOP_MISSING = "stop_missing", W, "A session whose stop never came; its end is inferred from what came after."
    STOP_AFTER_INFERRED_END = "stop_after_inferred_end", W, "The stop came after the end was inferred: restated."
    SEQUENCE_GAP = "sequence_gap", W, "Events are missing between two sequence numbers of a transaction (2.x)."
    SEQUENCE_UNUSABLE = "sequence_unusable", I, "Sequence numbers that never move: times order the events (2.x)."
    SEQUENCE_RESTARTED = "sequence_restarted", I, "Sequence numbers begin anew within a transaction (2.x)."
    EVENT_AFTER_END = "event_after_end", I, "An event of a transaction that has ended; it changes no figure."
    EVSE_UNKNOWN = "evse_unknown", W, "No event of the transaction names its EVSE (2.x)."
    EVSE_CHANGED = "evse_changed", W, "A transaction names another EVSE or connector than before."
    BACKLOG = "backlog", I, "A station delivers at once what it had queued while offline."
    RESUMED = "resumed", I, "A transaction goes on after a reboot of the station."
    STATUS_OUT_OF_DATE = "status_out_of_date", I, "A status older than the connector's last one: it changes nothing."
    STOP_REASON_DOUBTED = "stop_reason_doubted", I, "What the station did contradicts the reason it gives for the stop."
    # Energy
    ENERGY_NEGATIVE = "energy_negative", C, "The register runs back within a session: its energy is unknown."
    ENERGY_IMPOSSIBLE = (
        "energy_impossible",
        C,
        "More energy than any connector can give in that time: it does not count.",
    )
    STOP_BELOW_SAMPLES = (
        "stop_below_samples",
        W,
        "A stop below registers that were sampled before it: the samples count.",
    )
    ENERGY_DISAGREES = "energy_disagrees", W, "Two kinds of evidence for a session's energy differ."
    ENERGY_UNKNOWN = "energy_unknown", W, "Nothing that was reported says what a session took."
    ENERGY_BY_PARTNER = "energy_by_partner", W, "Only a partner's document (OCPI) says what a session took."
    PARTNER_DISAGREES = "partner_disagrees", W, "A partner's CDR (OCPI) is over 1 % and 50 Wh beside the station."
    PARTNER_AMBIGUOUS = (
        "partner_ambiguous",
        I,
        "A partner's document (OCPI) may speak of several sessions: it counts for none.",
    )
    UNIT_SUSPECT = "unit_suspect", W, "A register contradicts its unit (Wh labelled kWh or the reverse)."
    UNIT_MISSING = "unit_missing", I, "A register without a unit among registers that name one."
    UNIT_UNKNOWN = "unit_unknown", I, "A unit that does not belong to its measurand."
    REGISTER_RESET = "register_reset", W, "A register starts anew; its parts are added up."
    SAMPLES_REBASED = "samples_rebased", I, "Samples count from a later zero than meterStart (session or boot)."
    REGISTER_GLITCH = "register_glitch", I, "A single sample that no other supports: left out."
    REGISTER_NEGATIVE = "register_negative", W, "A register below zero: it is none, and counts nowhere."
    REGISTER_GAP = "register_gap", W, "A session does not start where the connector's last one stopped."
    REGISTER_AFTER_STOP = "register_after_stop", I, "The register moves on after the stop; not part of the session."
    METER_ON_CONNECTOR_0 = "meter_on_connector_0", I, "Samples of a transaction on connector 0, the main meter."
    VALUE_UNREADABLE = "value_unreadable", I, "A sampled value that is no number."
    SIGNED_UNVERIFIED = "signed_unverified", I, "A signed value that nobody has verified: it decides nothing."
    NO_METERING = "no_metering", W, "A station whose sessions never carry a register."
    PHASES_DISAGREE = "phases_disagree", W, "The total differs from the sum of its phases."
    PHASES_PARTLY = "phases_partly", W, "A phase came later than the others: it counts from its first sample."
    POWER_DISAGREES = "power_disagrees", W, "Energy over charging time is above the highest sampled power."
    # Power quality
    UNDERVOLTAGE = "undervoltage", W, "A sampled voltage below its usual band."
    OVERVOLTAGE = "overvoltage", W, "A sampled voltage above its usual band."
    FREQUENCY_DEVIATION = "frequency_deviation", W, "A sampled frequency over 1 % from the grid's."
    PHASE_IMBALANCE = "phase_imbalance", I, "The phases of a session carry unequal currents."
    DERATING = "derating", I, "Less power than before in the same session, without the car asking for it."
    # Clocks
    CLOCK_UNSET = "clock_unset", I, "A time from before the clock was set (1970, 0001): receipt stands in."
    CLOCK_IMPLAUSIBLE = "clock_implausible", W, "A time years from receipt, or an end before its start: not used."
    CLOCK_OFFSET = "clock_offset", W, "The station's clock is steadily wrong; times are corrected."
    CLOCK_JUMPED = "clock_jumped", W, "The station's clock was set while it ran."
    ZONE_MISSING = "zone_missing", I, "A time without a zone: taken as UTC."
    # Faults and statuses
    FAULT_UNMAPPED = "fault_unmapped", I, "A fault code that the crosswalk does not know."
    FAULT_WHILE_HEALTHY = "fault_while_healthy", I, "An error code beside a healthy status."
    FAULT_WITHOUT_CODE = "fault_without_code", W, "Faulted, without saying what is wrong."
    FAULT_WHILE_CHARGING = "fault_while_charging", I, "Faulted is reported while energy goes on flowing."
    FLAPPING = "flapping", I, "A status or fault comes and goes faster than anything real."
    STATUS_IMPOSSIBLE = "status_impossible", I, "A status that its connector cannot have (connector 0 charging)."
    # Tokens
    TOKEN_REPAIRED = "token_repaired", I, "Control characters or a suffix were cut off a token."
    TOKEN_MISSING = "token_missing", I, "A start without a token."
    OFFLINE_ACCEPT_REJECTED = "offline_accept_rejected", W, "Accepted by the station, rejected by the system later."
    # Messages
    ANSWER_ORPHAN = "answer_orphan", I, "An answer to no call that is known."
    FRAME_REPAIRED = "frame_repaired", W, "A message that was repaired: it lacked a value, or its id was a number."
    TOO_MANY = "too_many", W, "More of one kind on one day than are said; `value` names the kind."


def say(
    state: StationState,
    kind: Kind,
    moment: Moment,
    *,
    session_id: str | None = None,
    evse_id: int | None = None,
    connector_id: int | None = None,
    value: Seen = None,
    expected: Seen = None,
    detail: str = "",
    at_us: int | None = None,
    subject: str | None = None,
) -> None:
    """Say that something is odd, at most `MAX_A_DAY` times per kind and day of the log.

    `detail` is one sentence of ours and never quotes a frame. `at_us` is when it happened by the charger's clock,
    receipt otherwise. `subject` names what is odd where that is not this frame: said again, it stays one row.
    """
    if not allows(state, kind.value, moment):
        return
    about = subject if subject is not None else f"{moment.mark}/{_text(value)}"
    row = _row(state, kind, moment, (evse_id, connector_id, session_id, about))
    row.happened_at = as_utc(moment.at(at_us))
    row.value, row.expected, row.detail = _text(value), _text(expected), detail or kind.meaning
    state.touch(row.anomaly_id, row)


def of_session(
    state: StationState,
    kind: Kind,
    session: SessionState,
    moment: Moment,
    *,
    value: Seen = None,
    expected: Seen = None,
    detail: str = "",
    at_us: int | None = None,
    subject: str | None = None,
) -> None:
    """Say that something is odd about a session, as `say` does."""
    say(
        state,
        kind,
        moment,
        session_id=session.session_id,
        evse_id=session.evse_id,
        connector_id=session.connector_id,
        value=value,
        expected=expected,
        detail=detail,
        at_us=at_us,
        subject=subject,
    )


def take_back(
    state: StationState,
    kind: Kind,
    moment: Moment,
    *,
    subject: str,
    session_id: str | None = None,
    evse_id: int | None = None,
    connector_id: int | None = None,
) -> None:
    """Take back what was said of a subject: what came later shows that it was not odd."""
    row = _row(state, kind, moment, (evse_id, connector_id, session_id, subject))
    row.deleted = True
    state.touch(row.anomaly_id, row)


def _row(
    state: StationState, kind: Kind, moment: Moment, about: tuple[int | None, int | None, str | None, str]
) -> Anomaly:
    """The row of what is odd about an EVSE, a connector, a session and a subject."""
    record = moment.record
    return Anomaly(
        version_generation=state.generation,
        version_offset=state.offset,
        anomaly_id=ids.digest("anomaly", state.station_id, kind, *about),
        anomaly=kind.value,
        severity=kind.severity.value,
        station_id=state.station_id,
        evse_id=about[0],
        connector_id=about[1],
        protocol=moment.protocol,
        session_id=about[2],
        evidence_generation=record.generation,
        evidence_partition=record.partition,
        evidence_offset=record.offset,
    )


def described() -> Iterator[tuple[str, str, str]]:
    """Word, severity and meaning of every kind, in the order of this page."""
    for kind in Kind:
        yield kind.value, kind.severity.value, kind.meaning


def allows(state: StationState, word: str, moment: Moment, most: int = MAX_A_DAY) -> bool:
    """Count a row of this kind against its day's limit; the first one too many of a day is said as such."""
    day = (moment.received_us or 0) // _DAY_US
    last_day, count = state.anomalies.get(word, (day, 0))
    # A file's times of receipt may run back: that must not open a day again.
    day, count = (day, 1) if day > last_day else (last_day, count + 1)
    if count <= most + 1:
        state.anomalies[word] = (day, count)
    if count == most + 1 and word != Kind.TOO_MANY:
        say(state, Kind.TOO_MANY, moment, value=word, subject=f"{day}/{word}")
    return count <= most


def _text(seen: Seen) -> str | None:
    if seen is None:
        return None
    return ids.bounded(f"{seen:f}" if isinstance(seen, Decimal) else str(seen))

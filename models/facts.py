"""The facts: what the step derives and `charging.<kind>` carries. One struct is the schema of its table.

The struct's field order, types and descriptions are the single source for JSON on the wire, the Arrow
schema in the lake and the COMMENTs in DuckDB (`tables`). Not here: how a fact is derived (`step`).
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from models.energy.meter_facts import MeterHabits as MeterHabits
from models.fact import REGISTERS as REGISTERS
from models.fact import ConnectorId, EvseId, Firmware, Model, Protocol, StationId, TokenId, TokenKind, Vendor
from models.fact import Fact as Fact
from models.fact import doc as doc
from models.log import FACT_PREFIX


class Session(Fact, kw_only=True, gc=False):
    """A charging session (an OCPP transaction, retries folded in)."""

    kind = "sessions"
    table = "core__sessions"
    comment = (
        "Charging sessions: one row per OCPP transaction, retries folded in. Fact; energy that only a partner knows is "
        "filled in at build (energy_basis cdr, ocpi_session)."
    )
    id_column = "session_id"

    session_id: Annotated[str, doc("Hash of station, connector and start (1.6) or transactionId (2.x).")]
    station_id: StationId
    evse_id: EvseId = None
    connector_id: ConnectorId = None
    protocol: Protocol = None
    transaction_id: Annotated[
        str | None, doc("Newest transactionId, as text; a pseudonym where it could be a card's.")
    ] = None
    token_id: TokenId = None
    token_kind: TokenKind = None
    authorization_id: Annotated[str | None, doc("The request that presented its token; null = none.")] = None
    start_status: Annotated[str | None, doc("What the answer to the start says of the token; null = nothing.")] = None
    started_at: Annotated[datetime | None, doc("Start by the charger's clock, corrected, UTC.")] = None
    ended_at: Annotated[datetime | None, doc("End by the charger's clock, corrected, or its last sign, UTC.")] = None
    end_kind: Annotated[str | None, doc("reported or inferred; null while open.")] = None
    inferred_cause: Annotated[str | None, doc("boot, next_start, available or start_as_stop showed the end.")] = None
    end_confidence: Annotated[float | None, doc("0 to 1: how sure it is that the session was over.")] = None
    started_reported_at: Annotated[datetime | None, doc("Start as the charger's clock told it, UTC.")] = None
    started_received_at: Annotated[datetime | None, doc("Receipt of the start, UTC.")] = None
    ended_reported_at: Annotated[datetime | None, doc("End as the charger's clock told it, UTC.")] = None
    ended_received_at: Annotated[datetime | None, doc("Receipt of the end, UTC.")] = None
    clock_offset_s: Annotated[int | None, doc("Seconds added to its reported times; null = its clock is sound.")] = None
    stop_reason: Annotated[str | None, doc("Reason of the stop; an omitted 1.6 reason means Local.")] = None
    energy_wh: Annotated[int | None, doc("Energy in Wh, difference of registers rounded once; null = unknown.")] = None
    energy_basis: Annotated[
        str | None,
        doc(
            "Evidence: meter_stop, begin_end (contexts), register (sampled), interval (sum) or power (trapezoid); cdr "
            "or ocpi_session: nothing but a partner's word, filled in at build."
        ),
    ] = None
    energy_confidence: Annotated[float | None, doc("0 to 1: how well the evidence supports it (ADR 0015).")] = None
    energy_flags: Annotated[str | None, doc("What was decided or is odd about it, by comma; null = nothing.")] = None
    energy_candidates: Annotated[
        str | None, doc("Every kind of evidence, as JSON; published as core__session_energy_candidates.")
    ] = None
    register_start_wh: Annotated[
        Decimal | None, doc("Register at the start, Wh: meterStart, else sampled.", REGISTERS)
    ] = None
    register_end_wh: Annotated[
        Decimal | None,
        doc("Register at the end, or as last seen, Wh: meterStop, else sampled; not stitched.", REGISTERS),
    ] = None
    register_seen_wh: Annotated[
        Decimal | None, doc("As register_end_wh, or higher where it went on after the end.", REGISTERS)
    ] = None
    register_base: Annotated[
        str | None, doc("Where that register counts from: lifetime, session or boot; null = unknown.")
    ] = None
    charging_s: Annotated[int | None, doc("Seconds in which energy flowed or Charging was reported.")] = None
    power_max_w: Annotated[int | None, doc("Highest sampled power in W.")] = None
    is_open: Annotated[bool, doc("No end seen yet.")] = True
    session_class: Annotated[
        str | None,
        doc("open, phantom, no_energy, short, low_energy, inferred_end, idle_heavy or normal: the first that fits."),
    ] = None
    is_offline: Annotated[bool | None, doc("Some of it was queued while the station was offline.")] = None
    events_missing: Annotated[int | None, doc("2.x: sequence numbers that never came; null = not numbered.")] = None
    start_trigger: Annotated[str | None, doc("2.x: triggerReason of the first event.")] = None
    remote_start_id: Annotated[str | None, doc("2.x: remoteStartId of the request that started it, as text.")] = None
    vendor: Vendor = None
    model: Model = None
    firmware: Firmware = None


class FaultEpisode(Fact, kw_only=True, gc=False):
    """A fault from its first report to its clearing; never a notification row."""

    kind = "faults"
    table = "core__fault_episodes"
    comment = "Fault episodes, opened to closed, per station, connector and canonical code. Fact."
    id_column = "fault_id"

    fault_id: Annotated[str, doc("Hash of station, connector, code as sent and opening frame.")]
    station_id: StationId
    evse_id: EvseId = None
    connector_id: ConnectorId = None
    protocol: Protocol = None
    canonical_code: Annotated[
        str, doc("What it is in every taxonomy (core__fault_codes); other_error: no row; unknown_fault: no code.")
    ] = "other_error"
    family: Annotated[str, doc("Group of the canonical code.")] = "other"
    actor: Annotated[str, doc("Who it comes from: evse, ev, driver, grid, network, vandal or unknown.")] = "unknown"
    severity: Annotated[
        str, doc("info, warning, error or critical, the worst reported. A code on a healthy status (1.6) is a warning.")
    ] = "error"
    code: Annotated[
        str, doc("1.6 errorCode, 2.x techCode or Component.Variable; Faulted where only the status said so.")
    ]
    vendor_error_code: Annotated[str | None, doc("The vendor's own code (1.6), one of its list.")] = None
    raw_code: Annotated[str, doc("The code, as sent, that the canonical one was looked up by.")] = ""
    unmapped_code: Annotated[str | None, doc("A code in the report that the crosswalk does not know.")] = None
    vendor_id: Annotated[str | None, doc("vendorId beside the code (1.6), as sent.")] = None
    info: Annotated[str | None, doc("Free text beside the code, cut, without words that could be a token.")] = None
    taxonomy: Annotated[
        str, doc("Where the code is from: ocpp16, mrec, evgo_mrec, uec, ocpp2_cv, vendor, status or none.")
    ] = "none"
    mapping_version: Annotated[str | None, doc("Version of the crosswalk that mapped it.")] = None
    mapping_confidence: Annotated[float | None, doc("0 to 1: how sure the mapping is.")] = None
    opened_at: Annotated[datetime | None, doc("First report, charger's clock where sound, UTC.")] = None
    closed_at: Annotated[datetime | None, doc("Clearing report, UTC; null while open.")] = None
    opened_received_at: Annotated[datetime | None, doc("Receipt of the first report, UTC.")] = None
    closed_received_at: Annotated[datetime | None, doc("Receipt of the clearing report, UTC; null while open.")] = None
    is_open: Annotated[bool, doc("Not cleared yet.")] = True
    close_kind: Annotated[
        str,
        doc(
            "open, explicit_clear (its own clearing), superseded (another code), implied_by_status (healthy), "
            "implied_by_boot (not said again) or implied_by_session (a later one took energy)."
        ),
    ] = "open"
    reopened: Annotated[int, doc("How often it came back within 30 s of its clearing: still one episode.")] = 0
    in_transaction: Annotated[bool, doc("A session was open on its connector when it opened.")] = False
    blocks_charging: Annotated[
        bool | None, doc("False: energy flowed meanwhile; true: a session saw none flow; null: nobody can tell.")
    ] = None
    vendor: Vendor = None
    model: Model = None
    firmware: Firmware = None
    opened_generation: Annotated[int | None, doc("Generation of the frame that opened it.", "int32")] = None
    opened_partition: Annotated[int | None, doc("Partition of that frame.", "int32")] = None
    opened_offset: Annotated[int | None, doc("Offset of that frame.")] = None
    closed_generation: Annotated[int | None, doc("Generation of the frame that closed it.", "int32")] = None
    closed_partition: Annotated[int | None, doc("Partition of that frame.", "int32")] = None
    closed_offset: Annotated[int | None, doc("Offset of that frame.")] = None


class Status(Fact, kw_only=True, gc=False):
    """One reported status of a connector."""

    kind = "statuses"
    table = "core__statuses"
    comment = "Reported connector statuses, one row per change. Fact."
    id_column = "status_id"

    status_id: Annotated[str, doc("Hash of station, connector and position.")]
    station_id: StationId
    evse_id: EvseId = None
    connector_id: ConnectorId = None
    protocol: Protocol = None
    status: Annotated[str, doc("Status as reported (1.6: nine values, 2.x: five).")]
    error_code: Annotated[str | None, doc("1.6 errorCode beside it; null in 2.x.")] = None
    happened_at: Annotated[datetime | None, doc("Charger's time, its clock corrected, else receipt, UTC.")] = None
    reported_at: Annotated[datetime | None, doc("Charger's timestamp as its clock told it, UTC.")] = None
    received_at: Annotated[datetime | None, doc("Receiver's clock, UTC.")] = None


class Authorization(Fact, kw_only=True, gc=False):
    """One Authorize request and its answer."""

    kind = "authorizations"
    table = "core__authorizations"
    comment = "Authorize requests and their answers. Fact."
    id_column = "authorization_id"

    authorization_id: Annotated[str, doc("Hash of station, message id and position.")]
    station_id: StationId
    protocol: Protocol = None
    token_id: TokenId = None
    token_kind: TokenKind = None
    asked_at: Annotated[datetime | None, doc("Receipt of the request, UTC.")] = None
    answered_at: Annotated[datetime | None, doc("Time of the answer, UTC; null while unanswered.")] = None
    status: Annotated[str | None, doc("Authorization status of the answer; null while unanswered.")] = None
    purpose: Annotated[str | None, doc("What it led to: start or stop of `session_id`; null = nothing seen.")] = None
    session_id: Annotated[str | None, doc("The session that it began or ended.")] = None
    start_status: Annotated[str | None, doc("What the answer to the session's start says of the token.")] = None
    is_rejected_later: Annotated[bool, doc("Accepted, or not answered, yet that start's answer rejects it.")] = False
    is_energised: Annotated[bool, doc("Energy flowed in the session that it began.")] = False


class Rate(Fact, kw_only=True, gc=False):
    """Per station and hour of receipt: the live rates."""

    kind = "rates"
    table = "core__rates"
    comment = "Energy, sessions and faults per station and hour of receipt. Fact."
    id_column = "rate_id"

    rate_id: Annotated[str, doc("Station and hour.")]
    station_id: StationId
    hour: Annotated[datetime, doc("Start of the hour of receipt, UTC.")]
    energy_wh: Annotated[int, doc("Register travel seen in that hour, Wh.")] = 0
    sessions: Annotated[int, doc("Sessions started in that hour.")] = 0
    faults: Annotated[int, doc("Fault episodes opened in that hour.")] = 0
    fault_s: Annotated[int, doc("Seconds of the hour of receipt in which a fault was known to be open.")] = 0


class Station(Fact, kw_only=True, gc=False):
    """A station as it last booted."""

    kind = "stations"
    table = "core__stations"
    comment = "Stations as they last booted. Fact."
    id_column = "station_id"

    station_id: StationId
    protocol: Protocol = None
    vendor: Vendor = None
    model: Model = None
    serial_number: Annotated[str | None, doc("Serial number as last booted.")] = None
    firmware: Firmware = None
    booted_at: Annotated[datetime | None, doc("Receipt of the newest BootNotification, UTC.")] = None
    clock_state: Annotated[
        str | None,
        doc("Its clock: sound, offset (times are corrected), unset (1970), unsteady (unknown again); null = too few."),
    ] = None
    clock_offset_s: Annotated[int | None, doc("Seconds added to its reported times; null = none.")] = None
    clock_jumps: Annotated[int, doc("How often its clock was set or stepped.")] = 0


class Anomaly(Fact, kw_only=True, gc=False):
    """Something that does not add up, with the frame it was seen in; the words are those of `anomalies`."""

    kind = "anomalies"
    table = "stg_ocpp__anomalies"
    comment = "Anomalies as the step said them; core__anomalies adds those that SQL finds. Fact."
    id_column = "anomaly_id"

    anomaly_id: Annotated[str, doc("Hash of station, anomaly, place, session and frame or subject.")]
    anomaly: Annotated[str, doc("What is odd: a word of docs/anomalies.md.")]
    severity: Annotated[str, doc("critical, warning or info: how much it weighs for the figures.")]
    station_id: StationId
    evse_id: EvseId = None
    connector_id: ConnectorId = None
    protocol: Protocol = None
    session_id: Annotated[str | None, doc("The session it is about; null where it is about none.")] = None
    happened_at: Annotated[datetime | None, doc("When, by the charger's clock where sound, else receipt, UTC.")] = None
    value: Annotated[str | None, doc("What was seen, as text.")] = None
    expected: Annotated[str | None, doc("What it was held against, as text.")] = None
    detail: Annotated[str, doc("One sentence; never quotes a frame.")] = ""
    evidence_generation: Annotated[int | None, doc("Generation of the frame it was seen in.", "int32")] = None
    evidence_partition: Annotated[int | None, doc("Partition of that frame.", "int32")] = None
    evidence_offset: Annotated[int | None, doc("Offset of that frame.")] = None


class Restatement(Fact, kw_only=True, gc=False):
    """A figure that was said and has changed, because the truth came later."""

    kind = "restatements"
    table = "core__restatements"
    comment = "Sessions and faults whose figures changed after they were said, and why. Fact."
    id_column = "restatement_id"

    restatement_id: Annotated[str, doc("Hash of the restated row and of what restated it.")]
    station_id: StationId
    table_name: Annotated[str, doc("Table of the restated row.")]
    entity_id: Annotated[str, doc("Id of the restated row (session_id, fault_id).")]
    cause: Annotated[
        str,
        doc("late_frames, late_stop, late_event, resumed, start_as_stop, stop_taken_back, clock_known or replay."),
    ]
    energy_before_wh: Annotated[int | None, doc("Energy as said before, Wh.")] = None
    energy_after_wh: Annotated[int | None, doc("Energy since, Wh.")] = None
    started_before_at: Annotated[datetime | None, doc("Start as said before, UTC.")] = None
    started_after_at: Annotated[datetime | None, doc("Start since, UTC.")] = None
    ended_before_at: Annotated[datetime | None, doc("End as said before, UTC; null = open.")] = None
    ended_after_at: Annotated[datetime | None, doc("End since, UTC; null = open.")] = None
    is_retracted: Annotated[bool, doc("The row is no longer there: taken back.")] = False
    changed_columns: Annotated[str | None, doc("Columns that differ, by comma; for late_frames and replay.")] = None
    restated_at: Annotated[datetime | None, doc("Newest receipt of the station by then, UTC.")] = None


class Replay(Fact, kw_only=True, gc=False):
    """A station folded anew over all its frames, because some came late; kept also where it changed nothing."""

    kind = "replays"
    table = "core__replays"
    comment = "Stations folded anew because frames came late, and how many facts that changed. Fact."
    id_column = "replay_id"

    replay_id: Annotated[str, doc("Hash of station and number of the replay.")]
    station_id: StationId
    cause: Annotated[str, doc("late_frames.")]
    late_frames: Annotated[int, doc("Frames and connections that had come late since the replay before.")]
    late_since: Annotated[datetime | None, doc("Earliest receipt among them, UTC.")] = None
    late_source: Annotated[str | None, doc("File or connection that brought the first of them.")] = None
    facts_added: Annotated[int, doc("Facts that only the replay found.")] = 0
    facts_changed: Annotated[int, doc("Facts that were said otherwise before.")] = 0
    facts_retracted: Annotated[int, doc("Facts taken back.")] = 0
    until_generation: Annotated[int, doc("Place in the log up to which all frames took part: generation.", "int32")] = 0
    until_offset: Annotated[int, doc("Place in the log up to which all frames took part: offset.")] = 0
    replayed_at: Annotated[datetime | None, doc("Newest receipt of the station by then, UTC.")] = None


class TokenKey(Fact, kw_only=True, gc=False):
    """One form in which a token may be known elsewhere."""

    kind = "token_keys"
    table = "stg_ocpp__token_keys"
    comment = "Forms in which the tokens that a station met may be known elsewhere; see core__token_aliases. Fact."
    id_column = "token_key_id"

    token_key_id: Annotated[str, doc("Hash of station, token, rule and form.")]
    station_id: StationId
    token_id: TokenId
    token_kind: TokenKind = None
    form_id: Annotated[str, doc("Pseudonym of the form.")]
    rule: Annotated[str, doc("How the form follows from the token: suffix, truncated_crc, byte_order, ...")]
    score: Annotated[float, doc("How likely a token of that form is the same card, 0 to 1.")]
    seen_at: Annotated[datetime | None, doc("Receipt of the message that showed the token, UTC.")] = None


class StationEvent(Fact, kw_only=True, gc=False):
    """A command to a station, or a message about itself: what tells a fault from an operator's action."""

    kind = "events"
    table = "core__station_events"
    comment = "Commands and their answers; boots, logs, firmware, security, payments, alarms, vendors' messages. Fact."
    id_column = "event_id"

    event_id: Annotated[str, doc("Hash of station, action and frame.")]
    station_id: StationId
    evse_id: EvseId = None
    connector_id: ConnectorId = None
    protocol: Protocol = None
    action: Annotated[str, doc("OCPP action, such as Reset, RemoteStopTransaction or FirmwareStatusNotification.")]
    asked_by: Annotated[str, doc("system (a command) or station.")]
    transaction_id: Annotated[str | None, doc("transactionId that it names, as text.")] = None
    token_id: TokenId = None
    happened_at: Annotated[datetime | None, doc("Receipt; the charger's clock where the log has no times, UTC.")] = None
    reported_at: Annotated[datetime | None, doc("Time in the message by the charger's clock, UTC; null = none.")] = None
    answered_at: Annotated[datetime | None, doc("Receipt of the answer, UTC; null while unanswered.")] = None
    outcome: Annotated[str | None, doc("Status of the answer, such as Accepted; error for an error answer.")] = None
    detail: Annotated[str | None, doc("Its words by name: type, status, reason, key, vendor; never a token.")] = None


KINDS: tuple[type[Fact], ...] = (
    Session,
    FaultEpisode,
    Status,
    Authorization,
    Rate,
    Station,
    Anomaly,
    Restatement,
    Replay,
    TokenKey,
    MeterHabits,
    StationEvent,
)
"""Every fact kind: the one table that topics, landing, tables and suites are made from."""


def topic(kind: type[Fact]) -> str:
    """The Kafka topic that carries a kind."""
    return FACT_PREFIX + kind.kind

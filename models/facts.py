"""The facts: what the step derives and `charging.<kind>` carries. One struct is the schema of its table.

The struct's field order, types and descriptions are the single source for JSON on the wire, the Arrow
schema in the lake and the COMMENTs in DuckDB (`tables`). Not here: how a fact is derived (`step`).
"""

from datetime import datetime
from typing import Annotated, ClassVar

import msgspec

from models.log import FACT_PREFIX


def doc(text: str, arrow: str | None = None) -> msgspec.Meta:
    """A column's COMMENT, and its Arrow type where the Python type does not say it."""
    return msgspec.Meta(description=text, extra={"arrow": arrow} if arrow else None)


StationId = Annotated[str, doc("Charging station, as in its connection URL.")]
EvseId = Annotated[int | None, doc("EVSE number (OCPP 2.x); null in 1.6.", "int32")]
ConnectorId = Annotated[int | None, doc("Connector number; 0 is the station as a whole.", "int32")]
Protocol = Annotated[str | None, doc("ocpp1.6, ocpp2.0.1 or ocpp2.1.")]
TokenId = Annotated[str | None, doc("Pseudonym of the token: a keyed hash of its canonical form.")]
Vendor = Annotated[str | None, doc("Vendor as last booted.")]
Model = Annotated[str | None, doc("Model as last booted.")]
Firmware = Annotated[str | None, doc("Firmware version as last booted.")]


class Fact(msgspec.Struct, kw_only=True, gc=False):
    """What every fact carries: the version that decides between two rows of one id (highest wins)."""

    kind: ClassVar[str]
    table: ClassVar[str]
    comment: ClassVar[str]
    id_column: ClassVar[str]

    version_generation: Annotated[int, doc("Generation of the record handled when this was said.")]
    version_offset: Annotated[int, doc("Offset of the record handled when this was said.")]
    deleted: Annotated[bool, doc("True: an earlier fact of this id is taken back.")] = False

    @property
    def fact_id(self) -> str:
        """The deterministic id: same log, same id."""
        value: str = getattr(self, self.id_column)
        return value


class Session(Fact, kw_only=True, gc=False):
    """A charging session (an OCPP transaction, retries folded in)."""

    kind = "sessions"
    table = "core__sessions"
    comment = "Charging sessions: one row per OCPP transaction, retries folded in. Fact."
    id_column = "session_id"

    session_id: Annotated[str, doc("Hash of station, connector and start (1.6) or transactionId (2.x).")]
    station_id: StationId
    evse_id: EvseId = None
    connector_id: ConnectorId = None
    protocol: Protocol = None
    transaction_id: Annotated[str | None, doc("Newest transactionId of the session, as text.")] = None
    token_id: TokenId = None
    started_at: Annotated[datetime | None, doc("Start as the charger reported it, UTC.")] = None
    ended_at: Annotated[datetime | None, doc("End as the charger reported it, UTC; null while open.")] = None
    stop_reason: Annotated[str | None, doc("Reason of the stop; an omitted 1.6 reason means Local.")] = None
    energy_wh: Annotated[int | None, doc("Energy in Wh, difference of registers rounded once; null = unknown.")] = None
    energy_basis: Annotated[
        str | None, doc("Evidence: meter_stop (meterStop - meterStart) or register (sampled registers).")
    ] = None
    charging_s: Annotated[int | None, doc("Seconds in which energy flowed or Charging was reported.")] = None
    power_max_w: Annotated[int | None, doc("Highest sampled power in W.")] = None
    is_open: Annotated[bool, doc("No end seen yet.")] = True
    vendor: Vendor = None
    model: Model = None
    firmware: Firmware = None


class FaultEpisode(Fact, kw_only=True, gc=False):
    """A fault from its first report to its clearing; never a notification row."""

    kind = "faults"
    table = "core__fault_episodes"
    comment = "Fault episodes, opened to closed, per station, connector and code. Fact."
    id_column = "fault_id"

    fault_id: Annotated[str, doc("Hash of station, connector, code and opening position.")]
    station_id: StationId
    evse_id: EvseId = None
    connector_id: ConnectorId = None
    protocol: Protocol = None
    code: Annotated[
        str, doc("1.6 errorCode, 2.x techCode or Component.Variable; Faulted where only the status said so.")
    ]
    vendor_error_code: Annotated[str | None, doc("The vendor's own code.")] = None
    opened_at: Annotated[datetime | None, doc("First report, charger's clock where sound, UTC.")] = None
    closed_at: Annotated[datetime | None, doc("Clearing report, UTC; null while open.")] = None
    is_open: Annotated[bool, doc("Not cleared yet.")] = True
    vendor: Vendor = None
    model: Model = None
    firmware: Firmware = None


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
    reported_at: Annotated[datetime | None, doc("Charger's timestamp, UTC.")] = None
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
    asked_at: Annotated[datetime | None, doc("Receipt of the request, UTC.")] = None
    answered_at: Annotated[datetime | None, doc("Time of the answer, UTC; null while unanswered.")] = None
    status: Annotated[str | None, doc("Authorization status of the answer; null while unanswered.")] = None


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
    fault_s: Annotated[int, doc("Seconds of the hour in which at least one fault was open.")] = 0


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


KINDS: tuple[type[Fact], ...] = (Session, FaultEpisode, Status, Authorization, Rate, Station)
"""Every fact kind: the one table that topics, landing, tables and suites are made from."""


def topic(kind: type[Fact]) -> str:
    """The Kafka topic that carries a kind."""
    return FACT_PREFIX + kind.kind

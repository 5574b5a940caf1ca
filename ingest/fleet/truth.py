"""What a fleet really did, to compare with what the pipeline found. Not here: how it did it."""

from collections import Counter
from datetime import datetime
from pathlib import Path

import msgspec


class TruthSession(msgspec.Struct, kw_only=True):
    """One session. `ended_at` is null where the station never reported an end."""

    station_id: str
    connector_id: int
    token: str
    started_at: datetime
    ended_at: datetime | None
    energy_wh: int
    """Register travel the log shows: to the stop, or to the last sample of a session without one."""
    stop_reason: str | None
    transaction_id: str | None = None
    register_wh: int
    """Where the connector's register stood when the session was over."""


class TruthFault(msgspec.Struct, kw_only=True):
    """One fault episode; `closed_at` is null while it lasts."""

    station_id: str
    connector_id: int
    code: str
    opened_at: datetime
    closed_at: datetime | None


class TruthAuthorization(msgspec.Struct, kw_only=True):
    """One Authorize request; `status` is null where no answer came."""

    station_id: str
    token: str
    asked_at: datetime
    status: str | None


class TruthStation(msgspec.Struct, kw_only=True):
    """One station as it was at the end."""

    station_id: str
    protocol: str
    vendor: str
    model: str
    firmware: str
    site_id: str
    site_name: str
    site_kind: str
    city: str
    latitude: float
    longitude: float
    connectors: int
    power_w: int


class Truth(msgspec.Struct, kw_only=True):
    """All of it. Card numbers are in clear and made up."""

    seed: int
    begin: datetime
    end: datetime
    frames: int = 0
    """Frames in the log, both directions, without opened and closed connections (0 for a live fleet)."""
    stations: list[TruthStation] = []
    sessions: list[TruthSession] = []
    faults: list[TruthFault] = []
    authorizations: list[TruthAuthorization] = []

    @property
    def energy_wh(self) -> int:
        """Energy of all sessions."""
        return sum(session.energy_wh for session in self.sessions)

    def registers(self) -> dict[tuple[str, int], int]:
        """Where each connector's register stood at last, by station and connector."""
        return {
            (session.station_id, session.connector_id): session.register_wh
            for session in sorted(self.sessions, key=lambda session: session.started_at)
        }

    def sessions_by_station(self) -> dict[str, int]:
        """Sessions per station."""
        return dict(sorted(Counter(session.station_id for session in self.sessions).items()))

    def faults_by_station_and_code(self) -> dict[tuple[str, str], int]:
        """Fault episodes per station and code."""
        return dict(sorted(Counter((fault.station_id, fault.code) for fault in self.faults).items()))

    def authorizations_by_status(self) -> dict[str, int]:
        """Authorize requests by the status of their answer, `unanswered` without one."""
        return dict(sorted(Counter(asked.status or "unanswered" for asked in self.authorizations).items()))

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n")

    @classmethod
    def read(cls, path: Path) -> "Truth":
        """Read it back."""
        return msgspec.json.decode(path.read_bytes(), type=cls)

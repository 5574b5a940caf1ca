"""What a run did beside what the whole warehouse holds. Not here: doing it (`process`), printing it (`cli`)."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from decimal import Decimal

from models.facts import KINDS
from pipelines.home import Home


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts of the published warehouse, or the difference between two of them."""

    frames: int = 0
    connections: int = 0
    facts: dict[str, int] = field(default_factory=dict)
    dead_letters: dict[str, int] = field(default_factory=dict)
    sessions: int = 0
    open_sessions: int = 0
    energy_wh: int = 0
    late_frames: int = 0
    replayed: int = 0
    """Replays of a station, because frames came late."""
    restated: int = 0
    """Facts that those changed after they were said."""
    retracted: int = 0
    """Facts that they took back."""

    @property
    def energy_kwh(self) -> float:
        """Energy of all sessions in kWh, three decimals."""
        return float(Decimal(self.energy_wh) / 1000)

    def since(self, before: "Totals") -> "Totals":
        """What came on top of `before`."""
        return Totals(
            self.frames - before.frames,
            self.connections - before.connections,
            _difference(self.facts, before.facts),
            _difference(self.dead_letters, before.dead_letters),
            self.sessions - before.sessions,
            self.open_sessions - before.open_sessions,
            self.energy_wh - before.energy_wh,
            self.late_frames - before.late_frames,
            self.replayed - before.replayed,
            self.restated - before.restated,
            self.retracted - before.retracted,
        )

    def as_json(self) -> dict[str, object]:
        """As `--json` shows it."""
        return {**asdict(self), "energy_kwh": self.energy_kwh}


@dataclass(frozen=True, slots=True)
class FileCount:
    """What became of one file's lines: in = landed + already known + refused."""

    name: str
    source: str
    lines: int
    frames: int = 0
    connections: int = 0
    landed: int = 0
    already_known: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    is_skipped: bool = False

    @property
    def is_conserved(self) -> bool:
        """Whether every line is accounted for."""
        return self.lines == self.landed + self.already_known + sum(self.refused.values())


@dataclass(frozen=True, slots=True)
class Summary:
    """One run of `process`."""

    files: tuple[FileCount, ...]
    run: Totals
    whole: Totals
    database: str
    seconds: float

    @property
    def is_conserved(self) -> bool:
        """Whether every line of every file is accounted for."""
        return all(file.is_conserved for file in self.files)

    @property
    def refused(self) -> dict[str, int]:
        """Lines that were not landed, by reason."""
        return dict(sum((Counter(file.refused) for file in self.files), Counter[str]()))

    def total(self, name: str) -> int:
        """Sum of a count over all files."""
        return sum(getattr(file, name) for file in self.files)

    def as_json(self) -> dict[str, object]:
        """As `--json` shows it."""
        counted = ("lines", "frames", "connections", "landed", "already_known")
        names = {"lines": "lines_in", "frames": "frames_in", "connections": "connections_in"}
        return {
            "this_run": {
                **{names.get(name, name): self.total(name) for name in counted},
                "refused": self.refused,
                **{key: value for key, value in self.run.as_json().items() if key not in ("frames", "connections")},
                "seconds": round(self.seconds, 3),
            },
            "whole_warehouse": self.whole.as_json(),
            "files": [{**asdict(file), "is_conserved": file.is_conserved} for file in self.files],
            "is_conserved": self.is_conserved,
            "database": self.database,
        }


def totals(home: Home) -> Totals:
    """Count the published warehouse; all zero before the first build."""
    from pipelines.warehouse import read

    try:
        connection = read.connect_readonly(home)
    except read.NoWarehouseError:
        return Totals()
    with connection:

        def rows(query: str) -> list[tuple[object, ...]]:
            return connection.execute(query).fetchall()

        def number(query: str) -> int:
            return int(str(rows(query)[0][0]))

        return Totals(
            frames=number("SELECT count(*) FROM raw_ocpp__frames"),
            connections=number("SELECT count(*) FROM raw_ocpp__connections"),
            facts={kind.kind: number(f"SELECT count(*) FROM {kind.table}") for kind in KINDS},
            dead_letters={
                str(reason): int(str(count))
                for reason, count in rows("SELECT reason, count(*) FROM core__dead_letters GROUP BY reason ORDER BY 1")
            },
            sessions=number("SELECT count(*) FROM core__sessions"),
            open_sessions=number("SELECT count(*) FROM core__sessions WHERE is_open"),
            energy_wh=number("SELECT coalesce(sum(energy_wh), 0) FROM core__sessions"),
            late_frames=number("SELECT count(*) FROM core__late_frames"),
            replayed=number("SELECT count(*) FROM core__replays"),
            restated=number("SELECT coalesce(sum(facts_changed), 0) FROM core__replays"),
            retracted=number("SELECT coalesce(sum(facts_retracted), 0) FROM core__replays"),
        )


def _difference(now: dict[str, int], before: dict[str, int]) -> dict[str, int]:
    return {name: count - before.get(name, 0) for name, count in now.items() if count != before.get(name, 0)}

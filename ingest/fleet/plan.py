"""When what happens at a station over days: arrivals by site and weekday, faults, power cuts, an update.

Not here: messages. One station's plan depends on the seed and its id only.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from math import exp
from random import Random
from typing import Final, NamedTuple

from ingest.fleet.happenings import (
    COMMON_FAULTS,
    COMMON_WEIGHTS,
    CONTACTOR,
    HOT,
    UNANSWERED,
    Fault,
    Happening,
    Refusal,
    Restart,
    Session,
    Visit,
    charged,
    pick,
)
from ingest.fleet.network import FAULTY_FIRMWARE, Card, Network, SiteKind, Station

DAY_S: Final = 86_400
_PAUSE_S: Final = 240
"""Least time between two cars at one connector."""
_POWER_CUT: Final = 0.012
_RETRIED: Final = 0.015
_REFUSED_PER_DAY: Final = 0.22
_UNANSWERED: Final = 0.05


class Habit(NamedTuple):
    """How a kind of site is used."""

    per_day: tuple[float, ...]
    """Sessions per connector, Monday to Sunday."""
    peaks: tuple[tuple[float, float, float], ...]
    """Arrival peaks: hour, spread in hours, weight."""
    stay_min: tuple[int, int, int]
    """Shortest, usual and longest stay."""
    need_kwh: tuple[int, int, int]
    cars_w: tuple[int, ...]
    every_s: int
    """Meter sample interval."""


HABITS: Final = {
    SiteKind.WORKPLACE: Habit(
        (1.1, 1.2, 1.2, 1.15, 0.9, 0.08, 0.05),
        ((7.8, 0.7, 6), (12.6, 0.6, 1.5), (9.5, 1.0, 1)),
        (120, 470, 600),
        (6, 18, 45),
        (3_700, 7_400, 11_000, 11_000, 22_000),
        1800,
    ),
    SiteKind.MOTORWAY: Habit(
        (5.5, 5.2, 5.5, 6.2, 9.0, 7.5, 8.8),
        ((8.2, 1.2, 2), (12.3, 1.5, 4), (17.2, 1.8, 5), (21.0, 1.5, 1)),
        (9, 24, 58),
        (12, 31, 62),
        (50_000, 85_000, 120_000, 150_000, 170_000),
        300,
    ),
    SiteKind.RESIDENTIAL: Habit(
        (1.25, 1.25, 1.25, 1.2, 1.1, 0.8, 1.3),
        ((17.8, 1.1, 6), (20.5, 1.2, 3), (14.0, 2.0, 1)),
        (180, 690, 900),
        (5, 16, 50),
        (3_700, 7_400, 7_400, 11_000),
        1800,
    ),
    SiteKind.RETAIL: Habit(
        (2.2, 2.2, 2.4, 2.6, 3.4, 4.6, 3.0),
        ((11.5, 1.6, 3), (16.8, 1.4, 5), (19.0, 0.8, 1)),
        (15, 48, 140),
        (3, 11, 38),
        (7_400, 11_000, 22_000, 50_000, 100_000),
        900,
    ),
}


def of_station(
    network: Network, station: Station, refused: tuple[Card, ...], seed: int, span: range
) -> list[Happening]:
    """All that happens at one station in `span` (seconds since the epoch), in order of time."""
    planner = _Planner(network, station, Random(f"plan {seed} {station.station_id}"), span)
    happenings: list[Happening] = [*planner.restarts(), *planner.faults()]
    for connector_id in range(1, station.make.connectors + 1):
        happenings += planner.sessions(connector_id)
    happenings += planner.power_cuts
    happenings += planner.refusals(refused)
    return sorted(happenings, key=begins_at)


def begins_at(happening: Happening) -> int:
    """When something starts."""
    match happening:
        case Session():
            return happening.began_at
        case Fault():
            return happening.opened_at
        case Restart():
            return happening.down_at
        case Refusal():
            return happening.at


class _Planner:
    def __init__(self, network: Network, station: Station, rng: Random, span: range) -> None:
        self._network = network
        self._station = station
        self._rng = rng
        self._span = span
        self._closed: list[tuple[int, int, int]] = []
        self.power_cuts: list[Restart] = []
        middle = span.start + (len(span) // 2) // DAY_S * DAY_S
        self._updated_at = middle + rng.randrange(2 * 3600, 4 * 3600) if station.make.update else span.stop

    def restarts(self) -> Iterator[Restart]:
        make, start = self._station.make, self._span.start + self._rng.randrange(5, 300)
        self._close(0, self._span.start, start + 60)
        yield Restart(start, start, make.firmware, "PowerUp")
        if make.update:
            back = self._updated_at + self._rng.randrange(120, 400)
            self._close(0, self._updated_at - 900, back + 120)
            yield Restart(self._updated_at, back, make.update, "FirmwareUpdate")

    def faults(self) -> Iterator[Fault]:
        rng, make = self._rng, self._station.make
        for day in range(self._span.start, self._span.stop, DAY_S):
            clusters = (make.model, self._firmware_at(day + DAY_S // 2)) == FAULTY_FIRMWARE
            for _ in range(_poisson(rng, 1.8 if clusters else 0.15)):
                kind = rng.choices((HOT, CONTACTOR), (4, 1))[0] if clusters else None
                kind = kind or rng.choices(COMMON_FAULTS, COMMON_WEIGHTS)[0]
                opened = day + int(min(max(rng.gauss(14.5, 4.5), 4.5), 23.8) * 3600)
                lasts = int(min(max(rng.lognormvariate(3.6, 0.9), 4), 600) * 60)
                connector_id = rng.randrange(make.connectors) + 1
                if opened < self._span.stop - 60 and self._is_free(0, opened - 60, opened + lasts + 60):
                    self._close(connector_id, opened, opened + lasts)
                    yield Fault(connector_id, kind, opened, opened + lasts)

    def sessions(self, connector_id: int) -> Iterator[Session]:
        rng, make, kind = self._rng, self._station.make, self._station.site.kind
        habit, cards = HABITS[kind], self._network.cards[kind]
        free_from, meter_wh = self._span.start, rng.randrange(200_000, 40_000_000)
        for wanted in self._visits(habit):
            if not free_from + _PAUSE_S <= wanted.began_at < self._span.stop - 120 or self._blocks(
                connector_id, wanted.began_at
            ):
                continue
            visit, reason = self._cut_short(wanted, connector_id)
            if visit.stay_s < 180:
                continue
            session = charged(visit, make, connector_id, pick(rng, cards), meter_wh, habit.every_s)
            session = session._replace(is_retried=rng.random() < _RETRIED, reason=reason)
            meter_wh, free_from = session.meter_stop_wh, session.ended_at
            if session.ended_at > self._span.stop - 60:
                yield self._unfinished(session, self._span.stop - 60)
                return
            if rng.random() < _POWER_CUT and (cut := self._power_cut(session)):
                session, free_from = cut
                meter_wh = session.meter_stop_wh + 40
            yield session

    def refusals(self, refused: tuple[Card, ...]) -> Iterator[Refusal]:
        rng = self._rng
        for day in range(self._span.start, self._span.stop, DAY_S):
            for _ in range(_poisson(rng, _REFUSED_PER_DAY)):
                at = day + int(min(max(rng.gauss(15, 4), 1), 23) * 3600)
                if self._is_free(0, at - 120, at + 120):
                    card = pick(rng, refused)
                    if rng.random() < _UNANSWERED:
                        card = card._replace(status=UNANSWERED)
                    yield Refusal(card, at)
                    if rng.random() < 0.4:
                        yield Refusal(card, at + rng.randrange(15, 50))

    def _visits(self, habit: Habit) -> Iterator[Visit]:
        rng = self._rng
        for day in range(self._span.start, self._span.stop, DAY_S):
            weekday = datetime.fromtimestamp(day, UTC).weekday()
            hours = []
            for _ in range(_poisson(rng, habit.per_day[weekday])):
                hour, spread, _weight = rng.choices(habit.peaks, [weight for *_, weight in habit.peaks])[0]
                hours.append(min(max(rng.gauss(hour, spread), 0.1), 23.9))
            for hour in sorted(hours):
                stay = int(_triangular(rng, habit.stay_min) * 60)
                need = int(_triangular(rng, habit.need_kwh) * 1000)
                yield Visit(day + int(hour * 3600), stay, need, rng.choice(habit.cars_w))

    def _cut_short(self, visit: Visit, connector_id: int) -> tuple[Visit, str]:
        """The visit and why it ends; earlier where its connector fails or the station restarts."""
        ends_at = visit.began_at + visit.stay_s
        starts = [
            start for who, start, _ in self._closed if who in (0, connector_id) and visit.began_at <= start < ends_at
        ]
        if starts:
            return visit._replace(stay_s=min(starts) - 30 - visit.began_at), "Other"
        return visit, self._rng.choices(("Local", "EVDisconnected", "Remote"), (5, 4, 2))[0]

    def _power_cut(self, session: Session) -> tuple[Session, int] | None:
        if self._station.make.connectors > 1 or len(session.samples) < 2:
            return None
        down = session.samples[len(session.samples) // 2].at + 45
        up = down + self._rng.randrange(300, 5400)
        if not self._is_free(0, down - 60, up + 60) or up > self._span.stop - 600:
            return None
        self._close(0, down, up + 60)
        self.power_cuts.append(Restart(down, up, self._firmware_at(down), "PowerUp"))
        return self._unfinished(session, down), up + 60

    @staticmethod
    def _unfinished(session: Session, at: int) -> Session:
        kept = tuple(sample for sample in session.samples if sample.at < at)
        last_wh = kept[-1].register_wh if kept else session.meter_start_wh
        return session._replace(samples=kept, ended_at=at, meter_stop_wh=last_wh, has_end=False)

    def _firmware_at(self, at: int) -> str:
        make = self._station.make
        return make.update if make.update and at >= self._updated_at else make.firmware

    def _close(self, connector_id: int, start: int, end: int) -> None:
        self._closed.append((connector_id, start, end))

    def _is_free(self, connector_id: int, start: int, end: int) -> bool:
        return not any(
            begin < end and start < stop
            for who, begin, stop in self._closed
            if connector_id == 0 or who in (0, connector_id)
        )

    def _blocks(self, connector_id: int, at: int) -> bool:
        return not self._is_free(connector_id, at - _PAUSE_S, at + 60)


def _triangular(rng: Random, low_mode_high: tuple[int, int, int]) -> float:
    low, mode, high = low_mode_high
    return rng.triangular(low, high, mode)


def _poisson(rng: Random, mean: float) -> int:
    limit, count, product = exp(-mean), 0, rng.random()
    while product > limit:
        count += 1
        product *= rng.random()
    return count

"""What can happen at a station: sessions, faults, refused cards, restarts. Times are seconds since the epoch.

Not here: when it happens (`plan`) and in which words a station reports it (`script_v16`, `script_v201`).
"""

from collections.abc import Sequence
from random import Random
from typing import Final, NamedTuple

from ingest.fleet.network import Card, Make

START_DELAY_S: Final = 25
"""From plugging in to the start of the transaction."""
CHARGE_DELAY_S: Final = 35
"""From there until the contactor closes: no energy flows before the station says Charging."""


class Sample(NamedTuple):
    """One meter reading during a session."""

    at: int
    register_wh: int
    power_w: int
    soc_pct: int | None


class Session(NamedTuple):
    """One charging session, plug to unplug."""

    connector_id: int
    card: Card
    began_at: int
    ended_at: int
    meter_start_wh: int
    meter_stop_wh: int
    samples: Sequence[Sample]
    full_at: int
    """When the car stopped drawing; at or after `ended_at` where it never did."""
    reason: str
    is_retried: bool = False
    """The start is sent twice: its first answer was lost."""
    has_end: bool = True
    """False: a power cut; neither a stop nor anything else is reported."""

    @property
    def started_at(self) -> int:
        """The start as the station reports it."""
        return self.began_at + START_DELAY_S

    @property
    def reported_wh(self) -> int:
        """The register travel that the station's messages show."""
        last = self.meter_stop_wh if self.has_end else max((s.register_wh for s in self.samples), default=0)
        return max(last - self.meter_start_wh, 0)


class FaultKind(NamedTuple):
    """A fault as both versions name it."""

    error_code: str
    vendor_error_code: str
    component: str
    tech_code: str | None
    info: str

    def code(self, protocol: str) -> str:
        """The code under which the fault is counted."""
        return self.error_code if protocol == "ocpp1.6" else self.tech_code or f"{self.component}.Problem"


class Fault(NamedTuple):
    """One fault episode; `closed_at` beyond the end of time means that it lasts."""

    connector_id: int
    kind: FaultKind
    opened_at: int
    closed_at: int


class Refusal(NamedTuple):
    """A card is held to the reader and rejected, or its answer never comes."""

    card: Card
    at: int


class Restart(NamedTuple):
    """The station boots; `down_at` is when its connection broke (itself, for the first boot)."""

    down_at: int
    up_at: int
    firmware: str
    reason: str


Happening = Session | Fault | Refusal | Restart

HOT: Final = FaultKind("HighTemperature", "E-2107", "TemperatureSensor", "CX003", "power module above 90 C")
CONTACTOR: Final = FaultKind("PowerSwitchFailure", "E-2114", "PowerContactor", "CX017", "contactor feedback missing")
COMMON_FAULTS: Final = (
    FaultKind("ReaderFailure", "R-01", "TokenReader", None, "reader does not answer"),
    FaultKind("ConnectorLockFailure", "L-04", "ConnectorPlugRetentionLock", "CX001", "lock motor stalled"),
    FaultKind("GroundFailure", "G-11", "GroundIsolationProtection", "CX002", "residual current"),
    FaultKind("WeakSignal", "M-30", "DataLink", "CX007", "modem below -110 dBm"),
    FaultKind("PowerMeterFailure", "P-02", "FiscalMetering", None, "meter does not answer"),
    FaultKind("OverCurrentFailure", "O-05", "OverCurrentProtection", "CX004", "breaker tripped"),
)
COMMON_WEIGHTS: Final = (5, 4, 2, 3, 1, 1)
NEVER: Final = 1 << 40
UNANSWERED: Final = "unanswered"
"""Status of a card whose answer is lost."""


class Visit(NamedTuple):
    """What a driver wants: when, how long, how much, and how fast the car takes it."""

    began_at: int
    stay_s: int
    need_wh: int
    car_w: int


def charged(visit: Visit, make: Make, connector_id: int, card: Card, meter_wh: int, every_s: int) -> Session:
    """The session that a visit becomes: full power until the car is full, then nothing until it leaves.

    A car takes less of a direct current from 80 % on; its own charger takes alternating current to the end.
    """
    power = min(visit.car_w, make.power_w)
    share = 45 if make.is_dc else 100
    bulk_s = visit.need_wh * 8 * 360 // power
    full_s = bulk_s + visit.need_wh * 2 * 360 * 100 // (power * share)

    def energy(after_s: int) -> int:
        if after_s <= bulk_s:
            return power * max(after_s, 0) // 3600
        taper = power * share // 100 * (min(after_s, full_s) - bulk_s) // 3600
        return min(power * bulk_s // 3600 + taper, visit.need_wh)

    def draw(after_s: int) -> int:
        return power if after_s < bulk_s else power * share // 100 if after_s < full_s else 0

    charging = visit.began_at + START_DELAY_S + CHARGE_DELAY_S
    stop = visit.began_at + visit.stay_s
    samples = tuple(
        Sample(
            at,
            meter_wh + energy(at - charging),
            draw(at - charging),
            _soc(visit, energy(at - charging)) if make.is_dc else None,
        )
        for at in range(visit.began_at + START_DELAY_S + every_s, stop - 60, every_s)
    )
    return Session(
        connector_id,
        card,
        visit.began_at,
        stop,
        meter_wh,
        meter_wh + energy(stop - charging),
        samples,
        charging + full_s,
        "Local",
    )


def _soc(visit: Visit, energy_wh: int) -> int:
    return min(100, 22 + energy_wh * 72 // max(visit.need_wh, 1))


def pick(rng: Random, cards: Sequence[Card]) -> Card:
    """A card, heavy users more often."""
    return rng.choices(cards, [card.weight for card in cards])[0]

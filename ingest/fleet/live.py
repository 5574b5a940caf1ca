"""What a live fleet does in the few hours before now: an exact number of sessions, some faults and refusals.

Not here: two weeks of habits (`plan`), sockets (`simulator`).
"""

from collections.abc import Mapping
from random import Random
from typing import Final

from ingest.fleet.happenings import (
    COMMON_FAULTS,
    HOT,
    Fault,
    Happening,
    Refusal,
    Restart,
    Session,
    Visit,
    charged,
    pick,
)
from ingest.fleet.network import Card, Network, Station

SHORTEST_SLOT_S: Final = 900
LONGEST_SLOT_S: Final = 5400
_BOOT_S: Final = 120


def of_network(
    network: Network,
    refused: tuple[Card, ...],
    seed: int,
    sessions: int,
    open_sessions: int,
    span: range,
    registers: Mapping[tuple[str, int], int],
) -> list[list[Happening]]:
    """The happenings of each station: `sessions` in all, shared out in turn, the last ones left open.

    `registers` says where connectors' meters stand, by station and connector; others stand anywhere.
    """
    places = [
        (number, connector_id)
        for connector_id in (1, 2)
        for number, station in enumerate(network.stations)
        if connector_id <= station.make.connectors
    ]
    per_place = -(-sessions // len(places)) if places else 0
    slot_s = min((len(span) - 2 * _BOOT_S) // max(per_place, 1), LONGEST_SLOT_S)
    if slot_s < SHORTEST_SLOT_S:
        raise ValueError(
            f"{sessions} sessions do not fit {len(places)} connectors in {len(span)} s: take more stations"
        )
    planned: list[list[Happening]] = [[_boot(station, span.start)] for station in network.stations]
    for index in range(sessions):
        number, connector_id = places[index % len(places)]
        station, start = network.stations[number], span.start + _BOOT_S + index // len(places) * slot_s
        rng = Random(f"live {seed} {station.station_id} {index}")
        meter_wh = _meter_of(planned[number], connector_id) or registers.get((station.station_id, connector_id))
        meter_wh = meter_wh or rng.randrange(200_000, 40_000_000)
        card = pick(rng, network.cards[station.site.kind])
        session = _session(rng, station, connector_id, card, meter_wh, start, slot_s)
        if index >= sessions - open_sessions:
            session = session._replace(has_end=False)
        planned[number].append(session._replace(is_retried=index % 7 == 3))
        if session.has_end and index % 5 == 2:
            planned[number].append(_fault(rng, connector_id, start, slot_s))
        if index % 6 == 1:
            planned[number].append(Refusal(pick(rng, refused), start + slot_s * 8 // 10))
    return planned


def _boot(station: Station, at: int) -> Restart:
    return Restart(at, at, station.make.firmware, "PowerUp")


def _session(
    rng: Random, station: Station, connector_id: int, card: Card, meter_wh: int, start: int, slot_s: int
) -> Session:
    stay_s = rng.randrange(slot_s * 4 // 10, slot_s * 7 // 10)
    visit = Visit(start, stay_s, rng.randrange(2_000, 30_000), rng.choice((7_400, 11_000, 22_000, 100_000)))
    session = charged(visit, station.make, connector_id, card, meter_wh, max(120, stay_s // 6))
    return session._replace(reason=rng.choice(("Local", "EVDisconnected", "Remote")))


def _fault(rng: Random, connector_id: int, start: int, slot_s: int) -> Fault:
    kind = rng.choice((HOT, *COMMON_FAULTS))
    return Fault(connector_id, kind, start + slot_s * 85 // 100, start + slot_s * 95 // 100)


def _meter_of(happenings: list[Happening], connector_id: int) -> int | None:
    stops = [
        happening.meter_stop_wh
        for happening in happenings
        if isinstance(happening, Session) and happening.connector_id == connector_id
    ]
    return stops[-1] if stops else None

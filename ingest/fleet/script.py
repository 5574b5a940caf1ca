"""A station's happenings as its steps, in its own OCPP version. Not here: the drivers that carry them out."""

from collections.abc import Iterator, Sequence

from ingest.fleet import script_v16, script_v201
from ingest.fleet.happenings import Fault, Happening, Refusal, Restart, Session
from ingest.fleet.network import V16, Station
from ingest.fleet.steps import Step
from ingest.fleet.truth import TruthStation


def steps(station: Station, happenings: Sequence[Happening]) -> Iterator[Step]:
    """All steps, not yet in order of time; a session's number is its place among the happenings."""
    version = script_v16 if station.make.protocol == V16 else script_v201
    for number, happening in enumerate(happenings):
        match happening:
            case Session():
                yield from version.session(station, happening, number)
            case Fault():
                yield from version.fault(station, happening)
            case Refusal():
                yield from version.refusal(station, happening)
            case Restart():
                yield from version.restart(station, happening)


def known_transaction(station: Station, happening: Session) -> str | None:
    """The transactionId where the station gives it (2.x), null where the central system does (1.6)."""
    return None if station.make.protocol == V16 else script_v201.transaction_id(station, happening)


def described(station: Station, happenings: Sequence[Happening]) -> TruthStation:
    """The station as the truth lists it, with the firmware it had at the end."""
    site, make = station.site, station.make
    boots = [happening.firmware for happening in happenings if isinstance(happening, Restart)]
    return TruthStation(
        station_id=station.station_id,
        protocol=make.protocol,
        vendor=make.vendor,
        model=make.model,
        firmware=boots[-1] if boots else make.firmware,
        site_id=site.site_id,
        site_name=site.name,
        site_kind=site.kind.value,
        city=site.city,
        latitude=site.latitude,
        longitude=site.longitude,
        connectors=make.connectors,
        power_w=make.power_w,
    )

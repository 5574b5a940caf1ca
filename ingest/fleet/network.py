"""The made-up network: sites, makes, stations, cards. Not here: what happens in it (`plan`)."""

from enum import StrEnum
from random import Random
from typing import Final, NamedTuple


class SiteKind(StrEnum):
    """Who charges there, so when, how long and how much."""

    WORKPLACE = "workplace"
    MOTORWAY = "motorway"
    RESIDENTIAL = "residential"
    RETAIL = "retail"


class Site(NamedTuple):
    """A place with several stations."""

    site_id: str
    name: str
    kind: SiteKind
    city: str
    latitude: float
    longitude: float


class Make(NamedTuple):
    """A model of a vendor and how it speaks."""

    vendor: str
    model: str
    code: str
    protocol: str
    power_w: int
    connectors: int
    firmware: str
    update: str | None
    """The firmware that comes mid-way, if any."""
    register_unit: str
    numbers_messages: bool
    """Message ids are a counter (many chargers) instead of a UUID."""
    omits_local: bool = False
    """Leaves the reason of an ordinary stop out, which means Local."""

    @property
    def is_dc(self) -> bool:
        """Whether it charges with direct current."""
        return self.power_w > 25_000


class Station(NamedTuple):
    """One charging station."""

    station_id: str
    serial_number: str
    make: Make
    site: Site


class Card(NamedTuple):
    """An RFID card: how often it is used, and what the central system says to it."""

    uid: str
    weight: float
    status: str


V16: Final = "ocpp1.6"
V201: Final = "ocpp2.0.1"

SITES: Final = (
    Site("SE-LDS-01", "Kontorsparken Nord", SiteKind.WORKPLACE, "Uppsala", 59.8586, 17.6389),
    Site("SE-LDS-02", "Rastplats Vättern", SiteKind.MOTORWAY, "Gränna", 58.0250, 14.4640),
    Site("SE-LDS-03", "Kvarteret Eken", SiteKind.RESIDENTIAL, "Västerås", 59.6099, 16.5448),
    Site("SE-LDS-04", "Handelsplats Öster", SiteKind.RETAIL, "Örebro", 59.2741, 15.2066),
    Site("SE-LDS-05", "Hamnkontoret", SiteKind.WORKPLACE, "Göteborg", 57.7089, 11.9746),
    Site("SE-LDS-06", "Motell E4 Söder", SiteKind.MOTORWAY, "Ljungby", 56.8333, 13.9409),
    Site("SE-LDS-07", "Brf Solsidan", SiteKind.RESIDENTIAL, "Malmö", 55.6050, 13.0038),
    Site("SE-LDS-08", "Galleria Torget", SiteKind.RETAIL, "Linköping", 58.4108, 15.6214),
)

_FJORD_DC: Final = Make("Fjord", "FD-150", "FD", V16, 150_000, 1, "3.1.4", "3.2.0", "kWh", False)
_HALDE_DC: Final = Make("Halde", "Rapid 180", "HR", V201, 180_000, 2, "5.0.2", None, "kWh", False)
_BRISK_AC: Final = Make("Brisk", "Duo 22", "BD", V16, 22_000, 2, "1.8.0", None, "Wh", True, True)
_NORDLYS_AC: Final = Make("Nordlys", "NL-11", "NL", V201, 11_000, 1, "2.4.1", "2.4.3", "Wh", True)
_KOLIBRI_AC: Final = Make("Kolibri", "Wall 7", "KW", V16, 7_400, 1, "0.9.12", None, "Wh", True, True)
_BRISK_DC: Final = Make("Brisk", "Swift 50", "BS", V16, 50_000, 1, "1.9.1", None, "kWh", False)

MAKES: Final = {
    SiteKind.WORKPLACE: (_BRISK_AC, _NORDLYS_AC, _BRISK_AC),
    SiteKind.MOTORWAY: (_FJORD_DC, _HALDE_DC, _FJORD_DC),
    SiteKind.RESIDENTIAL: (_KOLIBRI_AC, _NORDLYS_AC, _KOLIBRI_AC),
    SiteKind.RETAIL: (_BRISK_AC, _FJORD_DC, _HALDE_DC, _BRISK_DC),
}
FAULTY_FIRMWARE: Final = (_FJORD_DC.model, "3.2.0")
"""Faults cluster here, from the update on: what an analyst should find."""


class Network(NamedTuple):
    """Stations, and the cards that are used at each kind of site."""

    stations: tuple[Station, ...]
    cards: dict[SiteKind, tuple[Card, ...]]


def build(seed: int, stations: int) -> Network:
    """The network of a seed: stations spread over the sites in turn, cards with heavy and rare users."""
    rng = Random(f"network {seed}")
    built = []
    for index in range(stations):
        site = SITES[index % len(SITES)]
        makes = MAKES[site.kind]
        make = makes[index // len(SITES) % len(makes)]
        serial = f"{make.code}{rng.randrange(10**8):08d}"
        built.append(Station(f"{site.site_id[3:].replace('-', '')}-{make.code}-{index + 1:03d}", serial, make, site))
    visitors = _cards(rng, 150, 0.6)
    cards = {
        SiteKind.WORKPLACE: _cards(rng, 30, 1.0),
        SiteKind.RESIDENTIAL: _cards(rng, 18, 0.4),
        SiteKind.MOTORWAY: visitors,
        SiteKind.RETAIL: visitors,
    }
    return Network(tuple(built), cards)


def _cards(rng: Random, count: int, skew: float) -> tuple[Card, ...]:
    """Cards whose use falls off with their rank: a few heavy users, many rare ones."""
    weights = [1 / (rank + 1) ** skew for rank in range(count)]
    return tuple(Card(uid(rng), weight, "Accepted") for weight in weights)


def uid(rng: Random) -> str:
    """A card number: seven bytes as most readers write them."""
    return f"04{rng.getrandbits(48):012X}"


def refused_cards(seed: int) -> tuple[Card, ...]:
    """Cards that the central system rejects, a few of them again and again."""
    rng = Random(f"refused {seed}")
    statuses = ("Blocked", "Expired", "Invalid", "Invalid", "Blocked", "Expired", "Invalid", "Invalid")
    return tuple(Card(uid(rng), 1 / (rank + 1), status) for rank, status in enumerate(statuses))

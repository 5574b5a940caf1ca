"""OCPI 2.2.1 documents on the wire: the fields we use, each optional, so that a PATCH is one too.

Lenient where real feeds deviate (numbers as texts, ids as numbers, times without padding), strict where a
wrong value would become a wrong number. Fields not named here are kept in raw only. Not here: the fold.
"""

from decimal import Decimal
from typing import Any, ClassVar

import msgspec

from models.ocpi.quantities import instant, money, seconds, watt_hours

Id = str | int | None
"""CiString ids; some partners send numbers."""
Number = Decimal | None


class Document(msgspec.Struct, kw_only=True, gc=False):
    """What every document shares. A bad value raises `msgspec.ValidationError` when read, never later."""

    energies: ClassVar[tuple[str, ...]] = ()
    hours: ClassVar[tuple[str, ...]] = ()
    times: ClassVar[tuple[str, ...]] = ("last_updated",)

    last_updated: str | None = None

    def __post_init__(self) -> None:
        """Refuse times and numbers that no column can hold; the messages name fields, never values."""
        for names, read in ((self.times, instant), (self.energies, watt_hours), (self.hours, seconds)):
            for name in names:
                value = getattr(self, name)
                try:
                    if value is not None:
                        read(value)
                except ValueError as error:
                    raise ValueError(f"{name} is {error}") from None


class Price(msgspec.Struct, kw_only=True, gc=False):
    """An amount without and with VAT."""

    excl_vat: Number = None
    incl_vat: Number = None

    def __post_init__(self) -> None:
        """Refuse amounts out of range."""
        money(self.excl_vat)
        money(self.incl_vat)


class GeoLocation(msgspec.Struct, kw_only=True, gc=False):
    """Decimal degrees, as texts in OCPI; an unreadable one must not cost the whole document."""

    latitude: Any = None
    longitude: Any = None


class BusinessDetails(msgspec.Struct, kw_only=True, gc=False):
    """An operator."""

    name: str | None = None


class Connector(Document, kw_only=True, gc=False):
    """A socket or cable of an EVSE."""

    id: Id = None
    standard: str | None = None
    format: str | None = None
    power_type: str | None = None
    max_voltage: Number = None
    max_amperage: Number = None
    max_electric_power: Number = None


class Evse(Document, kw_only=True, gc=False):
    """The part of a location that charges one vehicle at a time."""

    uid: Id = None
    evse_id: str | None = None
    status: str | None = None
    floor_level: str | int | None = None
    physical_reference: str | int | None = None
    coordinates: GeoLocation | None = None


class Location(Document, kw_only=True, gc=False):
    """A group of EVSEs at one place."""

    id: Id = None
    publish: bool | None = None
    name: str | None = None
    address: str | None = None
    city: str | None = None
    postal_code: str | int | None = None
    state: str | None = None
    country: str | None = None
    coordinates: GeoLocation | None = None
    parking_type: str | None = None
    time_zone: str | None = None
    operator: BusinessDetails | None = None


class PriceComponent(msgspec.Struct, kw_only=True, gc=False):
    """One price of a tariff element."""

    type: str | None = None
    price: Number = None
    vat: Number = None
    step_size: Number = None


class TariffElement(msgspec.Struct, kw_only=True, gc=False):
    """Prices and when they hold."""

    price_components: list[PriceComponent] = []
    restrictions: dict[str, object] | list[object] | None = None


class Tariff(Document, kw_only=True, gc=False):
    """Prices of a CPO."""

    times = ("last_updated", "start_date_time", "end_date_time")

    id: Id = None
    currency: str | None = None
    type: str | None = None
    elements: list[TariffElement] = []
    min_price: Price | None = None
    max_price: Price | None = None
    start_date_time: str | None = None
    end_date_time: str | None = None


class Token(Document, kw_only=True, gc=False):
    """A card or app user of an eMSP."""

    uid: Id = None
    type: str | None = None
    contract_id: Id = None
    visual_number: Id = None
    issuer: str | None = None
    group_id: Id = None
    valid: bool | None = None
    whitelist: str | None = None


class CdrToken(msgspec.Struct, kw_only=True, gc=False):
    """The token of a session or CDR."""

    uid: Id = None
    type: str | None = None
    contract_id: Id = None


class ChargingPeriod(Document, kw_only=True, gc=False):
    """A stretch of a session with one set of dimensions."""

    times = ("start_date_time",)

    start_date_time: str | None = None


class Session(Document, kw_only=True, gc=False):
    """A charging session as the CPO tells it while it runs."""

    energies = ("kwh",)
    times = ("last_updated", "start_date_time", "end_date_time")

    id: Id = None
    start_date_time: str | None = None
    end_date_time: str | None = None
    kwh: Number = None
    cdr_token: CdrToken | None = None
    auth_method: str | None = None
    authorization_reference: Id = None
    location_id: Id = None
    evse_uid: Id = None
    connector_id: Id = None
    meter_id: Id = None
    currency: str | None = None
    charging_periods: list[ChargingPeriod] | None = None
    total_cost: Price | None = None
    status: str | None = None


class CdrLocation(msgspec.Struct, kw_only=True, gc=False):
    """Where the charging of a CDR happened."""

    id: Id = None
    evse_uid: Id = None
    evse_id: str | None = None
    connector_id: Id = None


class Cdr(Document, kw_only=True, gc=False):
    """A charge detail record: what is billed; never changed, only credited."""

    energies = ("total_energy",)
    hours = ("total_time", "total_parking_time")
    times = ("last_updated", "start_date_time", "end_date_time")

    id: Id = None
    start_date_time: str | None = None
    end_date_time: str | None = None
    session_id: Id = None
    cdr_token: CdrToken | None = None
    auth_method: str | None = None
    authorization_reference: Id = None
    cdr_location: CdrLocation | None = None
    meter_id: Id = None
    currency: str | None = None
    charging_periods: list[ChargingPeriod] | None = None
    total_cost: Price | None = None
    total_energy: Number = None
    total_time: Number = None
    total_parking_time: Number = None
    credit: bool | None = None
    credit_reference_id: Id = None

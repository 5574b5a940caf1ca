"""Folded OCPI objects as rows. Not here: the fold, and the key of the pseudonyms (handed in)."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from models.ocpi import v221
from models.ocpi.fold import MODULES, Level, Node
from models.ocpi.quantities import known_instant, money, seconds, watt_hours
from models.ocpi.rows import CdrRow, EvseRow, LocationRow, OcpiRow, SessionRow, TariffRow, TokenRow

Hide = Callable[[str | None], str | None]
"""A card number to its pseudonym."""
Position = tuple[int, int, int]
"""Generation, partition and offset of a received document."""
_D = TypeVar("_D", bound=v221.Document)
_PHASES = {"AC_2_PHASE": Decimal(2), "AC_2_PHASE_SPLIT": Decimal(2), "AC_3_PHASE": Decimal(3)}
_LINE_TO_LINE_V = 380
"""OCPI wants line-to-neutral volts; 400 V in three phases is the voltage between lines."""
_SQRT_3 = Decimal("1.732")


def rows(party: str, module: str, root: Node, hide: Hide, received: Sequence[Position]) -> Iterable[OcpiRow]:
    """The rows of one folded object: itself and, for locations, its EVSEs; `received`: where its documents stand."""
    level = MODULES[module].level
    if module == "locations":
        return _location(party, level, root)
    if not root.exists:
        return ()
    if module == "tariffs":
        return (_tariff(party, root, level),)
    if module == "tokens":
        return (_token(party, root, level, hide),)
    shape = _session if module == "sessions" else _cdr
    return (shape(party, root, level, hide, received),)


def _location(party: str, level: Level, root: Node) -> Iterator[OcpiRow]:
    evses = root.existing_parts
    if root.exists:
        it = _read(root, level, v221.Location)
        place = it.coordinates or v221.GeoLocation()
        yield LocationRow(
            party=party,
            location_id=root.id,
            name=it.name,
            is_published=it.publish,
            address=it.address,
            postal_code=_text(it.postal_code),
            city=it.city,
            state=it.state,
            country=it.country,
            latitude=_degrees(place.latitude, 90),
            longitude=_degrees(place.longitude, 180),
            time_zone=it.time_zone,
            parking_type=it.parking_type,
            operator=it.operator.name if it.operator else None,
            evses=len(evses),
            last_updated=root.newest[0],
        )
    assert level.parts is not None
    for evse in evses:
        yield _evse(party, root, evse, level.parts)


def _evse(party: str, location: Node, node: Node, level: Level) -> EvseRow:
    it = _read(node, level, v221.Evse)
    assert level.parts is not None
    connectors = [_read(part, level.parts, v221.Connector) for part in node.existing_parts]
    powers = [power for connector in connectors if (power := _power(connector)) is not None]
    place = it.coordinates or v221.GeoLocation()
    return EvseRow(
        party=party,
        location_id=location.id,
        evse_uid=node.id,
        evse_emi3_id=it.evse_id,
        status=it.status,
        physical_reference=_text(it.physical_reference),
        floor_level=_text(it.floor_level),
        latitude=_degrees(place.latitude, 90),
        longitude=_degrees(place.longitude, 180),
        connectors=len(connectors),
        standards=",".join(sorted({c.standard for c in connectors if c.standard})) or None,
        power_max_w=max(powers, default=None),
        last_updated=node.newest[0],
    )


def _power(connector: v221.Connector) -> int | None:
    power = connector.max_electric_power
    if power is None and connector.max_voltage is not None and connector.max_amperage is not None:
        phases = _PHASES.get(connector.power_type or "", Decimal(1))
        if phases == 3 and connector.max_voltage >= _LINE_TO_LINE_V:
            phases = _SQRT_3
        power = connector.max_voltage * connector.max_amperage * phases
    return int(power.to_integral_value()) if power is not None and power.is_finite() and power.adjusted() < 12 else None


def _tariff(party: str, node: Node, level: Level) -> TariffRow:
    it = _read(node, level, v221.Tariff)
    least, most = it.min_price or v221.Price(), it.max_price or v221.Price()
    return TariffRow(
        party=party,
        tariff_id=node.id,
        currency=it.currency,
        type=it.type,
        elements=len(it.elements),
        elements_json=_json.encode(it.elements).decode(),
        price_min_excl_vat=money(least.excl_vat),
        price_max_excl_vat=money(most.excl_vat),
        valid_from=known_instant(it.start_date_time),
        valid_to=known_instant(it.end_date_time),
        last_updated=node.newest[0],
    )


def _token(party: str, node: Node, level: Level, hide: Hide) -> TokenRow:
    it = _read(node, level, v221.Token)
    return TokenRow(
        party=party,
        token_id=hide(node.id),
        type=it.type,
        contract_id=hide(_text(it.contract_id)),
        visual_number=hide(_text(it.visual_number)),
        group_id=hide(_text(it.group_id)),
        issuer=it.issuer,
        is_valid=it.valid,
        whitelist=it.whitelist,
        last_updated=node.newest[0],
    )


def _session(party: str, node: Node, level: Level, hide: Hide, received: Sequence[Position]) -> SessionRow:
    it = _read(node, level, v221.Session)
    token, cost = it.cdr_token or v221.CdrToken(), it.total_cost or v221.Price()
    generation, partition, offset = _said_in(node, "kwh", received)
    return SessionRow(
        party=party,
        ocpi_session_id=node.id,
        status=it.status,
        started_at=known_instant(it.start_date_time),
        ended_at=known_instant(it.end_date_time),
        energy_wh=watt_hours(it.kwh),
        token_id=hide(_text(token.uid)),
        contract_id=hide(_text(token.contract_id)),
        auth_method=it.auth_method,
        authorization_reference=hide(_text(it.authorization_reference)),
        location_id=_text(it.location_id),
        evse_uid=_text(it.evse_uid),
        connector_uid=_text(it.connector_id),
        currency=it.currency,
        cost_excl_vat=money(cost.excl_vat),
        cost_incl_vat=money(cost.incl_vat),
        charging_periods=len(it.charging_periods or ()),
        last_updated=node.newest[0],
        energy_generation=generation,
        energy_partition=partition,
        energy_offset=offset,
    )


def _cdr(party: str, node: Node, level: Level, hide: Hide, received: Sequence[Position]) -> CdrRow:
    it = _read(node, level, v221.Cdr)
    token, cost = it.cdr_token or v221.CdrToken(), it.total_cost or v221.Price()
    place = it.cdr_location or v221.CdrLocation()
    generation, partition, offset = _said_in(node, "total_energy", received)
    return CdrRow(
        party=party,
        cdr_id=node.id,
        ocpi_session_id=_text(it.session_id),
        started_at=known_instant(it.start_date_time),
        ended_at=known_instant(it.end_date_time),
        energy_wh=watt_hours(it.total_energy),
        total_s=seconds(it.total_time),
        parking_s=seconds(it.total_parking_time),
        token_id=hide(_text(token.uid)),
        contract_id=hide(_text(token.contract_id)),
        auth_method=it.auth_method,
        authorization_reference=hide(_text(it.authorization_reference)),
        location_id=_text(place.id),
        evse_uid=_text(place.evse_uid),
        evse_emi3_id=place.evse_id,
        connector_uid=_text(place.connector_id),
        currency=it.currency,
        cost_excl_vat=money(cost.excl_vat),
        cost_incl_vat=money(cost.incl_vat),
        is_credit=bool(it.credit),
        credit_reference_id=_text(it.credit_reference_id),
        charging_periods=len(it.charging_periods or ()),
        last_updated=node.newest[0],
        energy_generation=generation,
        energy_partition=partition,
        energy_offset=offset,
    )


_json = msgspec.json.Encoder(decimal_format="number")


def _said_in(node: Node, field: str, received: Sequence[Position]) -> Position | tuple[None, None, None]:
    """Where the document stands that the field's value is from."""
    stamp, value = node.fields.get(field, (None, None))
    return (None, None, None) if stamp is None or value is None else received[stamp[1]]


def _read(node: Node, level: Level, document: type[_D]) -> _D:
    """Cannot fail: every document that set a field was read as this type before it was folded."""
    return msgspec.convert(node.document(level), document, strict=False)


def _text(value: str | int | None) -> str | None:
    return None if value is None or value == "" else str(value)


def _degrees(value: Any, most: int) -> float | None:
    try:
        degrees = float(value)
    except (TypeError, ValueError):
        return None
    return degrees if abs(degrees) <= most else None

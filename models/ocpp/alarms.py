"""2.x NotifyEvent: which entries raise or clear a fault, or report a status. Not here: what is open (`faults`)."""

from collections.abc import Iterator

import msgspec

from models import times, wording
from models.crosswalk import ROWS, by_pair
from models.events import Alarm, StatusReported
from models.ids import bounded
from models.ocpp.lenient import present, small

FAULT_VARIABLES = frozenset({"Problem", "Tripped", "Overload", "Fallback"})
"""Variables whose `true` is a fault in itself (OCPP 2.1 Part 2 appendices, chapter 3); others need more."""
_LONGEST_LIST = 500
"""Characters of a techCode, which may be a list."""
_CONDITIONS = FAULT_VARIABLES | {"Active", "Operated"}
"""Variables that are true or false; a measured 0 or 1 is neither."""


class Place(msgspec.Struct, rename="camel", gc=False):
    """EVSEType."""

    id: int | None = None
    connector_id: int | None = None


class NamedPart(msgspec.Struct, rename="camel", gc=False):
    """ComponentType and VariableType."""

    name: str | None = None
    instance: str | None = None
    evse: Place | None = None


class EventData(msgspec.Struct, rename="camel", gc=False):
    """EventDataType, as far as it is read."""

    timestamp: str | None = None
    trigger: str | None = None
    actual_value: str | None = None
    tech_code: str | None = None
    tech_info: str | None = None
    cleared: bool | None = None
    transaction_id: str | None = None
    severity: int | None = None
    component: NamedPart | None = None
    variable: NamedPart | None = None


def _by_value() -> dict[str, list[str]]:
    """Values that are a fault of their variable (`ConnectedEV.ChargingState`), by variable."""
    found: dict[str, list[str]] = {}
    for row in ROWS:
        origin, equals, value = row.raw_key.partition("=")
        if row.taxonomy == "ocpp2_cv" and equals:
            found.setdefault(origin, []).append(value)
    return found


_FAULT_VALUES = _by_value()


def entries(events: list[EventData]) -> Iterator[Alarm | StatusReported]:
    """What a NotifyEvent says of faults and statuses, in its order; the rest is news."""
    for event in events:
        component, variable = event.component or NamedPart(), event.variable or NamedPart()
        place = component.evse or Place()
        if variable.name == "AvailabilityState" and event.actual_value:
            status = wording.word_shown(event.actual_value) or ""
            at_us = times.parse(event.timestamp)
            told = times.told(event.timestamp, at_us)
            yield StatusReported(small(place.id), small(place.connector_id), status, at_us, told=told)
            continue
        origin = f"{wording.word_shown(component.name) or '-'}.{wording.word_shown(variable.name) or '-'}"
        origin = bounded(origin) or "-"
        if origin in _FAULT_VALUES and not present(event.tech_code):
            for value in _FAULT_VALUES[origin]:
                is_raised = not event.cleared and (event.actual_value or "").casefold() == value.casefold()
                yield _alarm(event, f"{origin}={value}", is_raised)
            continue
        raised = _is_raised(event, variable.name, origin)
        if raised is not None:
            yield _alarm(event, origin, raised)


def _alarm(event: EventData, origin: str, is_raised: bool) -> Alarm:
    component, variable = event.component or NamedPart(), event.variable or NamedPart()
    place = component.evse or Place()
    return Alarm(
        small(place.id),
        small(place.connector_id),
        (present(event.tech_code) or "")[:_LONGEST_LIST] or None,
        origin,
        is_raised,
        times.parse(event.timestamp),
        instance=wording.word_shown(f"{component.instance or ''}/{variable.instance or ''}".strip("/")) or "",
        info=wording.shown(present(event.tech_info)) if is_raised else None,
        severity=event.severity,
        transaction_id=bounded(event.transaction_id),
    )


def _is_raised(event: EventData, variable: str | None, origin: str) -> bool | None:
    """True: raises a fault; False: clears one; None: says nothing about faults.

    A `true` of any other variable (`Connector.Enabled`, `EVSE.Available`) is news, not a fault, unless the
    station alerts about it or names a techCode.
    """
    value = (event.actual_value or "").strip().casefold()
    code = present(event.tech_code)
    is_condition = variable in _CONDITIONS or code is not None
    if event.cleared or value == "false" or (value == "0" and is_condition):
        return False
    if event.trigger == "Alerting":
        return True
    if value not in ("true", "1"):
        return None
    is_fault = code is not None or variable in FAULT_VARIABLES or (is_condition and by_pair(origin) is not None)
    return True if is_fault else None

"""What raised a 2.x fault and was not cleared yet. Not here: 1.6, which clears all of a connector at once.

A cause is a text: EVSE, connector, component and variable, their instance, techCode; or EVSE, connector and `status`.
"""

from models.events import Alarm, StatusReported
from models.state.faults import FaultState

MAX_CAUSES = 8
STATUS = "status"
_SEPARATOR = "\x1f"
_ALARM_PARTS = 5


def of(event: Alarm) -> str:
    """The cause that an event raises."""
    return text(event.evse_id, event.connector_id, event.origin, event.instance, event.code or "")


def of_status(event: StatusReported) -> str:
    """The cause that a status of Faulted is."""
    return text(event.evse_id, event.connector_id, STATUS)


def text(*parts: str | int | None) -> str:
    """A cause from its parts."""
    return _SEPARATOR.join(map(str, parts))


def add(fault: FaultState, cause: str) -> None:
    """Note a cause; once however often it is said."""
    if cause not in fault.causes:
        fault.causes = [*fault.causes, cause][-MAX_CAUSES:]


def clear(fault: FaultState, event: Alarm) -> bool:
    """Take back the causes that an event clears; whether there were any."""
    left = [cause for cause in fault.causes if not _is_cleared(cause, event)]
    is_changed = len(left) < len(fault.causes)
    fault.causes = left
    return is_changed


def is_raised(fault: FaultState) -> bool:
    """Whether events raised it, not a status alone."""
    return any(cause.count(_SEPARATOR) == _ALARM_PARTS - 1 for cause in fault.causes)


def is_faulted(fault: FaultState) -> bool:
    """Whether a status of Faulted stands behind it."""
    return any(cause.endswith(_SEPARATOR + STATUS) for cause in fault.causes)


def is_near(fault: FaultState, event: StatusReported | Alarm) -> bool:
    """Whether an episode can be about the connector of a report: the same, or either names only the EVSE."""
    if fault.evse_id != event.evse_id:
        return False
    if fault.connector_id == event.connector_id:
        return True
    return event.evse_id is not None and (fault.connector_id is None or event.connector_id is None)


def _is_cleared(cause: str, event: Alarm) -> bool:
    """A clearing names as much as it wants: without EVSE, instance or techCode it means all of them.

    EVSE 0 is the station, of which an event may also speak by naming none.
    """
    parts = cause.split(_SEPARATOR)
    if len(parts) != _ALARM_PARTS:
        return False
    evse, connector, origin, instance, code = parts
    return (
        origin == event.origin
        and (event.evse_id is None or evse == str(event.evse_id) or (event.evse_id == 0 and evse == "None"))
        and (not event.evse_id or event.connector_id is None or connector in (str(event.connector_id), "None"))
        and (not event.instance or instance == event.instance)
        and (event.code is None or code in ("", event.code))
    )

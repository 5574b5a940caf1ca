"""How much a fault weighs: the crosswalk's default, corrected by what a station says. Not here: outages (a policy)."""

from models.crosswalk import SEVERITIES, Row

_NO_OUTAGE = frozenset({"ev_communication_error"})
"""OCPP 1.6 section 7.6: not a real error, the connector goes to SuspendedEVSE."""
_RANK = {severity: rank for rank, severity in enumerate(SEVERITIES)}
_OF_2_1 = ("critical", "critical", "critical", "critical", "error", "warning", "warning", "info", "info", "info")
"""OCPP 2.1 EventDataType.severity: 0 danger, 1 hardware, 2 system, 3 critical, 4 error, 5 alert, 6 warning, 7 notice,
8 informational, 9 debug."""


def of_level(row: Row, *, is_faulted: bool) -> str:
    """Of a code beside a status (1.6): Faulted makes it an error at least, a healthy status a warning at most."""
    if not is_faulted:
        return min(row.severity, "warning", key=_rank)
    return worse(row.severity, "error") if can_be_outage(row.canonical_code, row.actor) else row.severity


def of_event(row: Row, stated: int | None) -> str:
    """Of a 2.x event: what 2.1 states, else the crosswalk's."""
    return _OF_2_1[stated] if stated is not None and 0 <= stated < len(_OF_2_1) else row.severity


def can_be_outage(canonical_code: str, actor: str) -> bool:
    """Whether a fault can be why a connector does not work: a vehicle's cannot, nor can one the standard excepts."""
    return actor != "ev" and canonical_code not in _NO_OUTAGE


def is_error(severity: str) -> bool:
    """Whether a fault of this weight keeps a connector from working."""
    return _rank(severity) >= _rank("error")


def worse(one: str, other: str) -> str:
    """The graver of two."""
    return max(one, other, key=_rank)


def _rank(severity: str) -> int:
    return _RANK[severity]

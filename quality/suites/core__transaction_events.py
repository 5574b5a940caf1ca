"""What must hold of `core__transaction_events`. A big table: the newest rows are looked at, shares are over all."""

from models.tables.catalogue import TABLES
from quality.rules import Severity, figure, not_null, one_of
from quality.suite import suite
from quality.vocabulary import connector, plausible, protocol

_REPEATED = "count(*) FILTER (is_repeat) / nullif(count(*), 0)"
# OCPP 2.0.1 ChargingStateEnumType
_STATES = ("Charging", "EVConnected", "SuspendedEV", "SuspendedEVSE", "Idle")

_RULES = (
    protocol(),
    connector(Severity.WARNING),
    plausible("happened_at"),
    plausible("received_at"),
    one_of(
        "event_type_valid", "event_type", ("Started", "Updated", "Ended"), Severity.WARNING, "there is no such event"
    ),
    one_of("charging_state_valid", "charging_state", _STATES, Severity.WARNING, "there is no such chargingState"),
    not_null("transaction_id", Severity.WARNING, "the event names no transaction", name="transaction_named"),
    not_null("session_id", Severity.WARNING, "the event belongs to no session", name="session_found", mostly=0.99),
    not_null("evse_id", Severity.WARNING, "no event of the transaction names its EVSE", name="evse_found", mostly=0.99),
    figure("share_repeated", None, 0.1, Severity.WARNING, "share of events that had been received before"),
)

SUITE = suite(
    TABLES["core__transaction_events"],
    _RULES,
    ids=("station_id", "source", "ordinal"),
    required=("station_id", "is_offline", "is_repeat", "source", "ordinal"),
    newest_by="received_at",
    metrics={"share_repeated": _REPEATED},
)

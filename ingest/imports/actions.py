"""OCPP actions by who calls them and by the versions that have them. Not here: the lists (`models.ocpp`)."""

from typing import Final

from models.ocpp.versions import ACTIONS, ADAPTERS, V16, V21, V201

_STATION_CALLS: Final = frozenset().union(*(adapter.CP_ACTIONS | adapter.SENDS for adapter in ADAPTERS.values()))
CSMS_CALLS: Final = frozenset().union(*(adapter.CSMS_ACTIONS for adapter in ADAPTERS.values())) - _STATION_CALLS
"""Calls of the central system only; every other action, DataTransfer among them, is taken as the station's."""

_V21: Final = ACTIONS[V21] | ADAPTERS[V21].SENDS
ONLY_V16: Final = ACTIONS[V16] - ACTIONS[V201] - _V21
ONLY_V21: Final = _V21 - ACTIONS[V201] - ACTIONS[V16]
ONLY_V2X: Final = (ACTIONS[V201] | _V21) - ACTIONS[V16] - ONLY_V21
TELLING_NAMES: Final = {
    "Authorize": (b'"idTag"', b'"idToken"'),
    "BootNotification": (b'"chargePointVendor"', b'"chargingStation"'),
    "MeterValues": (b'"connectorId"', b'"evseId"'),
    "StatusNotification": (b'"errorCode"', b'"connectorStatus"'),
}
"""Actions of all versions, with a name that only 1.6 and one that only 2.x has in them."""

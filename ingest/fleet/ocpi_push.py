"""The made-up network as a roaming partner: its truth pushed over OCPI 2.2.1, real HTTP, byte for byte ours.

Locations, tariffs and tokens are PUT, sessions PUT and PATCHed, faults PATCH their EVSE, charge detail
records are POSTed. Not here: the receiver (`ingest.ocpi`).
"""

import base64
import json
from collections.abc import Iterator
from datetime import datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlsplit

from ingest.fleet.truth import Truth, TruthSession, TruthStation

COUNTRY, CPO, EMSP = "SE", "LDS", "EMP"
VERSION: Final = "2.2.1"
_TIMEOUT_S: Final = 30
_DC_W: Final = 25_000
_PRICES: Final = {"AC": 0.35, "DC": 0.59}
_VAT: Final = 25
Document = dict[str, Any]


class OcpiPushError(RuntimeError):
    """The receiver could not be reached or did not take a push."""


class Pushed(NamedTuple):
    """How many objects were pushed."""

    locations: int
    evses: int
    tariffs: int
    tokens: int
    sessions: int
    cdrs: int


def push(url: str, token: str, truth: Truth) -> Pushed:
    """Push everything; an OCPI session id is the station, the connector and the start.

    Args:
        url: The receiver, such as `http://127.0.0.1:9001`; its endpoints are asked for.
        token: A credentials token that it accepts.
        truth: What the fleet did.
    """
    partner = _Partner(url, token)
    try:
        partner.discover()
        stations = {station.station_id: station for station in truth.stations}
        locations = list(_locations(truth))
        for location in locations:
            partner.send("PUT", "locations", f"{COUNTRY}/{CPO}/{location['id']}", location)
        for tariff in _tariffs(truth.begin):
            partner.send("PUT", "tariffs", f"{COUNTRY}/{CPO}/{tariff['id']}", tariff)
        tokens = {session.token for session in truth.sessions}
        for uid in sorted(tokens):
            partner.send("PUT", "tokens", f"{COUNTRY}/{EMSP}/{uid}", _token(uid, truth.begin))
        for path, patch in _outages(truth, stations):
            partner.send("PATCH", "locations", path, patch)
        ended = [session for session in truth.sessions if session.ended_at is not None]
        for session in truth.sessions:
            _push_session(partner, session, stations[session.station_id])
        return Pushed(
            len(locations),
            sum(len(location["evses"]) for location in locations),
            len(_PRICES),
            len(tokens),
            len(truth.sessions),
            len(ended),
        )
    except (OSError, HTTPException) as error:
        raise OcpiPushError(f"{url} cannot be reached ({error}); is the OCPI receiver up?") from error
    finally:
        partner.close()


class _Partner:
    """One kept connection and the receiver's endpoints."""

    def __init__(self, url: str, token: str) -> None:
        parts = urlsplit(url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._connection = kind(parts.netloc, timeout=_TIMEOUT_S)
        self._path = parts.path.rstrip("/")
        encoded = base64.b64encode(token.encode()).decode("ascii")
        self._headers = {"Authorization": f"Token {encoded}", "Content-Type": "application/json"}
        self._endpoints: dict[str, str] = {}

    def discover(self) -> None:
        """Ask for the versions, then for the endpoints of ours."""
        versions = self._request("GET", f"{self._path}/ocpi/versions")["data"]
        found = [version["url"] for version in versions if version["version"] == VERSION]
        if not found:
            raise OcpiPushError(f"the receiver does not speak OCPI {VERSION}")
        details = self._request("GET", urlsplit(found[0]).path)["data"]
        self._endpoints = {endpoint["identifier"]: urlsplit(endpoint["url"]).path for endpoint in details["endpoints"]}

    def send(self, method: str, module: str, path: str, document: Document) -> None:
        """One push."""
        target = self._endpoints[module] + (f"/{quote(path)}" if path else "")
        self._request(method, target, json.dumps(document, ensure_ascii=False).encode("utf-8"))

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def _request(self, method: str, path: str, body: bytes | None = None) -> Document:
        self._connection.request(method, path, body, self._headers)
        response = self._connection.getresponse()
        content = response.read()
        try:
            answer: Document = json.loads(content)
        except ValueError:
            answer = {}
        if response.status >= 300 or answer.get("status_code") != 1000:
            said = answer.get("status_message") or response.reason
            raise OcpiPushError(f"the OCPI receiver answered {response.status} to {method} {path}: {said}")
        return answer


def session_id(session: TruthSession) -> str:
    """The id of a session at the partner."""
    return f"{session.station_id}-{session.connector_id}-{int(session.started_at.timestamp())}"


def evse_uid(station_id: str, connector_id: int) -> str:
    """The uid of an EVSE at the partner."""
    return f"{station_id}-{connector_id}"


def _push_session(partner: _Partner, session: TruthSession, station: TruthStation) -> None:
    path = f"{COUNTRY}/{CPO}/{session_id(session)}"
    partner.send("PUT", "sessions", path, _session(session, station))
    patch: Document = {"kwh": _kwh(session), "last_updated": _iso(session.ended_at or session.started_at)}
    if session.ended_at is not None:
        patch |= {"status": "COMPLETED", "end_date_time": _iso(session.ended_at), "total_cost": _cost(session, station)}
    partner.send("PATCH", "sessions", path, patch)
    if session.ended_at is not None:
        partner.send("POST", "cdrs", "", _cdr(session, station, session.ended_at))


def _locations(truth: Truth) -> Iterator[Document]:
    sites: dict[str, list[TruthStation]] = {}
    for station in truth.stations:
        sites.setdefault(station.site_id, []).append(station)
    for site_id, stations in sites.items():
        first = stations[0]
        yield {
            "country_code": COUNTRY,
            "party_id": CPO,
            "id": site_id,
            "publish": True,
            "name": first.site_name,
            "address": f"{first.site_name} 1",
            "city": first.city,
            "country": "SWE",
            "coordinates": {"latitude": f"{first.latitude:.4f}", "longitude": f"{first.longitude:.4f}"},
            "evses": [evse for station in stations for evse in _evses(station, truth.begin)],
            "operator": {"name": "Laddström Demo"},
            "time_zone": "Europe/Stockholm",
            "last_updated": _iso(truth.begin),
        }


def _evses(station: TruthStation, at: datetime) -> Iterator[Document]:
    is_dc = station.power_w > _DC_W
    for number in range(1, station.connectors + 1):
        connector = {
            "id": "1",
            "standard": "IEC_62196_T2_COMBO" if is_dc else "IEC_62196_T2",
            "format": "CABLE" if is_dc else "SOCKET",
            "power_type": "DC" if is_dc else "AC_3_PHASE",
            "max_voltage": 920 if is_dc else 230,
            "max_amperage": 200 if is_dc else 32,
            "max_electric_power": station.power_w,
            "tariff_ids": [_tariff_id(station)],
            "last_updated": _iso(at),
        }
        yield {
            "uid": evse_uid(station.station_id, number),
            "evse_id": f"SE*LDS*E{station.station_id.replace('-', '')}*{number}",
            "status": "AVAILABLE",
            "connectors": [connector],
            "last_updated": _iso(at),
        }


def _outages(truth: Truth, stations: dict[str, TruthStation]) -> Iterator[tuple[str, Document]]:
    """Each fault takes its EVSE out of order and, once cleared, back; in order of time."""
    changes: list[tuple[datetime, str, str]] = []
    for fault in truth.faults:
        site_id = stations[fault.station_id].site_id
        path = f"{COUNTRY}/{CPO}/{site_id}/{evse_uid(fault.station_id, fault.connector_id)}"
        changes.append((fault.opened_at, path, "OUTOFORDER"))
        if fault.closed_at is not None:
            changes.append((fault.closed_at, path, "AVAILABLE"))
    for at, path, status in sorted(changes):
        yield path, {"status": status, "last_updated": _iso(at)}


def _tariff_id(station: TruthStation) -> str:
    return "DC" if station.power_w > _DC_W else "AC"


def _tariffs(at: datetime) -> Iterator[Document]:
    for tariff_id in _PRICES:
        yield _tariff(tariff_id, at)


def _tariff(tariff_id: str, at: datetime) -> Document:
    component = {"type": "ENERGY", "price": _PRICES[tariff_id], "vat": _VAT, "step_size": 1}
    return {
        "country_code": COUNTRY,
        "party_id": CPO,
        "id": tariff_id,
        "currency": "EUR",
        "elements": [{"price_components": [component]}],
        "last_updated": _iso(at),
    }


def _contract(uid: str) -> str:
    return f"{COUNTRY}{EMSP}C{uid[-8:]}"


def _token(uid: str, at: datetime) -> Document:
    return {
        "country_code": COUNTRY,
        "party_id": EMSP,
        "uid": uid,
        "type": "RFID",
        "contract_id": _contract(uid),
        "visual_number": f"{uid[:4]} {uid[4:9]} {uid[9:]}",
        "issuer": "Demo Mobility",
        "valid": True,
        "whitelist": "ALLOWED",
        "last_updated": _iso(at),
    }


def _cdr_token(uid: str) -> Document:
    return {"country_code": COUNTRY, "party_id": EMSP, "uid": uid, "type": "RFID", "contract_id": _contract(uid)}


def _session(session: TruthSession, station: TruthStation) -> Document:
    return {
        "country_code": COUNTRY,
        "party_id": CPO,
        "id": session_id(session),
        "start_date_time": _iso(session.started_at),
        "kwh": 0,
        "cdr_token": _cdr_token(session.token),
        "auth_method": "AUTH_REQUEST",
        "location_id": station.site_id,
        "evse_uid": evse_uid(session.station_id, session.connector_id),
        "connector_id": "1",
        "currency": "EUR",
        "status": "ACTIVE",
        "last_updated": _iso(session.started_at),
    }


def _cdr(session: TruthSession, station: TruthStation, ended_at: datetime) -> Document:
    is_dc = station.power_w > _DC_W
    hours = round((ended_at - session.started_at).total_seconds() / 3600, 4)
    period = {
        "start_date_time": _iso(session.started_at),
        "dimensions": [{"type": "ENERGY", "volume": _kwh(session)}, {"type": "TIME", "volume": hours}],
        "tariff_id": _tariff_id(station),
    }
    return {
        "country_code": COUNTRY,
        "party_id": CPO,
        "id": f"CDR-{session_id(session)}",
        "start_date_time": _iso(session.started_at),
        "end_date_time": _iso(ended_at),
        "session_id": session_id(session),
        "cdr_token": _cdr_token(session.token),
        "auth_method": "AUTH_REQUEST",
        "cdr_location": {
            "id": station.site_id,
            "name": station.site_name,
            "address": f"{station.site_name} 1",
            "city": station.city,
            "country": "SWE",
            "coordinates": {"latitude": f"{station.latitude:.4f}", "longitude": f"{station.longitude:.4f}"},
            "evse_uid": evse_uid(session.station_id, session.connector_id),
            "evse_id": f"SE*LDS*E{session.station_id.replace('-', '')}*{session.connector_id}",
            "connector_id": "1",
            "connector_standard": "IEC_62196_T2_COMBO" if is_dc else "IEC_62196_T2",
            "connector_format": "CABLE" if is_dc else "SOCKET",
            "connector_power_type": "DC" if is_dc else "AC_3_PHASE",
        },
        "currency": "EUR",
        "tariffs": [_tariff(_tariff_id(station), session.started_at)],
        "charging_periods": [period],
        "total_cost": _cost(session, station),
        "total_energy": _kwh(session),
        "total_time": hours,
        "last_updated": _iso(ended_at),
    }


def _cost(session: TruthSession, station: TruthStation) -> Document:
    excl = round(session.energy_wh * _PRICES[_tariff_id(station)] / 1000, 2)
    return {"excl_vat": excl, "incl_vat": round(excl * (100 + _VAT) / 100, 2)}


def _kwh(session: TruthSession) -> float:
    return round(session.energy_wh / 1000, 3)


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")

"""A roaming partner pushes over real HTTP to `laddstrom up`; its objects stand in their tables as they last stood."""

import base64
from pathlib import Path
from typing import Any

import httpx

CARD = "04A1B2C3D4E5F6"
EVSE = {"uid": "3256", "evse_id": "SE*LDS*E3256", "status": "AVAILABLE", "last_updated": "2026-03-02T08:00:00Z"}
CONNECTOR = {
    "id": "1",
    "standard": "IEC_62196_T2",
    "format": "SOCKET",
    "power_type": "AC_3_PHASE",
    "max_voltage": 230,
    "max_amperage": 32,
    "last_updated": "2026-03-02T08:00:00Z",
}
LOCATION = {
    "country_code": "SE",
    "party_id": "LDS",
    "id": "LOC1",
    "publish": True,
    "name": "Möllan",
    "address": "Bergsgatan 1",
    "city": "Malmö",
    "country": "SWE",
    "coordinates": {"latitude": "55.591", "longitude": "13.011"},
    "time_zone": "Europe/Stockholm",
    "evses": [{**EVSE, "connectors": [CONNECTOR]}],
    "last_updated": "2026-03-02T08:00:00Z",
}
TARIFF = {
    "country_code": "SE",
    "party_id": "LDS",
    "id": "AC",
    "currency": "SEK",
    "elements": [{"price_components": [{"type": "ENERGY", "price": 4.5, "vat": 25, "step_size": 1}]}],
    "last_updated": "2026-03-02T08:00:00Z",
}
TOKEN = {
    "country_code": "SE",
    "party_id": "EMP",
    "uid": CARD,
    "type": "RFID",
    "contract_id": "SE-EMP-C00001-X",
    "visual_number": "DF000-2001-8999",
    "issuer": "EMP",
    "valid": True,
    "whitelist": "ALLOWED",
    "last_updated": "2026-03-02T08:00:00Z",
}
CDR_TOKEN = {"country_code": "SE", "party_id": "EMP", "uid": CARD, "type": "RFID", "contract_id": "SE-EMP-C00001-X"}
SESSION = {
    "country_code": "SE",
    "party_id": "LDS",
    "id": "S1",
    "start_date_time": "2026-03-02T09:00:00Z",
    "kwh": 0.0,
    "cdr_token": CDR_TOKEN,
    "auth_method": "WHITELIST",
    "location_id": "LOC1",
    "evse_uid": "3256",
    "connector_id": "1",
    "currency": "SEK",
    "status": "ACTIVE",
    "last_updated": "2026-03-02T09:00:00Z",
}
CDR = {
    "country_code": "SE",
    "party_id": "LDS",
    "id": "C1",
    "session_id": "S1",
    "start_date_time": "2026-03-02T09:00:00Z",
    "end_date_time": "2026-03-02T10:30:00Z",
    "cdr_token": CDR_TOKEN,
    "auth_method": "WHITELIST",
    "cdr_location": {"id": "LOC1", "evse_uid": "3256", "evse_id": "SE*LDS*E3256", "connector_id": "1"},
    "currency": "SEK",
    "charging_periods": [],
    "total_cost": {"excl_vat": 55.57, "incl_vat": 69.4625},
    "total_energy": 12.3456,
    "total_time": 1.5,
    "last_updated": "2026-03-02T10:31:00Z",
}


class Partner:
    """A partner with the token that `up` printed, or another one."""

    def __init__(self, url: str, token: str) -> None:
        header = f"Token {base64.b64encode(token.encode()).decode()}"
        self._client = httpx.Client(base_url=url, headers={"Authorization": header}, trust_env=False, timeout=20)

    def __enter__(self) -> "Partner":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def send(self, method: str, path: str, body: Any, code: int = 1000) -> httpx.Response:
        content = body if isinstance(body, bytes) else None
        json = None if isinstance(body, bytes) else body
        answer = self._client.request(method, f"/ocpi/{path}", json=json, content=content)
        assert answer.json()["status_code"] == code, answer.text
        return answer


def of_charge_point_operator(partner: Partner) -> None:
    at = {"last_updated": "2026-03-02T09:30:00Z"}
    partner.send("PUT", "emsp/2.2.1/locations/SE/LDS/LOC1", LOCATION)
    partner.send("PATCH", "emsp/2.2.1/locations/SE/LDS/LOC1/3256", {"status": "CHARGING", **at})
    partner.send("PATCH", "emsp/2.2.1/locations/SE/LDS/LOC1/3256/1", {"max_amperage": 16, **at})
    partner.send("PUT", "emsp/2.2.1/tariffs/SE/LDS/AC", TARIFF)
    partner.send("PUT", "emsp/2.2.1/tariffs/SE/LDS/OLD", {**TARIFF, "id": "OLD"})
    assert partner.send("DELETE", "emsp/2.2.1/tariffs/SE/LDS/OLD", b"").status_code == 200
    partner.send("PUT", "emsp/2.2.1/sessions/SE/LDS/S1", SESSION)
    partner.send("PATCH", "emsp/2.2.1/sessions/SE/LDS/S1", {"kwh": 6.1, **at})


def test_put_patch_and_post_arrive_in_their_tables(laddstrom: Any, broker: str, tmp_path: Path) -> None:
    with laddstrom.up() as up:
        token = (laddstrom.home.keys / "ocpi.token").read_text()
        assert token in up.said
        with Partner(up.ready["ocpi"], token) as partner:
            of_charge_point_operator(partner)
            partner.send("PUT", f"cpo/2.2.1/tokens/SE/EMP/{CARD}", TOKEN)
            partner.send(
                "PATCH", f"cpo/2.2.1/tokens/SE/EMP/{CARD}", {"valid": False, "last_updated": "2026-03-03T00:00:00Z"}
            )
            partner.send("PUT", f"cpo/2.2.1/tokens/SE/EMP/{CARD}", b'{"uid": "' + CARD.encode(), code=2001)
        with Partner(up.ready["ocpi"], "guessed") as stranger:
            assert stranger.send("PUT", "emsp/2.2.1/tariffs/SE/LDS/AC", TARIFF, code=2000).status_code == 401
        assert up.stop() == 0, up.said

    # The partner goes on after a restart; with the embedded broker that is a new log.
    with laddstrom.up() as up:
        with Partner(up.ready["ocpi"], token) as partner:
            ended = {"end_date_time": "2026-03-02T10:30:00Z", "kwh": 12.3456, "status": "COMPLETED"}
            at = {"last_updated": "2026-03-02T10:30:00Z"}
            partner.send("PATCH", "emsp/2.2.1/sessions/SE/LDS/S1", {**ended, **at})
            posted = partner.send("POST", "emsp/2.2.1/cdrs", CDR)
            assert posted.status_code == 201
            assert posted.headers["Location"].endswith("/cdrs/SE/LDS/C1")
            partner.send("POST", "emsp/2.2.1/cdrs", CDR)
        assert up.stop() == 0, up.said

    assert laddstrom.sql("SELECT location_id, name, city, evses, last_updated FROM core__locations") == [
        {"location_id": "LOC1", "name": "Möllan", "city": "Malmö", "evses": 1, "last_updated": "2026-03-02T09:30:00Z"}
    ]
    assert laddstrom.sql("SELECT evse_uid, status, connectors, power_max_w FROM core__evses") == [
        {"evse_uid": "3256", "status": "CHARGING", "connectors": 1, "power_max_w": 3 * 230 * 16}
    ]
    assert laddstrom.sql("SELECT tariff_id, currency, elements FROM core__tariffs") == [
        {"tariff_id": "AC", "currency": "SEK", "elements": 1}
    ]
    [card] = laddstrom.sql("SELECT token_id, is_valid, contract_id, visual_number FROM core__tokens")
    assert not card["is_valid"]
    assert all(card[name].startswith("tok_") for name in ("token_id", "contract_id", "visual_number"))
    session = "status, energy_wh, started_at, ended_at, token_id, contract_id"
    assert laddstrom.sql(f"SELECT {session} FROM core__ocpi_sessions") == [
        {
            "status": "COMPLETED",
            "energy_wh": 12346,
            "started_at": "2026-03-02T09:00:00Z",
            "ended_at": "2026-03-02T10:30:00Z",
            "token_id": card["token_id"],
            "contract_id": card["contract_id"],
        }
    ]
    assert laddstrom.sql("SELECT energy_wh, total_s, cost_incl_vat, ocpi_session_id, token_id FROM core__cdrs") == [
        {
            "energy_wh": 12346,
            "total_s": 5400,
            "cost_incl_vat": 69.4625,
            "ocpi_session_id": "S1",
            "token_id": card["token_id"],
        }
    ]
    assert laddstrom.sql("SELECT * FROM core__ocpi_rejects") == []
    raw = "SELECT module, method, count(*) AS records FROM raw_ocpi__objects GROUP BY ALL ORDER BY ALL"
    assert {(row["module"], row["method"]): row["records"] for row in laddstrom.sql(raw)} == {
        ("cdrs", "post"): 2,
        ("locations", "patch"): 2,
        ("locations", "put"): 1,
        ("sessions", "patch"): 2,
        ("sessions", "put"): 1,
        ("tariffs", "delete"): 1,
        ("tariffs", "put"): 2,
        ("tokens", "patch"): 1,
        ("tokens", "put"): 1,
    }
    [letter] = laddstrom.sql("SELECT reason, station_id, detail FROM core__dead_letters")
    assert letter["reason"] == "not_json"
    assert letter["station_id"] == "SE-EMP/tokens"
    assert CARD.encode() not in laddstrom.home.current.read_bytes()
    assert not any(CARD in log.read_text(errors="replace") for log in laddstrom.home.logs.iterdir())

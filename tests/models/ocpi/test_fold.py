"""Documents in, objects as they last stood: by the spec's own examples, out of order, and hostile."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.ocpi.fold import MODULES, Change, Node, RejectReason, fold
from models.ocpi.rows import EvseRow, LocationRow, SessionRow
from models.ocpi.shape import rows

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SPEC = "ocpi/spec_2.2.1_examples"


def said(minute: int) -> str:
    return (NOON + timedelta(minutes=minute)).isoformat().replace("+00:00", "Z")


def change(module: str, object_id: str, method: str, body: Any, received_at: datetime | None = NOON) -> Change:
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Change(module, object_id, method, received_at, payload)


def shown(module: str, root: Node | None) -> list[Any]:
    if root is None:
        return []
    places = [(1, 2, 100 + place) for place in range(1_000)]
    return list(rows("BE-BEC", module, root, lambda token: token and f"hidden {len(token)}", places))


def folded(module: str, *changes: Change) -> list[Any]:
    root, rejects = fold(changes)
    assert not rejects
    return shown(module, root)


def spec(shared_data: Path, name: str) -> bytes:
    return (shared_data / SPEC / f"{name}.json").read_bytes()


def test_the_specs_location_gives_one_location_and_its_two_evses(shared_data: Path) -> None:
    location, *evses = folded("locations", change("locations", "LOC1", "put", spec(shared_data, "location_example")))
    assert isinstance(location, LocationRow)
    assert (location.name, location.city, location.evses, location.time_zone) == (
        "Gent Zuid",
        "Gent",
        2,
        "Europe/Brussels",
    )
    assert (location.latitude, location.longitude) == (51.047599, 3.729944)
    assert [(evse.evse_uid, evse.status, evse.connectors, evse.power_max_w) for evse in evses] == [
        ("3256", "AVAILABLE", 2, 10560),
        ("3257", "RESERVED", 1, 10560),
    ]


@pytest.mark.parametrize("path", ["LOC1/3256", "loc1/3256"])
def test_the_specs_patches_of_a_location_change_what_they_name_and_nothing_else(shared_data: Path, path: str) -> None:
    location, first, second = folded(
        "locations",
        change("locations", "LOC1", "put", spec(shared_data, "location_example")),
        change("locations", "LOC1", "patch", spec(shared_data, "location_patch_example_location")),
        change("locations", path, "patch", spec(shared_data, "location_patch_example_status")),
        change("locations", f"{path}/1", "patch", spec(shared_data, "location_patch_example_tariff")),
    )
    assert (location.name, location.city, location.last_updated.year) == ("Interparking Gent Zuid", "Gent", 2019)
    assert (first.status, first.connectors, first.evse_emi3_id) == ("CHARGING", 2, "BE*BEC*E041503001")
    assert second.status == "RESERVED"


def test_the_specs_put_of_an_evse_replaces_it_and_its_removal_keeps_a_row(shared_data: Path) -> None:
    _, first, _ = folded(
        "locations",
        change("locations", "LOC1", "put", spec(shared_data, "location_example")),
        change("locations", "LOC1/3256", "put", spec(shared_data, "location_put_example_add_evse")),
        change("locations", "LOC1/3256", "patch", spec(shared_data, "location_patch_example_remove_evse")),
    )
    assert (first.status, first.connectors, first.evse_emi3_id) == ("REMOVED", 1, "BE*BEC*E041503003")
    assert first.power_max_w is None


def test_the_specs_session_is_charged_by_patches_that_append_periods(shared_data: Path) -> None:
    session: SessionRow
    (session,) = folded(
        "sessions",
        change("sessions", "101", "put", spec(shared_data, "session_example_2_short_finished")),
        change("sessions", "101", "patch", spec(shared_data, "session_patch_example_total_cost")),
        change("sessions", "101", "patch", spec(shared_data, "session_patch_example_charging_period")),
    )
    assert session.energy_wh == 15_000
    assert session.charging_periods == 4
    assert str(session.cost_excl_vat) == "0.8000"
    assert session.token_id == "hidden 6"


def test_a_patch_of_periods_that_is_sent_again_appends_once(shared_data: Path) -> None:
    patch = change("sessions", "101", "patch", spec(shared_data, "session_patch_example_charging_period"))
    start = change("sessions", "101", "put", spec(shared_data, "session_example_1_simple_start"))
    older = json.loads(start.payload) | {"last_updated": "2019-01-01T00:00:00Z"}
    (session,) = folded("sessions", change("sessions", "101", "put", older), patch, patch)
    assert session.charging_periods == 1


def test_every_example_of_the_spec_that_is_an_object_folds(shared_data: Path) -> None:
    kinds = {"location_example": "locations", "session_example": "sessions", "cdr_example": "cdrs"}
    kinds |= {"tariff_": "tariffs", "token_example": "tokens"}
    found = 0
    for path in sorted((shared_data / SPEC).glob("*.json")):
        module = next((kind for start, kind in kinds.items() if path.name.startswith(start)), None)
        if module is None:
            continue
        body = json.loads(path.read_bytes())
        method = "post" if module == "cdrs" else "put"
        object_id = str(body[MODULES[module].level.id_field])
        assert folded(module, change(module, object_id, method, body)), path.name
        found += 1
    assert found == 29


def test_a_put_leaves_out_what_it_does_not_name() -> None:
    (token,) = folded(
        "tokens",
        change("tokens", "T", "put", {"uid": "T", "issuer": "A", "valid": True, "last_updated": said(0)}),
        change("tokens", "T", "put", {"uid": "T", "valid": False, "last_updated": said(1)}),
    )
    assert (token.issuer, token.is_valid) == (None, False)


def test_an_older_document_that_comes_late_changes_nothing_newer() -> None:
    location, evse = folded(
        "locations",
        change("locations", "L", "put", {"id": "L", "name": "new", "evses": [{"uid": "E"}], "last_updated": said(5)}),
        change("locations", "L/E", "patch", {"status": "CHARGING", "last_updated": said(9)}),
        change("locations", "L/E", "patch", {"status": "AVAILABLE", "floor_level": "2", "last_updated": said(8)}),
        change("locations", "L", "put", {"id": "L", "name": "old", "evses": [], "last_updated": said(4)}),
        change("locations", "L", "patch", {"name": "older", "last_updated": said(3)}),
    )
    assert (location.name, location.evses) == ("new", 1)
    # Of the late PATCH, the field that nothing newer named counts.
    assert (evse.status, evse.floor_level) == ("CHARGING", "2")
    assert location.last_updated == NOON + timedelta(minutes=9)


def test_an_evse_that_a_newer_location_does_not_name_is_gone_and_comes_back_when_named() -> None:
    evse = {"uid": "E", "status": "AVAILABLE", "last_updated": said(0)}
    changes = [
        change("locations", "L", "put", {"id": "L", "evses": [evse], "last_updated": said(1)}),
        change("locations", "L", "put", {"id": "L", "last_updated": said(2)}),
        change("locations", "L", "put", {"id": "L", "evses": [evse], "last_updated": said(3)}),
    ]
    assert [len(folded("locations", *changes[:count])) for count in (1, 2, 3)] == [2, 1, 2]


def test_a_deleted_tariff_is_gone_until_a_newer_one_is_put() -> None:
    def put(minute: int) -> Change:
        return change("tariffs", "1", "put", {"id": "1", "currency": "EUR", "last_updated": said(minute)})

    delete = change("tariffs", "1", "delete", b"")
    assert folded("tariffs", put(5), delete) == []
    assert folded("tariffs", put(5), delete, put(4)) == []
    assert len(folded("tariffs", put(5), delete, put(6))) == 1
    assert folded("tariffs", delete) == []


def test_a_cdr_never_changes_and_a_credit_is_a_row_of_its_own(shared_data: Path) -> None:
    first = json.loads(spec(shared_data, "cdr_example"))
    again = change("cdrs", "12345", "post", first)
    other = change("cdrs", "12345", "post", first | {"total_energy": 99})
    root, rejects = fold([again, again, other])
    assert {place: reject.reason for place, reject in rejects.items()} == {2: RejectReason.IMMUTABLE}
    (cdr,) = shown("cdrs", root)
    assert (cdr.energy_wh, cdr.total_s, cdr.is_credit) == (15_342, 7_103, False)
    assert (str(cdr.cost_excl_vat), str(cdr.cost_incl_vat)) == ("4.0000", "4.4000")
    credit = first | {"id": "12345C", "credit": True, "credit_reference_id": "12345"}
    (row,) = folded("cdrs", change("cdrs", "12345C", "post", credit))
    assert (row.is_credit, row.credit_reference_id) == (True, "12345")


@pytest.mark.parametrize(
    ("kwh", "expected"),
    [("0.0005", 1), ("41.12", 41_120), ("1.0004999", 1_000), ('"2.5"', 2_500), ("9007199254740.993", 9007199254740993)],
)
def test_energy_is_read_exactly_and_rounded_once(kwh: str, expected: int) -> None:
    body = f'{{"id":"1","kwh":{kwh},"last_updated":"2026-03-02T12:00:00Z"}}'.encode()
    assert folded("sessions", change("sessions", "1", "put", body))[0].energy_wh == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-02T12:00:00", NOON),
        ("2026-03-02T13:00:00+01:00", NOON),
        ("2026-03-02T12:00:00.000000000Z", NOON),
        ("1970-1-1T00:00:00Z", None),
    ],
)
def test_times_without_zone_are_utc_and_the_agreed_sentinel_is_no_time(text: str, expected: datetime | None) -> None:
    body = {"id": "1", "start_date_time": text, "last_updated": said(0)}
    assert folded("sessions", change("sessions", "1", "put", body))[0].started_at == expected


BAD: list[tuple[str, str, str, Any, RejectReason]] = [
    ("locations", "L", "put", b"not json", RejectReason.NOT_JSON),
    ("locations", "L", "put", b"\xff", RejectReason.NOT_JSON),
    ("locations", "L", "put", b"[" * 100_000, RejectReason.NOT_JSON),
    ("sessions", "S", "put", b'{"id":"S","kwh":1e99999999999999999999}', RejectReason.NOT_JSON),
    ("sessions", "S", "put", b'{"id":"S","kwh":' + b"9" * 5000 + b"}", RejectReason.NOT_JSON),
    ("sessions", "S", "put", b'{"id":"S","kwh":1e99}', RejectReason.INVALID_DOCUMENT),
    ("sessions", "S", "put", b'{"id":"S","kwh":true}', RejectReason.INVALID_DOCUMENT),
    ("sessions", "S", "put", b'{"id":"S","kwh":"NaN"}', RejectReason.INVALID_DOCUMENT),
    ("sessions", "S", "put", b'{"id":"S","total_cost":{"excl_vat":1e20}}', RejectReason.INVALID_DOCUMENT),
    ("sessions", "S", "put", b'{"id":"S","last_updated":"yesterday"}', RejectReason.INVALID_DOCUMENT),
    ("sessions", "S", "put", b'{"id":"S","last_updated":"9999-12-31T23:59:59-14:00"}', RejectReason.INVALID_DOCUMENT),
    ("sessions", "S", "put", b'{"id":"S","charging_periods":[3]}', RejectReason.INVALID_DOCUMENT),
    ("locations", "L", "put", b"[]", RejectReason.INVALID_DOCUMENT),
    ("locations", "L", "put", b'{"id":"L","evses":{}}', RejectReason.INVALID_DOCUMENT),
    ("locations", "L", "put", b'{"id":"L","evses":[{"status":"AVAILABLE"}]}', RejectReason.INVALID_DOCUMENT),
    ("locations", "L", "put", b'{"id":"L","evses":[{"uid":"E","connectors":[7]}]}', RejectReason.INVALID_DOCUMENT),
    ("locations", "L", "put", b'{"id":"M"}', RejectReason.ID_MISMATCH),
    ("locations", "L/E/C/X", "put", b"{}", RejectReason.BAD_PATH),
    ("locations", "L//C", "put", b"{}", RejectReason.BAD_PATH),
    ("locations", "L", "delete", b"", RejectReason.METHOD_NOT_DEFINED),
    ("cdrs", "C", "put", b"{}", RejectReason.METHOD_NOT_DEFINED),
    ("chargingprofiles", "C", "put", b"{}", RejectReason.UNKNOWN_MODULE),
    ("tokens", "T", "patch", b'{"valid":false}', RejectReason.UNKNOWN_OBJECT),
]


@pytest.mark.parametrize(("module", "object_id", "method", "body", "reason"), BAD)
def test_a_bad_document_is_rejected_with_its_reason_and_never_quoted(
    module: str, object_id: str, method: str, body: bytes, reason: RejectReason
) -> None:
    root, rejects = fold([change(module, object_id, method, body)])
    assert [reject.reason for reject in rejects.values()] == [reason]
    assert shown(module, root) == []
    assert "99999" not in rejects[0].detail
    assert "yesterday" not in rejects[0].detail


def test_a_bad_document_leaves_the_good_one_before_it() -> None:
    good = change("sessions", "S", "put", {"id": "S", "kwh": 1.5, "last_updated": said(0)})
    root, rejects = fold([good, change("sessions", "S", "patch", b'{"kwh":"much"}')])
    assert list(rejects) == [1]
    assert shown("sessions", root)[0].energy_wh == 1_500


def test_without_last_updated_the_time_of_receipt_stands_in_and_without_both_it_is_rejected() -> None:
    body = {"uid": "T", "valid": True}
    assert folded("tokens", change("tokens", "T", "put", body))[0].last_updated == NOON
    _, rejects = fold([change("tokens", "T", "put", body, received_at=None)])
    assert rejects[0].reason is RejectReason.WITHOUT_TIME


def test_an_evse_may_be_put_before_its_location() -> None:
    (evse,) = folded("locations", change("locations", "L/E", "put", {"uid": "E", "last_updated": said(0)}))
    assert isinstance(evse, EvseRow)
    assert evse.location_id == "L"


_evse = st.fixed_dictionaries(
    {"status": st.sampled_from(["AVAILABLE", "CHARGING"])}, optional={"floor_level": st.just("1")}
)
_names = st.sampled_from(["", "A", "Ö"])
_puts = st.fixed_dictionaries({"id": st.just("L")}, optional={"name": _names, "city": _names})
_steps = st.lists(
    st.one_of(
        st.tuples(st.just("L"), st.just("put"), _puts),
        st.tuples(st.just("L"), st.just("patch"), _puts),
        st.tuples(st.just("L/E"), st.sampled_from(["put", "patch"]), _evse),
    ),
    max_size=7,
)


@given(_steps, st.randoms())
def test_the_order_of_receipt_does_not_matter_where_last_updated_tells(
    steps: list[tuple[str, str, dict[str, str]]], random: Any
) -> None:
    changes = [
        change("locations", path, method, body | {"last_updated": said(minute)})
        for minute, (path, method, body) in enumerate(steps)
    ]
    expected = shown("locations", fold(changes)[0])
    random.shuffle(changes)
    assert shown("locations", fold(changes)[0]) == expected


def test_a_patch_that_names_a_location_s_evses_names_all_of_them() -> None:
    evses = [{"uid": uid, "status": "AVAILABLE", "last_updated": said(0)} for uid in ("E1", "E2")]
    put = change("locations", "L", "put", {"id": "L", "name": "A", "evses": evses, "last_updated": said(1)})
    named = [{"uid": "E2", "status": "CHARGING", "last_updated": said(2)}]
    patch = change("locations", "L", "patch", {"evses": named, "last_updated": said(2)})
    location, evse = folded("locations", put, patch)
    assert (location.name, location.evses) == ("A", 1)
    assert (evse.evse_uid, evse.status) == ("E2", "CHARGING")
    (emptied,) = folded("locations", put, change("locations", "L", "patch", {"evses": None, "last_updated": said(3)}))
    assert (emptied.name, emptied.evses) == ("A", 0)


def test_a_patch_of_evses_that_is_older_than_the_newest_put_names_nothing() -> None:
    older = {"evses": [{"uid": "E1", "last_updated": said(0)}], "last_updated": said(0)}
    put = {"id": "L", "evses": [{"uid": "E2", "last_updated": said(1)}], "last_updated": said(1)}
    _, *evses = folded("locations", change("locations", "L", "put", put), change("locations", "L", "patch", older))
    assert [evse.evse_uid for evse in evses] == ["E2"]


@pytest.mark.parametrize(
    ("fields", "watts"),
    [
        ({"power_type": "DC", "max_voltage": 400, "max_amperage": 125}, 50_000),
        ({"power_type": "AC_1_PHASE", "max_voltage": 230, "max_amperage": 32}, 7_360),
        ({"power_type": "AC_2_PHASE", "max_voltage": 230, "max_amperage": 32}, 14_720),
        ({"power_type": "AC_3_PHASE", "max_voltage": 230, "max_amperage": 32}, 22_080),
        ({"power_type": "AC_3_PHASE", "max_voltage": 379, "max_amperage": 10}, 11_370),
        ({"power_type": "AC_3_PHASE", "max_voltage": 380, "max_amperage": 10}, 6_582),
        ({"power_type": "AC_3_PHASE", "max_voltage": 400, "max_amperage": 32}, 22_170),
        ({"power_type": "AC_3_PHASE", "max_voltage": 400, "max_amperage": 32, "max_electric_power": 11_000}, 11_000),
        ({"power_type": "AC_3_PHASE", "max_voltage": 400}, None),
    ],
)
def test_the_power_of_three_phases_counts_volts_to_neutral_or_between_lines(
    fields: dict[str, Any], watts: int | None
) -> None:
    evse = {"uid": "E", "connectors": [{"id": "1", "last_updated": said(0)} | fields], "last_updated": said(0)}
    location = {"id": "L", "evses": [evse], "last_updated": said(0)}
    _, found = folded("locations", change("locations", "L", "put", location))
    assert found.power_max_w == watts


def test_charging_periods_are_appended_in_the_order_of_their_times_and_once() -> None:
    period = {"start_date_time": said(0), "dimensions": []}
    put = {"id": "S", "kwh": 1, "charging_periods": [period], "last_updated": said(0)}
    patches = [
        change("sessions", "S", "patch", {"charging_periods": [period] * count, "last_updated": said(minute)})
        for minute, count in ((2, 2), (1, 1), (2, 2))
    ]
    root, rejects = fold([change("sessions", "S", "put", put), *patches])
    assert (shown("sessions", root)[0].charging_periods, rejects) == (4, {})
    nothing = change("sessions", "S", "patch", {"charging_periods": None, "last_updated": said(3)})
    assert shown("sessions", fold([change("sessions", "S", "put", put), nothing])[0])[0].charging_periods == 1


def test_a_cdr_is_one_row_and_another_of_its_id_is_rejected() -> None:
    place = {"id": "L", "evse_uid": "E", "evse_id": "BE*BEC*E1", "connector_id": "1"}
    cdr = {
        "id": "C",
        "cdr_token": {"uid": "99999"},
        "cdr_location": place,
        "currency": "EUR",
        "total_cost": {"excl_vat": 4.00, "incl_vat": 4.80},
        "total_energy": 15.342,
        "total_time": 1.5,
        "last_updated": said(0),
    }
    first, again = (change("cdrs", "C", "post", cdr) for _ in range(2))
    other = change("cdrs", "C", "post", cdr | {"total_energy": 1})
    root, rejects = fold([first, again, other])
    assert {at: reject.reason for at, reject in rejects.items()} == {2: RejectReason.IMMUTABLE}
    (row,) = shown("cdrs", root)
    assert (row.cdr_id, row.energy_wh, row.total_s, row.token_id) == ("C", 15_342, 5_400, "hidden 5")
    assert (row.location_id, row.evse_uid, row.evse_emi3_id, row.connector_uid) == ("L", "E", "BE*BEC*E1", "1")
    assert (str(row.cost_excl_vat), str(row.cost_incl_vat), row.is_credit) == ("4.0000", "4.8000", False)


@pytest.mark.parametrize(
    ("coordinates", "expected"),
    [
        ({"latitude": "51.047599", "longitude": "3.729944"}, (51.047599, 3.729944)),
        ({"latitude": "-90", "longitude": "180"}, (-90, 180)),
        ({"latitude": "90.1", "longitude": "-180.1"}, (None, None)),
        ({"latitude": "north", "longitude": ""}, (None, None)),
    ],
)
def test_a_place_is_on_the_globe_or_unknown(
    coordinates: dict[str, str], expected: tuple[float | None, float | None]
) -> None:
    body = {"id": "L", "coordinates": coordinates, "last_updated": said(0)}
    (location,) = folded("locations", change("locations", "L", "put", body))
    assert (location.latitude, location.longitude) == expected


def test_a_session_knows_which_document_said_its_energy() -> None:
    started = change("sessions", "S", "put", {"id": "S", "last_updated": said(0)})
    (row,) = folded("sessions", started)
    assert (row.energy_wh, row.energy_generation, row.energy_partition, row.energy_offset) == (None, None, None, None)
    patched = change("sessions", "S", "patch", {"kwh": 4.2, "last_updated": said(2)})
    late = change("sessions", "S", "patch", {"kwh": 1.1, "last_updated": said(1)})
    ended = change("sessions", "S", "patch", {"status": "COMPLETED", "last_updated": said(3)})
    (row,) = folded("sessions", started, patched, late, ended)
    assert (row.energy_wh, row.energy_generation, row.energy_partition, row.energy_offset) == (4200, 1, 2, 101)


def test_a_cdr_knows_which_document_said_its_energy() -> None:
    (row,) = folded("cdrs", change("cdrs", "C", "post", {"id": "C", "total_energy": 0.1, "last_updated": said(0)}))
    assert (row.energy_wh, row.energy_offset) == (100, 100)

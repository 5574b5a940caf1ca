"""OCPI documents of the lake as tables: a real feed's page, pseudonyms, rejects."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
from canaries import values
from small_lake import KEY, Lake, at, rows

from models.tokens.pseudonyms import canonical, pseudonym
from pipelines.warehouse.sql import identifier


def document(module: str, object_id: str, body: Any, **more: Any) -> dict[str, Any]:
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    return {"module": module, "object_id": object_id, "payload": payload, **more}


def test_a_page_of_a_real_feed_gives_its_locations_and_evses(lake: Lake, shared_data: Path) -> None:
    page = json.loads((shared_data / "ocpi/chargecloud_ludwigsburg_locations_2026-04.json").read_bytes())["items"]
    lake.objects(
        *(document("locations", item["id"], item, party=f"{item['country_code']}-{item['party_id']}") for item in page)
    )
    opened = lake.build()
    assert rows(opened, "SELECT count(*), count(latitude), sum(evses)::INT FROM core__locations") == [(100, 100, 273)]
    statuses = rows(opened, "SELECT status, count(*) FROM core__evses GROUP BY ALL")
    assert dict(statuses) == {"AVAILABLE": 226, "CHARGING": 40, "INOPERATIVE": 6, "OUTOFORDER": 1}
    assert rows(opened, "SELECT count(*) FROM core__ocpi_rejects") == [(0,)]
    first = next(evse for item in page for evse in item["evses"])
    found = opened.execute(
        "SELECT evse_emi3_id, connectors, power_max_w FROM core__evses WHERE evse_uid = ?", [first["uid"]]
    ).fetchall()
    assert found == [(first["evse_id"], 1, first["connectors"][0]["max_electric_power"])]


def test_the_tariff_cases_of_another_project_fold_or_are_rejected_by_name(lake: Lake, shared_data: Path) -> None:
    for number, path in enumerate(sorted((shared_data / "ocpi/tariff_cases").glob("*/*.json"))):
        module, method = ("tariffs", "put") if path.name == "tariff.json" else ("cdrs", "post")
        body = json.loads(path.read_bytes())
        object_id = str(body.get("id") or f"{path.parent.name}-{number}")
        lake.objects(document(module, object_id, body, method=method, party=f"NL-{number}"))
    opened = lake.build()
    assert rows(opened, "SELECT module, reason, detail FROM core__ocpi_rejects") == []
    assert rows(opened, "SELECT count(*), min(elements) FROM core__tariffs") == [(12, 1)]
    assert rows(opened, "SELECT count(*), count(cost_excl_vat), count(energy_wh) FROM core__cdrs") == [(5, 5, 5)]


CARD, CONTRACT = "7391640258", "DE8ACC12E46L89"
"""The card in place of the specification's 012345678: digits in a row also stand in DuckDB's own tables of symbols."""
SECRETS = [CARD, CONTRACT, "CARD-VISUAL-1", "GROUP-1", "AUTHREF-1", "CARD-BAD"]


def presented(lake: Lake, shared_data: Path) -> None:
    example = (shared_data / "ocpi/spec_2.2.1_examples/cdr_example.json").read_text(encoding="utf-8")
    cdr = json.loads(example.replace("012345678", CARD))
    session = {"id": "S", "cdr_token": cdr["cdr_token"], "authorization_reference": "AUTHREF-1", "kwh": 1}
    token = {"uid": CARD, "contract_id": CONTRACT, "visual_number": "CARD-VISUAL-1", "type": "RFID"}
    lake.objects(
        document("tokens", CARD, token | {"group_id": "GROUP-1"}),
        document("sessions", "S", session),
        document("cdrs", "12345", cdr, method="post"),
        document("tokens", "CARD-BAD", {"uid": "CARD-BAD", "valid": "CARD-BAD"}),
        document("CARD-BAD", "CARD-BAD", b"{}"),
    )


def found(opened: duckdb.DuckDBPyConnection) -> list[str]:
    """Card numbers in the database file as it is or, as texts in it may be compressed, in a value of its tables."""
    path = Path(rows(opened, "SELECT path FROM duckdb_databases() WHERE NOT internal")[0][0])
    names = [name for (name,) in rows(opened, "SELECT table_name FROM duckdb_tables() WHERE NOT internal")]
    held = b"\n".join([path.read_bytes(), *(values(opened, f"FROM {identifier(name)}") for name in names)])
    return [secret for secret in SECRETS if secret.encode() in held or (canonical(secret) or "").encode() in held]


def test_no_card_number_reaches_a_table_and_pseudonyms_join_with_ocpp(lake: Lake, shared_data: Path) -> None:
    presented(lake, shared_data)
    opened = lake.build()
    expected = (pseudonym(CARD, KEY), pseudonym(CONTRACT, KEY))
    for table in ("core__tokens", "core__ocpi_sessions", "core__cdrs"):
        assert rows(opened, f"SELECT token_id, contract_id FROM {table}") == [expected]
    assert rows(opened, "SELECT count(*) FROM core__ocpi_rejects") == [(2,)]
    assert found(opened) == []


def test_the_search_for_card_numbers_finds_those_of_a_build_without_a_key(lake: Lake, shared_data: Path) -> None:
    presented(lake, shared_data)
    assert [*found(lake.build(token_key=None)), "CARD-BAD"] == SECRETS  # that one stands in rejected objects only


def test_without_a_key_tokens_stand_in_clear(lake: Lake) -> None:
    lake.objects(document("tokens", "04-AB", {"uid": "04-AB", "contract_id": "C 1"}))
    opened = lake.build(token_key=None)
    assert rows(opened, "SELECT token_id, contract_id FROM core__tokens") == [("04ab", "c1")]
    assert rows(opened, "SELECT is_tokens_clear FROM meta__build") == [(True,)]


def test_ids_are_case_insensitive_and_parties_keep_apart(lake: Lake) -> None:
    lake.objects(
        document("tariffs", "t1", {"currency": "EUR"}),
        document("tariffs", "T1", {"currency": "SEK"}),
        document("tariffs", "T1", {"currency": "NOK"}, party="NO-ABC"),
    )
    found = rows(lake.build(), "SELECT party, currency FROM core__tariffs ORDER BY party")
    assert found == [("BE-BEC", "SEK"), ("NO-ABC", "NOK")]


def test_rejects_name_their_place_in_raw(lake: Lake) -> None:
    lake.objects(document("sessions", "S", {"id": "S", "kwh": 2}), document("sessions", "S", b"not json"))
    opened = lake.build()
    assert rows(opened, "SELECT energy_wh FROM core__ocpi_sessions") == [(2000,)]
    found = rows(
        opened,
        "SELECT r.reason, r.received_at, o.payload_text FROM core__ocpi_rejects AS r JOIN raw_ocpi__objects AS o "
        'USING (generation, partition, "offset")',
    )
    assert found == [("not_json", at(2), "not json")]
    assert rows(opened, "SELECT ocpi_rejects FROM meta__build") == [(1,)]


def test_an_object_is_folded_by_its_place_in_the_log_across_files_and_batches(lake: Lake) -> None:
    for number in range(50):
        lake.objects(*(document("tariffs", str(index), {"currency": f"{number:03d}"}) for index in range(60)))
    found = rows(lake.build(), "SELECT currency, count(*) FROM core__tariffs GROUP BY ALL")
    assert Counter(dict(found)) == {"049": 60}

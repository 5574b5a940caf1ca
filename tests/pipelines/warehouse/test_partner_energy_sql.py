"""The last rung: OCPP frames and a partner's OCPI documents, through the real folds into one build."""

import json
from datetime import datetime, timedelta
from typing import Any

import duckdb
import pytest
from folded import Wire, at, land
from small_lake import Lake, rows

BEGAN = datetime.fromisoformat(at(0))
CANDIDATES = (
    "SELECT rung, energy_wh, is_chosen, reason, difference_wh, matched_by, ocpi_id "
    "FROM core__session_energy_candidates ORDER BY session_id, rank, ocpi_id"
)
ENERGY = "SELECT energy_wh, energy_basis, energy_confidence FROM core__sessions ORDER BY started_at, session_id"
AGREEING = "place, token"


def said(seconds: float) -> str:
    return (BEGAN + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def unmetered(station: str = "CP", transaction_id: int = 7, begin: int = 0, end: int = 3600, **start: Any) -> Wire:
    """A session whose frames say nothing of its energy."""
    wire = Wire(station=station)
    wire.start(transaction_id, seconds=begin, **({"meterStart": None, "timestamp": at(begin)} | start))
    wire.stop(transaction_id, seconds=end, meterStop=None, timestamp=at(end))
    return wire


def two_at_once() -> Wire:
    """One card at both connectors of a station."""
    wire = Wire()
    wire.start(7, seconds=0, meterStart=None, timestamp=at(0))
    wire.start(8, seconds=60, meterStart=None, timestamp=at(60), connectorId=2)
    wire.stop(8, seconds=3500, meterStop=None, timestamp=at(3500))
    wire.stop(7, seconds=3600, meterStop=None, timestamp=at(3600))
    return wire


def metered(**start: Any) -> Wire:
    """A session of 2,000 Wh by its meter."""
    wire = Wire()
    wire.start(7, **start)
    wire.stop(7, seconds=3600)
    return wire


def document(module: str, ocpi_id: str, body: dict[str, Any], method: str = "put") -> dict[str, Any]:
    return {"module": module, "object_id": ocpi_id, "payload": json.dumps(body).encode(), "method": method}


def cdr(ocpi_id: str = "C1", kwh: object = 12.345, begin: int = 0, end: int = 3600, **more: Any) -> dict[str, Any]:
    place = {"id": "LOC", "evse_uid": "CP-1", "connector_id": "1"} | more.pop("cdr_location", {})
    body = {"id": ocpi_id, "start_date_time": said(begin), "end_date_time": said(end), "total_energy": kwh}
    body |= {"cdr_token": {"uid": "CARD", "contract_id": "NL-TNM-C1"}, "cdr_location": place, "last_updated": said(end)}
    return document("cdrs", ocpi_id, body | more, "post")


def ocpi_session(ocpi_id: str = "S1", kwh: object = 11, begin: int = 0, end: int = 3600, **more: Any) -> dict[str, Any]:
    body = {"id": ocpi_id, "start_date_time": said(begin), "end_date_time": said(end), "kwh": kwh, "location_id": "LOC"}
    body |= {"evse_uid": "CP-1", "connector_id": "1", "cdr_token": {"uid": "CARD"}, "status": "COMPLETED"}
    return document("sessions", ocpi_id, body | {"last_updated": said(end)} | more)


def built(lake: Lake, wires: Wire | list[Wire], *documents: dict[str, Any]) -> duckdb.DuckDBPyConnection:
    log = [record for wire in ([wires] if isinstance(wires, Wire) else wires) for record in wire.records]
    for offset, record in enumerate(log):
        record.offset = offset
    land(lake, log)
    if documents:
        lake.objects(*documents)
    return lake.build()


def anomalies(opened: duckdb.DuckDBPyConnection) -> list[Any]:
    return rows(
        opened,
        "SELECT anomaly, value, expected FROM core__anomalies WHERE anomaly LIKE '%partner%' OR "
        "anomaly = 'energy_unknown' ORDER BY ALL",
    )


def test_a_session_without_metering_takes_the_energy_of_its_cdr(lake: Lake) -> None:
    opened = built(lake, unmetered(), cdr(kwh=12.3455))
    assert rows(opened, CANDIDATES) == [("cdr", 12346, True, None, 0, AGREEING, "C1")]
    assert rows(opened, ENERGY) == [(12346, "cdr", 0.3)]
    assert anomalies(opened) == [("energy_by_partner", "12346", None)]
    assert rows(opened, "SELECT energy_wh, sessions_energy_unknown FROM report__energy_daily") == [(12346, 0)]
    assert rows(opened, "SELECT sum(energy_wh)::BIGINT, list(DISTINCT basis) FROM core__energy_intervals") == [
        (12346, ["uniform"])
    ]


def test_without_its_cdr_the_session_stays_unknown(lake: Lake) -> None:
    opened = built(lake, unmetered())
    assert rows(opened, ENERGY) == [(None, None, None)]
    assert anomalies(opened) == [("energy_unknown", None, None)]


def test_the_stations_own_evidence_stays_and_the_partner_stands_beside_it(lake: Lake) -> None:
    opened = built(lake, metered(), cdr(kwh=2.049), ocpi_session(kwh=1.5))
    assert rows(opened, CANDIDATES) == [
        ("meter_stop", 2000, True, None, 0, None, None),
        ("cdr", 2049, False, "better_evidence", 49, AGREEING, "C1"),
        ("ocpi_session", 1500, False, "better_evidence", -500, AGREEING, "S1"),
    ]
    assert rows(opened, ENERGY) == [(2000, "meter_stop", 0.9)]
    assert anomalies(opened) == []


def test_a_cdr_that_says_other_energy_than_the_station_is_said(lake: Lake) -> None:
    opened = built(lake, metered(), cdr(kwh=2.051))
    assert anomalies(opened) == [("partner_disagrees", "2051", "2000")]


def test_a_cdr_goes_before_an_ocpi_session_and_that_before_nothing(lake: Lake) -> None:
    opened = built(lake, unmetered(), cdr(), ocpi_session())
    assert rows(opened, CANDIDATES) == [
        ("cdr", 12345, True, None, 0, AGREEING, "C1"),
        ("ocpi_session", 11000, False, "better_evidence", -1345, AGREEING, "S1"),
    ]
    opened = built(Lake(lake.folder / "alone"), unmetered(), ocpi_session())
    assert rows(opened, ENERGY) == [(11000, "ocpi_session", 0.2)]


def test_the_evidence_of_a_patched_session_is_the_patch_that_said_the_energy(lake: Lake) -> None:
    start = ocpi_session(kwh=0, status="ACTIVE", last_updated=said(0))
    running = document("sessions", "S1", {"kwh": 4.2, "last_updated": said(1800)}, "patch")
    ended = document("sessions", "S1", {"status": "COMPLETED", "last_updated": said(3601)}, "patch")
    opened = built(lake, unmetered(), start, running)
    assert rows(opened, CANDIDATES) == [("ocpi_session", 4200, False, "not_final", None, AGREEING, "S1")]
    lake.objects(ended)
    opened = lake.build()
    assert rows(opened, ENERGY) == [(4200, "ocpi_session", 0.2)]
    evidence = """SELECT payload_text FROM core__session_energy_candidates AS c JOIN raw_ocpi__objects AS o
      ON o.generation = c.end_generation AND o.partition = c.end_partition AND o."offset" = c.end_offset"""
    assert rows(opened, evidence) == [(running["payload"].decode(),)]


def test_credit_notes_and_what_they_credit_never_count_and_a_new_cdr_does(lake: Lake) -> None:
    credit = cdr("C2", kwh=-12.345, credit=True, credit_reference_id="c1")
    assert rows(built(lake, unmetered(), cdr(), credit), ENERGY) == [(None, None, None)]
    lake.objects(cdr("C3", kwh=10))
    opened = lake.build()
    assert rows(opened, CANDIDATES) == [
        ("cdr", 12345, False, "credited", 2345, AGREEING, "C1"),
        ("cdr", None, False, "credit_note", None, AGREEING, "C2"),
        ("cdr", 10000, True, None, 0, AGREEING, "C3"),
    ]
    assert rows(opened, ENERGY) == [(10000, "cdr", 0.3)]


def test_a_credit_note_that_repeats_the_energy_as_ocpi_has_it_counts_nowhere(lake: Lake) -> None:
    opened = built(lake, unmetered(), cdr("C2", credit=True, credit_reference_id="C1"))
    assert rows(opened, CANDIDATES) == [("cdr", 12345, False, "credit_note", None, AGREEING, "C2")]
    assert rows(opened, ENERGY) == [(None, None, None)]


def test_two_cdrs_of_one_session_are_ambiguous_even_if_they_agree(lake: Lake) -> None:
    opened = built(lake, unmetered(), cdr("C1"), cdr("C2"))
    reasons = [("cdr", 12345, False, "ambiguous_match", None, AGREEING, name) for name in ("C1", "C2")]
    assert rows(opened, CANDIDATES) == reasons
    assert rows(opened, ENERGY) == [(None, None, None)]
    assert [anomaly for anomaly, *_ in anomalies(opened)] == [
        "energy_unknown",
        "partner_ambiguous",
        "partner_ambiguous",
    ]


def test_a_cdr_that_may_be_of_two_sessions_is_of_none(lake: Lake) -> None:
    opened = built(lake, two_at_once(), cdr(cdr_location={"evse_uid": "CP", "connector_id": "A"}))
    assert {row[3] for row in rows(opened, CANDIDATES)} == {"ambiguous_match"}
    assert rows(opened, ENERGY) == [(None, None, None)] * 2
    opened = built(
        Lake(lake.folder / "numbered"), two_at_once(), cdr(cdr_location={"evse_uid": "CP", "connector_id": "2"})
    )
    assert rows(opened, ENERGY) == [(None, None, None), (12345, "cdr", 0.3)]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"kwh": 0}, "zero"),
        ({"kwh": "0.0000"}, "zero"),
        ({"kwh": -3}, "negative"),
        ({"kwh": 12345}, "over_capacity"),
    ],
)
def test_what_no_meter_can_have_said_is_no_energy(lake: Lake, change: dict[str, Any], reason: str) -> None:
    opened = built(lake, unmetered(), cdr(**change))
    assert [row[3] for row in rows(opened, CANDIDATES)] == [reason]
    assert rows(opened, ENERGY) == [(None, None, None)]
    assert ("energy_unknown", None, None) in anomalies(opened)


def test_a_charger_that_gives_more_than_others_by_its_partners_word_is_believed(lake: Lake) -> None:
    connector = {"id": "1", "max_electric_power": 1_200_000}
    location = {"id": "LOC", "evses": [{"uid": "CP-1", "connectors": [connector]}], "last_updated": said(0)}
    opened = built(lake, unmetered(), cdr(kwh=900), document("locations", "LOC", location))
    assert rows(opened, ENERGY) == [(900_000, "cdr", 0.3)]


NAMELESS = {"evse_uid": "3256", "evse_id": None}
OTHER_CARD = {"cdr_token": {"uid": "OTHER"}}


MATCHES: dict[str, tuple[dict[str, Any], str | None]] = {
    "EVSE by uid and token": ({}, AGREEING),
    "eMI3 id": ({"cdr_location": {"evse_uid": "3256", "evse_id": "NL*TNM*ECP*1"}}, AGREEING),
    "eMI3, short": ({"cdr_location": {"evse_uid": "3256", "evse_id": "NLTNMECP*1"}}, AGREEING),
    "eMI3 id as uid": ({"cdr_location": {"evse_uid": "NL*TNM*ECP*001"}}, AGREEING),
    "OCPI's connector has a number of its own": (
        {"cdr_location": {"evse_uid": "CP", "connector_id": "341114955"}},
        AGREEING,
    ),
    "the station and OCPI's connector": ({"cdr_location": {"evse_uid": "cp"}}, AGREEING),
    "the token as a contract": ({"cdr_token": {"contract_id": "card"}}, AGREEING),
    "the token as a reference": (OTHER_CARD | {"authorization_reference": "Card"}, AGREEING),
    "EVSE and transactionId": (OTHER_CARD | {"session_id": "TX"}, "place, transaction"),
    "all three": ({"session_id": "TX"}, "place, token, transaction"),
    "no place known": ({"cdr_location": NAMELESS, "session_id": "TX"}, "token, transaction"),
    "named": ({"session_id": "TX", "begin": 3000, "end": 30_000}, "place, token, transaction"),
    "most of the time shared": ({"begin": -600, "end": 5000}, AGREEING),
    "little of the time shared": ({"begin": 3000, "end": 30_000}, None),
    "times only touch": ({"begin": 3600, "end": 7200, "session_id": "TX"}, None),
    "time alone": ({"cdr_location": NAMELESS} | OTHER_CARD, None),
    "place and time alone": (OTHER_CARD, None),
    "token and time alone": ({"cdr_location": NAMELESS}, None),
    "transactionId alone": ({"cdr_location": NAMELESS, "session_id": "TX"} | OTHER_CARD, None),
    "another connector": ({"cdr_location": {"evse_uid": "CP-2"}}, None),
    "OCPI's other connector": ({"cdr_location": {"evse_uid": "CP", "connector_id": "2"}}, None),
    "elsewhere, for all else": ({"cdr_location": {"evse_uid": "CP-2"}, "session_id": "TX"}, None),
    "a start that nobody knows": ({"start_date_time": "1970-1-1T00:00:00Z"}, None),
    "no energy": ({"total_energy": None}, None),
}
"""What a CDR has other than the session's; `TX` stands for its transactionId."""


def test_two_of_place_token_and_transaction_have_to_agree_and_the_times(lake: Lake) -> None:
    wire, documents = Wire(), []
    for number, (name, (change, _)) in enumerate(MATCHES.items()):
        begin, transaction_id = number * 864_000, 100 + number
        wire.start(transaction_id, seconds=begin, meterStart=None, timestamp=at(begin))
        wire.stop(transaction_id, seconds=begin + 3600, meterStop=None, timestamp=at(begin + 3600))
        moved = {key: value + begin for key, value in change.items() if key in ("begin", "end")}
        named = {"session_id": str(transaction_id)} if change.get("session_id") == "TX" else {}
        documents.append(cdr(name, **({"begin": begin, "end": begin + 3600} | change | moved | named)))
    opened = built(lake, wire, *documents)
    found = dict(rows(opened, "SELECT ocpi_id, matched_by FROM core__session_energy_candidates"))
    assert {name: found.get(name) for name in MATCHES} == {name: expected for name, (_, expected) in MATCHES.items()}
    assert rows(opened, "SELECT count(*) FROM core__sessions WHERE energy_basis = 'cdr'") == [(len(found),)]


@pytest.mark.parametrize("station", ["NL*TNM*E-0.1", "E-0.1", "0.1", "NLTNME01"])
def test_a_station_is_called_by_all_or_part_of_its_emi3_id(lake: Lake, station: str) -> None:
    opened = built(lake, unmetered(station), cdr(cdr_location={"evse_uid": "9", "evse_id": "NL*TNM*E01*001"}))
    assert rows(opened, ENERGY) == [(12345, "cdr", 0.3)]


def test_the_location_tells_what_a_session_leaves_out_of_its_place(lake: Lake) -> None:
    evses = [{"uid": "3256", "evse_id": "NL*TNM*EX*9", "physical_reference": "CP/1"}, {"uid": "x", "evse_id": "?"}]
    location = document("locations", "LOC", {"id": "LOC", "evses": evses, "last_updated": said(0)})
    opened = built(lake, unmetered(), location, ocpi_session(evse_uid="3256"))
    assert rows(opened, ENERGY) == [(11000, "ocpi_session", 0.2)]
    assert rows(opened, "SELECT physical_reference FROM core__evses ORDER BY evse_uid") == [("CP/1",), (None,)]


def test_a_2x_transaction_is_found_by_the_id_that_the_station_gave_it(lake: Lake) -> None:
    wire = Wire("ocpp2.0.1")
    for number, kind in enumerate(("Started", "Ended")):
        event = {"eventType": kind, "timestamp": at(3600 * number), "triggerReason": "Authorized", "seqNo": number}
        event |= {"transactionInfo": {"transactionId": "AB-c1"}, "evse": {"id": 2, "connectorId": 1}}
        wire.call(
            "TransactionEvent", event | {"idToken": {"idToken": "CARD", "type": "ISO14443"}}, seconds=3600 * number
        )
    opened = built(lake, wire, cdr(session_id="ab-C1", cdr_location={"evse_uid": "CP*2"}))
    assert rows(opened, "SELECT matched_by FROM stg_ocpi__matches") == [("place, token, transaction",)]
    assert rows(opened, ENERGY) == [(12345, "cdr", 0.3)]


def test_of_two_cards_charging_at_once_the_named_transaction_decides(lake: Lake) -> None:
    opened = built(lake, two_at_once(), cdr(session_id="8", cdr_location={"evse_uid": "CP", "connector_id": "A"}))
    assert rows(opened, ENERGY) == [(None, None, None), (12345, "cdr", 0.3)]


def test_an_open_session_whose_stop_was_lost_takes_its_cdr(lake: Lake) -> None:
    wire = Wire()
    wire.start(7, meterStart=None)
    opened = built(lake, wire, cdr())
    assert rows(opened, "SELECT energy_wh, energy_basis, is_open, ended_at FROM core__sessions") == [
        (12345, "cdr", True, None)
    ]
    assert rows(opened, "SELECT energy_open_wh FROM report__energy_daily") == [(12345,)]


def test_deleting_a_cdr_or_session_is_no_part_of_ocpi_and_changes_nothing(lake: Lake) -> None:
    gone = [document(module, name, {}, "delete") for module, name in (("cdrs", "C1"), ("sessions", "S1"))]
    opened = built(lake, unmetered(), cdr(), ocpi_session(), *gone)
    assert rows(opened, ENERGY) == [(12345, "cdr", 0.3)]
    assert rows(opened, "SELECT DISTINCT reason FROM core__ocpi_rejects") == [("method_not_defined",)]


def test_documents_of_two_partners_with_one_id_are_two(lake: Lake) -> None:
    other = cdr(cdr_location={"evse_uid": "OTHER-1"}, kwh=5) | {"party": "NO-ABC"}
    opened = built(lake, [unmetered(), unmetered("OTHER")], cdr(), other)
    found = rows(opened, "SELECT station_id, energy_wh FROM core__sessions ORDER BY 1")
    assert found == [("CP", 12345), ("OTHER", 5000)]


def test_the_landed_fact_stays_as_the_step_said_it(lake: Lake) -> None:
    opened = built(lake, unmetered(), cdr())
    (path,) = lake.landed["core__sessions"]
    assert rows(opened, f"SELECT energy_wh, energy_basis FROM read_parquet('{path}')") == [(None, None)]
    assert rows(lake.build(), CANDIDATES) == rows(opened, CANDIDATES)


def test_tokens_in_clear_match_as_pseudonyms_do(lake: Lake) -> None:
    built(lake, unmetered(), cdr())
    assert rows(lake.build(token_key=None), "SELECT matched_by FROM stg_ocpi__matches") == []


def test_many_sessions_of_one_card_each_find_their_own_cdr(lake: Lake) -> None:
    wires, documents = [], []
    for number in range(30):
        begin = 40_000 * number
        wires.append(unmetered(transaction_id=100 + number, begin=begin, end=begin + 1800))
        documents.append(cdr(f"C{number}", kwh=1 + number, begin=begin + 30, end=begin + 1900))
    wire = Wire()
    for one in wires:
        for record in one.records:
            record.ordinal, record.offset = len(wire.records), len(wire.records)
            wire.records.append(record)
    opened = built(lake, wire, *documents)
    assert rows(opened, "SELECT energy_wh FROM core__sessions ORDER BY started_at") == [
        (1000 * (1 + number),) for number in range(30)
    ]


@pytest.mark.parametrize(
    ("seconds", "kwh", "before", "after"),
    [
        (60, 0.4, "phantom", "short"),
        (3600, 0.4, "normal", "low_energy"),
        (3600, 0.5, "normal", "normal"),
    ],
)
def test_the_class_of_a_session_follows_the_energy_taken_over(
    lake: Lake, seconds: int, kwh: float, before: str, after: str
) -> None:
    wire, query = unmetered(end=seconds), "SELECT session_class FROM core__sessions"
    assert rows(built(lake, wire), query) == [(before,)]
    lake.objects(cdr(kwh=kwh, end=seconds))
    assert rows(lake.build(), query) == [(after,)]


@pytest.mark.parametrize("transaction_id", [-1, 0])
def test_an_id_that_names_no_transaction_is_no_feature(lake: Lake, transaction_id: int) -> None:
    wire, other = unmetered(transaction_id=transaction_id), {"cdr_token": {"uid": "OTHER"}}
    opened = built(lake, wire, cdr(session_id=str(transaction_id), **other))
    assert rows(opened, "SELECT transaction_id, energy_wh FROM core__sessions") == [(str(transaction_id), None)]
    assert rows(opened, "SELECT count(*) FROM stg_ocpi__matches") == [(0,)]

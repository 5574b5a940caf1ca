"""Continuity of registers between sessions."""

from decimal import Decimal
from random import Random

import pytest
from folded import land, records, shared
from metered import session
from small_lake import Lake, rows

GAPS = (
    "SELECT session_id, previous_session_id, gap_wh, after_stop_wh, kind FROM core__register_gaps ORDER BY session_id"
)


TRAVEL = """SELECT
    coalesce((SELECT sum(energy_wh) FROM core__sessions), 0) + (SELECT sum(gap_wh) FROM core__register_gaps),
    (SELECT max(greatest(register_start_wh, register_end_wh)) - min(least(register_start_wh, register_end_wh))
      FROM core__sessions)"""


def registers(start: object, end: object, seen: object = None) -> dict[str, object]:
    said = {"register_start_wh": start, "register_end_wh": end, "register_seen_wh": end if seen is None else seen}
    return {name: wh for name, wh in said.items() if wh is not None}


def test_each_session_is_held_against_the_one_before_it_on_its_connector(lake: Lake) -> None:
    lake.facts(
        session("a", 0, 10, 500, **registers(1000, 1500, 1512)),
        session("b", 20, 30, 500, **registers(1512, 2000)),  # 12 Wh after the stop of a
        session("c", 40, 50, 500, **registers("2000.5", 2500)),  # rounding only
        session("d", 60, 90, 500, **registers(0, 500)),  # a new meter
        session("e", 80, 95, 500, **registers(500, 700)),  # begins before d ends
        session("f", 100, 110, None),
        session("x", 15, 16, 1, connector_id=2, **registers(7, 8)),
    )
    assert rows(lake.build(), GAPS) == [
        ("b", "a", Decimal(12), Decimal(12), "gap"),
        ("c", "b", Decimal("0.5"), Decimal(0), "continuous"),
        ("d", "c", Decimal(-2500), Decimal(0), "reset"),
        ("e", "d", Decimal(0), Decimal(0), "overlap"),
        ("f", "e", None, Decimal(0), "unknown"),
    ]


def test_after_a_session_within_another_no_energy_is_missed(lake: Lake) -> None:
    lake.facts(
        session("long", 0, 200, 1000, **registers(1000, 2000)),
        session("short", 20, 30, 200, **registers(1200, 1400)),
        session("after", 210, 220, 100, **registers(2000, 2100)),
        session("last", 230, 240, 100, **registers(2150, 2250)),
    )
    opened = lake.build()
    assert [(row[0], row[4]) for row in rows(opened, GAPS)] == [
        ("after", "overlap"),
        ("last", "gap"),
        ("short", "overlap"),
    ]
    said = "SELECT session_id FROM core__measurement_anomalies WHERE anomaly = 'register_gap'"
    assert rows(opened, said) == [("last",)]


def test_a_session_without_a_register_hides_no_energy(lake: Lake) -> None:
    lake.facts(
        session("a", 0, 10, 1000, **registers(1000, 2000, 2010)),
        session("b", 20, 30, None),
        session("c", 40, 50, 1000, **registers(5000, 6000)),
        session("d", 60, 70, None, **registers(6500, None, 6500)),  # a start, and never a stop
        session("e", 80, 90, None, register_end_wh=7000, register_seen_wh=7000),  # a stop without a start
        session("f", 100, 110, 500, **registers(7200, 7700)),
    )
    opened = lake.build()
    assert rows(opened, GAPS) == [
        ("b", "a", None, Decimal(10), "unknown"),
        ("c", "b", Decimal(3000), Decimal(10), "gap"),
        ("d", "c", Decimal(500), Decimal(0), "gap"),
        ("e", "d", Decimal(500), Decimal(0), "gap"),
        ("f", "e", Decimal(200), Decimal(0), "gap"),
    ]
    assert rows(opened, TRAVEL) == [(Decimal(6700), Decimal(6700))]


@pytest.mark.parametrize("seed", range(3))
def test_sessions_and_gaps_add_up_whatever_the_sessions_show(lake: Lake, seed: int) -> None:
    random = Random(seed)
    made, register = [], 1000
    for number in range(40):
        start, end = register + random.randrange(300), register + 300 + random.randrange(20_000)
        shown = random.choice(("both", "both", "start", "end", "none"))
        fields = {name: wh for name, wh in (("start", start), ("end", end)) if shown in (name, "both")}
        fields = {f"register_{name}_wh": wh for name, wh in fields.items()}
        energy_wh = end - start if shown == "both" else None
        made.append(session(f"{number:02}", number * 9000, number * 9000 + 8000, energy_wh, **fields))
        register = end
    lake.facts(*made)
    ((counted, travel),) = rows(lake.build(), TRAVEL)
    assert counted == travel


def test_sessions_and_gaps_add_up_to_the_register_s_travel(lake: Lake) -> None:
    opened = land(lake, records(shared("kwwhat_ocpp16_synthetic_14d.csv"))).build()
    query = """SELECT
      (SELECT sum(register_end_wh - register_start_wh) FROM core__sessions),
      (SELECT sum(gap_wh) FROM core__register_gaps),
      (SELECT arg_max(register_end_wh, started_at) - arg_min(register_start_wh, started_at) FROM core__sessions)"""
    ((sessions, gaps, travel),) = rows(opened, query)
    assert sessions == 62_400
    assert sessions + gaps == travel
    # README: meterStart never continues the previous meterStop; 1021 and 1023 overlap.
    kinds = "SELECT kind, count(*) FROM core__register_gaps GROUP BY ALL ORDER BY ALL"
    assert rows(opened, kinds) == [("overlap", 1), ("reset", 37)]
    overlap = """SELECT s.transaction_id, p.transaction_id FROM core__register_gaps AS g
      JOIN core__sessions AS s ON s.session_id = g.session_id
      JOIN core__sessions AS p ON p.session_id = g.previous_session_id WHERE kind = 'overlap'"""
    assert rows(opened, overlap) == [("1023", "1021")]

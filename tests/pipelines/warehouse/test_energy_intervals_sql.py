"""Quarter hours of energy, worked out by hand, and their sums on real logs."""

from datetime import timedelta

import pytest
from folded import Wire, land, records, shared
from metered import meter, sample, session
from small_lake import Lake, rows

QUARTERS = """SELECT epoch(interval_at - TIMESTAMPTZ '2026-03-02 08:00:00Z')::INT, duration_s, energy_wh, basis
  FROM core__energy_intervals ORDER BY session_id, interval_at"""
UNEQUAL = """SELECT s.session_id, s.energy_wh, sum(i.energy_wh) FROM core__sessions AS s
  LEFT JOIN core__energy_intervals AS i ON i.session_id = s.session_id
  GROUP BY ALL HAVING s.energy_wh IS DISTINCT FROM sum(i.energy_wh)"""
POWER = "Power.Active.Import"


def test_registers_spread_linearly_between_samples(lake: Lake) -> None:
    # 08:10 to 08:50; 0..600 Wh until 08:20, nothing until 08:40, 400 Wh until the end
    lake.facts(session("1", 600, 3000, 1000, register_start_wh=5000))
    for seconds, register in ((1200, 5600), (2400, 5600), (2999, 6000)):
        meter(lake, seconds, sample(register))
    # 08:15: half of 600; 08:30: all 600; 08:45: 600 + 400 * 300/599 = 800.33
    assert rows(lake.build(), QUARTERS) == [
        (0, 300.0, 300, "register"),
        (900, 900.0, 300, "register"),
        (1800, 900.0, 200, "register"),
        (2700, 300.0, 200, "register"),
    ]


def test_without_registers_inside_the_power_says_when(lake: Lake) -> None:
    # 08:00 to 08:30; 9 kW until 08:10, falling to 0 at 08:20: weights 5400, 2700, 0 kJ
    lake.facts(session("1", 0, 1800, 1000))
    meter(lake, 0, sample(5000))  # the register at the very begin and end says nothing of the middle
    for seconds, kw in ((600, "9"), (1200, "0")):
        meter(lake, seconds, sample(kw, POWER, "kW"))
    # until 08:15 (a straight line within the step): 5400 + 1350 of 8100
    assert rows(lake.build(), QUARTERS) == [(0, 900.0, 833, "power"), (900, 900.0, 167, "power")]


def test_with_nothing_sampled_it_is_uniform_and_whole_numbers_lose_nothing(lake: Lake) -> None:
    lake.facts(session("1", 0, 2700, 100))
    assert rows(lake.build(), QUARTERS) == [
        (0, 900.0, 33, "uniform"),
        (900, 900.0, 34, "uniform"),
        (1800, 900.0, 33, "uniform"),
    ]


def test_unknown_energy_has_no_rows_and_zero_has_zeros(lake: Lake) -> None:
    lake.facts(session("1", 0, 1800, None), session("2", 0, 1800, 0))
    assert rows(lake.build(), QUARTERS) == [(0, 900.0, 0, "uniform"), (900, 900.0, 0, "uniform")]


def test_a_session_without_a_start_or_any_time_keeps_its_energy_undivided(lake: Lake) -> None:
    lake.facts(session("1", None, 1800, 5), session("2", None, None, 6), session("3", None, None, 7))
    meter(lake, 1000, sample(500), transaction_id=3)
    opened = lake.build()
    assert rows(opened, UNEQUAL) == []
    assert rows(opened, QUARTERS)[:2] == [(1800, None, 5, "undivided"), (None, None, 6, "undivided")]


def test_a_session_whose_clock_was_never_set_keeps_its_energy(lake: Lake) -> None:
    log = Wire()
    log.start(7, timestamp="1970-01-01T00:00:00Z")
    for wh in (1500, 3000):
        value = {"timestamp": "1970-01-01T00:10:00Z", "sampledValue": [sample(wh)]}
        log.call("MeterValues", {"connectorId": 1, "transactionId": 7, "meterValue": [value]})
    log.stop(7, timestamp="1970-01-01T01:00:00Z")
    for record in log.records:
        record.received_at_us = None
    opened = land(lake, log.records).build()
    assert rows(opened, UNEQUAL) == []
    assert rows(opened, QUARTERS) == [(None, None, 2000, "undivided")]


def test_what_has_no_duration_or_an_impossible_one_is_not_divided(lake: Lake) -> None:
    lake.facts(session("1", 60, 60, 7), session("2", 0, None, 8), session("3", 0, 40 * 86_400, 9))
    assert rows(lake.build(), QUARTERS) == [(0, None, wh, "undivided") for wh in (7, 8, 9)]


def test_an_open_session_ends_with_its_last_sample(lake: Lake) -> None:
    lake.facts(session("1", 0, None, 1000))
    for seconds, register in ((900, 500), (1800, 1000)):
        meter(lake, seconds, sample(register))
    assert rows(lake.build(), QUARTERS) == [(0, 900.0, 500, "register"), (900, 900.0, 500, "register")]


def test_a_reset_a_glitch_and_a_false_unit_change_the_shape_but_never_the_sum(lake: Lake) -> None:
    lake.facts(
        session("1", 0, 3600, 900),
        session("2", 0, 3600, 900, connector_id=2),
        session("3", 0, 3600, 900, connector_id=3),
    )
    for number, (second, third) in enumerate((("0", "600"), ("90", "100"), ("300000", "600000")), 1):
        for seconds, register in ((900, "300"), (1800, second), (2700, third)):
            register = "100" if number == 3 and seconds == 900 else register
            meter(lake, seconds, sample(register), transaction_id=number, connector_id=number)
    opened = lake.build()
    assert rows(opened, UNEQUAL) == []
    found = rows(
        opened,
        "SELECT session_id, list(energy_wh ORDER BY interval_at) FROM core__energy_intervals GROUP BY ALL ORDER BY 1",
    )
    # 1: the 0 between 300 and 600 is a glitch, so 300 rise over half an hour, the rest at both ends, by their lengths.
    assert found[0] == ("1", [300, 150, 150, 300])
    # 2: a fall for good: only the 10 Wh after it are seen, the rest lies at the ends
    assert found[1] == ("2", [445, 0, 10, 445])
    # 3: Wh labelled kWh: the shape is scaled to the energy
    assert found[2] == ("3", [0, 450, 450, 0])


def test_phases_are_summed_where_no_total_is_there_and_the_outlet_comes_first(lake: Lake) -> None:
    lake.facts(session("1", 0, 1800, 300))
    for seconds, each in ((300, 0), (900, 50), (1500, 100)):
        phases = [sample(each, phase=phase) for phase in ("L1", "L2", "L3")]
        meter(lake, seconds, *phases, sample(9_000 - seconds, location="EV"))
    assert [row[2] for row in rows(lake.build(), QUARTERS)] == [150, 150]


def test_what_came_after_the_stop_and_what_was_said_again_moves_nothing(lake: Lake) -> None:
    lake.facts(session("1", 0, 1800, 200))
    for seconds, register, name in ((900, 150, "a"), (900, 150, "b"), (1900, 900, "c")):
        meter(lake, seconds, sample(register), message_id=name)
    assert [row[2] for row in rows(lake.build(), QUARTERS)] == [100, 100]


@pytest.mark.parametrize(
    ("name", "sessions", "energy_wh"),
    [
        ("sim_sap_emobility_16_201.jsonl", 196, 34_975 + 4_837),
        ("kwwhat_ocpp16_synthetic_14d.csv", 39, 62_400),
        ("sim_solidstudio_vcp_16_201_21.jsonl", 9, None),
    ],
)
def test_intervals_of_the_captures_sum_to_each_session(
    lake: Lake, name: str, sessions: int, energy_wh: int | None
) -> None:
    opened = land(lake, records(shared(name))).build()
    assert rows(opened, UNEQUAL) == []
    ((found, total, lowest),) = rows(
        opened, "SELECT count(DISTINCT session_id), sum(energy_wh), min(energy_wh) FROM core__energy_intervals"
    )
    assert found == sessions
    assert lowest >= 0
    assert energy_wh is None or total == energy_wh
    assert timedelta(seconds=rows(opened, "SELECT max(duration_s) FROM core__energy_intervals")[0][0]) <= timedelta(
        minutes=15
    )

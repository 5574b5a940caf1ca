"""A made-up session is what a meter could have shown."""

from itertools import pairwise

import pytest

from ingest.fleet.happenings import CHARGE_DELAY_S, Visit, charged
from ingest.fleet.network import MAKES, Card, SiteKind

MAKE = {make.model: make for makes in MAKES.values() for make in makes}


@pytest.mark.parametrize("model", ["Duo 22", "FD-150"])
@pytest.mark.parametrize("stay_s", [300, 1500, 9000, 30_000])
def test_registers_follow_power_and_no_energy_flows_before_the_station_says_charging(model: str, stay_s: int) -> None:
    visit = Visit(1_000_000, stay_s, 18_000, 22_000)
    session = charged(visit, MAKE[model], 1, Card("04", 1.0, "Accepted"), 5_000, 120)
    charging_at = session.started_at + CHARGE_DELAY_S
    points = [(charging_at, 5_000, 22_000), *((s.at, s.register_wh, s.power_w) for s in session.samples)]
    for (since, before, w_before), (at, after, watts) in pairwise(points):
        seconds = at - since
        # A register shows whole Wh.
        assert watts * seconds / 3600 - 1 <= after - before <= w_before * seconds / 3600 + 1
    assert session.meter_stop_wh - 5_000 <= 22_000 * (session.ended_at - charging_at) / 3600
    assert session.meter_stop_wh - 5_000 <= visit.need_wh


@pytest.mark.parametrize(("model", "powers"), [("Duo 22", {22_000, 0}), ("FD-150", {22_000, 9_900, 0})])
def test_a_car_s_own_charger_takes_its_power_to_the_end(model: str, powers: set[int]) -> None:
    visit = Visit(1_000_000, 30_000, 18_000, 22_000)
    session = charged(visit, MAKE[model], 1, Card("04", 1.0, "Accepted"), 5_000, 120)
    assert {sample.power_w for sample in session.samples} == powers


def test_the_sites_have_the_makes_that_the_tests_name() -> None:
    assert MAKE["Duo 22"] in MAKES[SiteKind.WORKPLACE]

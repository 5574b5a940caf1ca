"""Energy is conserved in every public log that holds registers, whole and cut."""

import conserved
import pytest
from folded import land, records, shared
from metered import session
from small_lake import Lake, rows

from models.record import Record

SAP = "sim_sap_emobility_16_201.jsonl"
CAPTURES = {
    # log: meters, sessions, Wh
    SAP: (17, 196, 34_975 + 4_837),
    "kwwhat_ocpp16_synthetic_14d.csv": (1, 39, 62_400),
    "sim_solidstudio_vcp_16_201_21.jsonl": (3, 9, 2_249 + 2_250 + 2_250),
    "field_frames.jsonl": (1, 1, None),
}


@pytest.mark.parametrize("name", CAPTURES)
def test_sessions_and_gaps_are_the_travel_of_every_meter_and_intervals_their_sessions(lake: Lake, name: str) -> None:
    opened = land(lake, records(shared(name))).build()
    assert conserved.unequal(opened) == []
    found = len(conserved.meters(opened))
    ((sessions, energy_wh),) = rows(opened, "SELECT count(*), sum(energy_wh) FROM core__sessions")
    assert (found, sessions, energy_wh) == CAPTURES[name]


def test_so_are_those_of_the_public_traces(lake: Lake) -> None:
    log: list[Record] = []
    for path in sorted(shared("open_ocpp_trace").glob("*/trace.jsonl")):
        log += records(path)
    for place, record in enumerate(log):
        record.offset = place
    opened = land(lake, log).build()
    assert conserved.unequal(opened) == []
    assert len(conserved.meters(opened)) == 4
    assert rows(opened, "SELECT sum(energy_wh) FROM core__sessions") == [(3_500 + 0 + 10_000 + 100,)]


def test_what_is_metered_after_the_end_is_a_gap_and_no_session(lake: Lake) -> None:
    """SAP sends an Updated of the very millisecond of its Ended, 123.5 Wh above it: peers count it, or lose it."""
    opened = land(lake, records(shared(SAP))).build()
    found = """SELECT energy_wh, register_end_wh::DOUBLE, register_seen_wh::DOUBLE FROM core__sessions
      WHERE protocol = 'ocpp2.0.1' AND register_seen_wh > register_end_wh ORDER BY energy_wh"""
    assert rows(opened, found) == [(35, 35.38, 75.02), (446, 445.51, 569.01)]


def test_the_check_fails_where_energy_is_lost(lake: Lake) -> None:
    lake.facts(session("a", 0, 10, 377, register_start_wh=0, register_end_wh=500, register_seen_wh=500))
    with pytest.raises(AssertionError, match=r"123[.0]* Wh are in no session and no gap"):
        conserved.meters(lake.build())

"""The evidence of a session's energy, one join away; the habits of makes, summed over their stations."""

from decimal import Decimal

from folded import Wire, at, land, records, shared
from small_lake import Lake, rows

CHOSEN = "SELECT rung, energy_wh, reason FROM core__session_energy_candidates WHERE is_chosen"


def grizzly(station: str = "CP") -> Wire:
    """Samples count from the session's zero, meterStart and meterStop from the meter's."""
    wire = Wire(station=station)
    wire.call("BootNotification", {"chargePointVendor": "G", "chargePointModel": "E", "firmwareVersion": "5"})
    for number in range(3):
        start = 4_000_000 + 3_000 * number
        began = 10_000 * number
        wire.start(7 + number, seconds=began + 10, meterStart=start, timestamp=at(began + 10))
        for step in (1, 2):
            wire.meter(1000 * step, seconds=began + 600 * step, transaction_id=7 + number)
        wire.stop(7 + number, seconds=began + 1800, meterStop=start + 2500, timestamp=at(began + 1800))
    return wire


def test_each_rung_says_its_value_its_reason_and_where_its_evidence_is(lake: Lake) -> None:
    opened = land(lake, grizzly().records).build()
    found = rows(
        opened,
        "SELECT c.rung, c.rank, c.energy_wh, c.is_chosen, c.reason, c.begin_offset, c.end_offset, c.difference_wh "
        "FROM core__sessions AS s JOIN core__session_energy_candidates AS c USING (session_id) "
        "WHERE s.transaction_id = '7' ORDER BY c.rank",
    )
    assert found == [
        ("meter_stop", 2, 2500, True, None, 1, 5, 0),
        ("register", 4, 2000, False, "better_evidence", 3, 4, -500),
    ]
    frames = 'SELECT payload_text FROM raw_ocpp__frames WHERE generation = 1 AND "offset" IN (1, 5) ORDER BY "offset"'
    assert ["StartTransaction" in rows(opened, frames)[0][0], "StopTransaction" in rows(opened, frames)[1][0]] == [
        True
    ] * 2


def test_evidence_stays_out_of_the_published_sessions_and_agrees_with_them(lake: Lake) -> None:
    opened = land(lake, records(shared("sim_solidstudio_vcp_16_201_21.jsonl"))).build()
    columns = {name for (name,) in rows(opened, "SELECT column_name FROM (DESCRIBE core__sessions)")}
    assert "energy_candidates" not in columns
    assert {"energy_confidence", "register_start_wh", "register_end_wh", "register_seen_wh"} <= columns
    assert rows(
        opened,
        "SELECT protocol, s.energy_basis, list(s.energy_wh ORDER BY started_at), any_value(energy_flags), "
        "count(*) FILTER (s.energy_wh = c.energy_wh AND s.energy_basis = c.rung) "
        "FROM core__sessions AS s "
        "JOIN core__session_energy_candidates AS c ON c.session_id = s.session_id AND c.is_chosen "
        "GROUP BY protocol, s.energy_basis ORDER BY protocol",
    ) == [
        ("ocpp1.6", "meter_stop", [749, 750, 750], None, 3),
        ("ocpp2.0.1", "register", [750, 750, 750], "unit_fault", 3),
        ("ocpp2.1", "register", [750, 750, 750], None, 3),
    ]
    named = "SELECT protocol, anomaly, count(*) FROM core__anomalies WHERE anomaly = 'unit_suspect' GROUP BY ALL"
    assert rows(opened, named) == [("ocpp2.0.1", "unit_suspect", 3)]


def test_registers_are_exact(lake: Lake) -> None:
    wire = Wire()
    wire.start(7, meterStart=None)
    wire.meter("0.15028999999999998", unit="kWh", transaction_id=7)
    wire.meter("0.30108999999999997", unit="kWh", transaction_id=7, seconds=90)
    opened = land(lake, wire.records).build()
    found = rows(
        opened, "SELECT register_start_wh, register_end_wh, register_end_wh - register_start_wh FROM core__sessions"
    )
    assert found == [(Decimal("150.28999999999998"), Decimal("301.08999999999997"), Decimal("150.79999999999999"))]


def test_habits_of_a_make_are_summed_over_its_stations(lake: Lake) -> None:
    log = [*grizzly("ONE").records, *grizzly("TWO").records]
    for offset, record in enumerate(log):
        record.offset = offset
    opened = land(lake, log).build()
    assert rows(
        opened,
        "SELECT vendor, model, firmware, stations, sessions, register_base, samples_base, resets, unit_habit, "
        "unit_naming, phase_tagging, contexts FROM core__meter_fingerprints",
    ) == [("G", "E", "5", 2, 6, "lifetime", "session", "never", None, "never", "total", None)]

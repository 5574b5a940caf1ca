"""Power, voltage, current and state of charge of a session."""

from datetime import UTC, datetime
from pathlib import Path

from folded import land, records, shared
from metered import meter, sample, session
from small_lake import Lake, at, rows

from ingest.fleet import history

POWER = "Power.Active.Import"


def test_a_session_shows_its_peak_means_ranges_and_how_densely_it_was_sampled(lake: Lake) -> None:
    lake.facts(session("1", 0, 600, 1200, charging_s=480))
    for seconds, kw, volt, soc in ((60, "6", "228", "20"), (120, "9", "231", "22"), (300, "3", "5", "30")):
        meter(
            lake,
            seconds,
            sample(kw, POWER, "kW"),
            sample(volt, "Voltage", "V", phase="L1-N"),
            sample("400", "Voltage", "V", phase="L1-L2"),
            sample("13.5", "Current.Import", "A", phase="L1"),
            sample("16", "Current.Offered", "A"),
            sample(soc, "SoC", "Percent"),
        )
    meter(lake, 300, sample("50", POWER, "kW"), message_id="after", transaction_id=2)  # another transaction
    meter(lake, 700, sample("50", POWER, "kW"), message_id="late")  # after the stop
    query = """SELECT charging_s, charging_basis, power_mean_w, power_sampled_mean_w, power_peak_w, power_peak_basis,
      voltage_min_v, voltage_max_v, current_max_a, current_offered_max_a, soc_first_percent, soc_last_percent,
      samples, sample_instants, sample_gap_max_s, first_sample_at, last_sample_at FROM core__session_power"""
    # energy over charging: 1200 Wh * 3600 / 480 s; samples: (7.5 kW * 60 s + 6 kW * 180 s) / 240 s
    charging = (480, "session", 9000, 6375, 9000, "power")
    ranges = (228.0, 231.0, 13.5, 16.0, 20.0, 30.0)
    assert rows(lake.build(), query) == [(*charging, *ranges, 18, 3, 180.0, at(60), at(300))]


def test_phases_are_summed_where_there_is_no_total(lake: Lake) -> None:
    lake.facts(session("1", 0, 600, 10), session("2", 0, 600, 10, connector_id=2))
    phases = [sample(3, POWER, "kW", phase=phase) for phase in ("L1", "L2", "L3")]
    meter(lake, 60, *phases)
    meter(lake, 60, *phases, sample(8, POWER, "kW"), transaction_id=2, connector_id=2)
    query = "SELECT power_peak_w FROM core__session_power ORDER BY session_id"
    assert rows(lake.build(), query) == [(9000,), (8000,)]


def test_without_power_the_register_tells_when_and_how_steeply(lake: Lake) -> None:
    lake.facts(session("1", 0, 600, 300))
    for seconds, register in ((60, 0), (180, 200), (300, 200), (420, 300)):
        meter(lake, seconds, sample(register))
    query = "SELECT charging_s, charging_basis, power_mean_w, power_peak_w, power_peak_basis FROM core__session_power"
    # rises in two of three steps of 120 s; 300 Wh in 240 s; steepest 200 Wh in 120 s
    assert rows(lake.build(), query) == [(240, "register", 4500, 6000, "register")]


def test_the_time_before_the_first_and_after_the_last_sample_counts_where_energy_flowed(lake: Lake) -> None:
    lake.facts(
        session("1", 0, 700, 2000), session("2", 0, 600, 300, connector_id=2, register_start_wh=0, register_end_wh=350)
    )
    for place in range(8):
        meter(lake, 60 * (place + 1), sample(22_000 if place < 3 else 4_000, POWER, "W"))
    for seconds, register in ((60, 50), (180, 200), (300, 200), (420, 300)):
        meter(lake, seconds, sample(register), transaction_id=2, connector_id=2)
    query = "SELECT charging_s, charging_basis, power_mean_w FROM core__session_power ORDER BY session_id"
    # 2,000 Wh in 700 s; 60 s before the first register, 240 s between, 180 s after the last one
    assert rows(lake.build(), query) == [(700, "power", 10_286), (480, "register", 2250)]


def test_a_mean_above_the_sampled_peak_is_marked_and_said(lake: Lake) -> None:
    lake.facts(session("1", 0, 600, 2000, charging_s=600), session("2", 700, 1300, 1010, charging_s=600))
    for name, start in (("1", 0), ("2", 700)):
        for seconds in (0, 300, 600):
            meter(lake, start + seconds, sample("6", POWER, "kW"), transaction_id=int(name))
    opened = lake.build()
    query = "SELECT power_mean_w, power_peak_w, is_mean_above_peak FROM core__session_power ORDER BY session_id"
    assert rows(opened, query) == [(12_000, 6000, True), (6060, 6000, False)]
    said = "SELECT session_id, anomaly, severity, value, expected FROM core__measurement_anomalies"
    assert rows(opened, said) == [("1", "power_disagrees", "warning", "12000", "at most 6000")]


def test_a_session_that_never_charged_has_no_mean_to_doubt(lake: Lake) -> None:
    lake.facts(session("1", 0, 600, 2000, charging_s=0))
    for seconds in (0, 600):
        meter(lake, seconds, sample("6", POWER, "kW"), transaction_id=1)
    query = "SELECT power_mean_w, is_mean_above_peak FROM core__session_power"
    assert rows(lake.build(), query) == [(None, False)]


SAID = "SELECT session_id, anomaly, value, expected FROM core__measurement_anomalies ORDER BY ALL"
BOUNDS = "SELECT power_unseen_s, power_wh_min, power_wh_max FROM core__session_power ORDER BY session_id"


def test_power_that_contradicts_the_meter_is_said(lake: Lake) -> None:
    lake.facts(*(session(str(n), 1000 * n, 1000 * n + 600, 1600, charging_s=600) for n in (1, 2, 3)))
    lake.facts(session("4", 9000, 9600, 1600, charging_s=600, connector_id=2))
    for number, connector, watts, seconds in (
        (1, 1, 9600, (60, 300, 500)),  # agrees
        (2, 1, 20_000, (60, 120)),  # a minute of ten says little
        (3, 1, 30_000, (0, 300, 600)),  # three times too much
        (4, 2, 1, (60, 300, 500)),  # twenty thousand times too little
    ):
        for second in seconds:
            when = (9000 if number == 4 else 1000 * number) + second
            meter(lake, when, sample(watts, POWER, "W"), transaction_id=number, connector_id=connector)
    opened = lake.build()
    assert rows(opened, SAID) == [
        ("3", "energy_disagrees", "5000", "1600"),
        ("4", "energy_disagrees", "0", "1600"),
        ("4", "power_disagrees", "9600", "at most 1"),
    ]
    # Between its samples 9,600 W; outside them, at most the 30 kW that the connector gave another time.
    assert rows(opened, BOUNDS)[0] == (160.0, 1173, 2507)


def test_what_lies_before_the_first_sample_contradicts_nothing(lake: Lake) -> None:
    """22 kW for 23 minutes, then less: a sample each half hour never shows it, another session does."""
    lake.facts(session("1", 0, 20_000, 10_533, charging_s=2150), session("2", 30_000, 40_000, 20_000, charging_s=3500))
    for seconds, watts in ((1800, 9900), (3600, 0), (5400, 0)):
        meter(lake, seconds, sample(watts, POWER, "W"), transaction_id=1)
    for seconds, watts in ((31_800, 22_000), (33_600, 9900), (35_400, 0)):
        meter(lake, seconds, sample(watts, POWER, "W"), transaction_id=2)
    opened = lake.build()
    assert rows(opened, SAID) == []
    # At most 9,900 W for half an hour, and before it the 22 kW of the other session.
    assert rows(opened, BOUNDS)[0] == (1800.0, 0, 4950 + 11_000)


def test_no_more_charging_is_unseen_than_there_was(lake: Lake) -> None:
    """Idle for two hours and a half, then 10 kW for half an hour, and no status that tells of charging."""
    lake.facts(session("1", 0, 10_800, 20_000))
    for minute, watts in ((120, 0), (150, 0), (160, 10_000), (170, 10_000), (179, 10_000)):
        meter(lake, 60 * minute, sample(watts, POWER, "W"), transaction_id=1)
    opened = lake.build()
    query = "SELECT charging_s, charging_basis, power_mean_w, is_mean_above_peak FROM core__session_power"
    assert rows(opened, query) == [(1800, "power", 40_000, True)]
    # At most 10 kW over the 29 minutes that samples enclose, and over half an hour that nobody saw.
    assert rows(opened, BOUNDS) == [(1800.0, 3167, 4833 + 5000)]
    assert rows(opened, SAID) == [
        ("1", "energy_disagrees", "9833", "20000"),
        ("1", "power_disagrees", "40000", "at most 10000"),
    ]


def test_where_power_was_never_sampled_all_of_the_charging_is_unseen(lake: Lake) -> None:
    lake.facts(
        session("1", 0, 600, 300, charging_s=500),
        session("2", 0, 600, 300, charging_s=400, connector_id=2),
        session("3", 0, 600, 300, connector_id=3),
        session("4", 0, 600, 300, connector_id=4),
    )
    for number in (1, 3):
        for seconds, register in ((60, 0), (180, 200), (300, 200), (420, 300)):
            meter(lake, seconds, sample(register), transaction_id=number, connector_id=number)
    query = "SELECT charging_s, power_unseen_s, power_wh_max FROM core__session_power ORDER BY session_id"
    # Registers alone, nothing at all, registers that tell of charging, nothing that does.
    assert rows(lake.build(), query) == [(500, 500.0, None), (400, 400.0, None), (240, 240.0, None), (None, None, None)]


def test_a_made_up_network_that_meters_soundly_is_not_doubted(lake: Lake, tmp_path: Path) -> None:
    log = tmp_path / "history.jsonl"
    history.write(log, seed=7, days=3, stations=8, end=datetime(2026, 11, 21, tzinfo=UTC))
    opened = land(lake, records(log)).build()
    assert rows(opened, "SELECT count(*) > 50, count(power_peak_w) > 50 FROM core__session_power") == [(True, True)]
    # What flowed between the last sample and a power cut is in no session.
    found = "SELECT DISTINCT anomaly FROM core__measurement_anomalies WHERE anomaly <> 'register_gap'"
    assert rows(opened, found) == []


def test_a_session_without_samples_has_a_row_that_knows_nothing(lake: Lake) -> None:
    lake.facts(session("1", 0, 600, 300))
    query = "SELECT samples, sample_instants, power_mean_w, power_peak_w, charging_s FROM core__session_power"
    assert rows(lake.build(), query) == [(0, 0, None, None, None)]


def test_sap_capture_has_a_row_for_each_session_and_its_sampled_peak(lake: Lake) -> None:
    opened = land(lake, records(shared("sim_sap_emobility_16_201.jsonl"))).build()
    query = """SELECT count(*), sum(samples), count(power_peak_w), max(sample_gap_max_s) < 31,
      bool_and(power_peak_w >= power_sampled_mean_w) FROM core__session_power"""
    ((sessions, samples, sampled, is_dense, is_ordered),) = rows(opened, query)
    assert (sessions, samples) == (196, 2020 - 35)
    assert sampled > 0
    assert (is_dense, is_ordered) == (True, True)
    doubted = """SELECT count(*) FILTER (power_mean_w > 1.02 * power_peak_w), count(*) FILTER (is_mean_above_peak),
      min(charging_s) > 10 FROM core__session_power WHERE power_peak_basis = 'power'"""
    ((above, marked, is_possible),) = rows(opened, doubted)
    # Simulated cars whose few samples missed their highest power; one minute of 27 kW on a connector of 11 kW.
    assert (above <= 20, marked, is_possible) == (True, 1, True)

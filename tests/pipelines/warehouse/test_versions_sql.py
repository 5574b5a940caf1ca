"""One story, told in OCPP 1.6, 2.0.1 and 2.1: the tables that are made of it say the same of it in every version."""

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from folded import Wire, at, land
from small_lake import Lake, rows

V16 = "ocpp1.6"
VERSIONS = (V16, "ocpp2.0.1", "ocpp2.1")
Sample = tuple[str, str, float, str | None]
"""Measurand, unit, value, phase."""


class Story:
    """A station that tells of one connector in its version's words, and lives through what `tell` says."""

    def __init__(self, protocol: str) -> None:
        self.wire = Wire(protocol)
        self.is_1_6 = protocol == V16
        self.number = 0

    def answered(self, action: str, payload: object, second: float, answer: object) -> None:
        self.wire.answer(self.wire.call(action, payload, seconds=second), answer, seconds=second + 1)

    def boot(self, second: float) -> None:
        old = {"chargePointVendor": "V", "chargePointModel": "M", "firmwareVersion": "F"}
        new = {"chargingStation": {"vendorName": "V", "model": "M", "firmwareVersion": "F"}, "reason": "PowerUp"}
        accepted = {"status": "Accepted", "currentTime": at(second), "interval": 60}
        self.answered("BootNotification", old if self.is_1_6 else new, second, accepted)

    def present(self, token: str, second: float, status: str) -> None:
        if self.is_1_6:
            self.answered("Authorize", {"idTag": token}, second, {"idTagInfo": {"status": status}})
        else:
            asked = {"idToken": {"idToken": token, "type": "ISO14443"}}
            self.answered("Authorize", asked, second, {"idTokenInfo": {"status": status}})

    def state(self, word: str, second: float) -> None:
        """Where 1.6 has a status, 2.x has Occupied and the detail in chargingState."""
        if self.is_1_6:
            payload = {"connectorId": 1, "status": word, "errorCode": "NoError", "timestamp": at(second)}
            self.wire.call("StatusNotification", payload, seconds=second)
        elif self.number and word not in ("Available", "Preparing", "Finishing"):
            self.event("Updated", second, {"chargingState": word}, triggerReason="ChargingStateChanged")
        elif word != "Finishing":
            word = "Available" if word == "Available" else "Occupied"
            payload = {"evseId": 1, "connectorId": 1, "connectorStatus": word, "timestamp": at(second)}
            self.wire.call("StatusNotification", payload, seconds=second)

    def event(
        self, phase: str, second: float, info: dict[str, Any] | None = None, wh: int | None = None, **more: Any
    ) -> None:
        place = {"evse": {"id": 1, "connectorId": 1}}
        self.wire.transaction(phase, f"t{self.number}", second, wh, info=info or {}, **place, **more)

    def start(self, token: str, second: float, wh: int) -> None:
        self.number += 1
        if self.is_1_6:
            place = {"idTag": token, "meterStart": wh, "timestamp": at(second)}
            self.wire.start(self.number, seconds=second, **place)
        else:
            shown = {"idToken": token, "type": "ISO14443"}
            self.event(
                "Started", second, {"chargingState": "EVConnected"}, wh, idToken=shown, triggerReason="Authorized"
            )
            self.wire.answer(f"m{len(self.wire.records) - 1}", {"idTokenInfo": {"status": "Accepted"}}, second)

    def sample(self, second: float, *samples: Sample) -> None:
        sampled = []
        for measurand, unit, value, phase in samples:
            said: dict[str, Any] = {"measurand": measurand} | ({"phase": phase} if phase else {})
            if self.is_1_6:
                said |= {"value": str(value), "unit": unit}
            else:
                # 2.x has multipliers: 22 kW may come as 220 of 100 W.
                is_kilo = unit == "kW"
                said["value"] = value * 10 if is_kilo else value
                said["unitOfMeasure"] = {"unit": "W", "multiplier": 2} if is_kilo else {"unit": unit}
            sampled.append(said)
        value = [{"timestamp": at(second), "sampledValue": sampled}]
        if self.is_1_6:
            payload = {"connectorId": 1, "transactionId": self.number, "meterValue": value}
            self.wire.call("MeterValues", payload, seconds=second)
        else:
            self.event("Updated", second, meterValue=value, triggerReason="MeterValuePeriodic")

    def stop(self, second: float, wh: int) -> None:
        if self.is_1_6:
            self.wire.stop(self.number, seconds=second, meterStop=wh, timestamp=at(second))
        else:
            self.event("Ended", second, {"chargingState": "EVConnected", "stoppedReason": "Remote"}, wh)

    def beat(self, second: float, error: str | None = None) -> None:
        message_id = self.wire.call("Heartbeat", {}, seconds=second)
        if error is not None:
            self.wire.add([4, message_id, error, "", {}], "csms-to-cp", second)


def tell(protocol: str) -> Wire:
    """A card that is refused, one that charges with pauses of both sides, and a session whose stop is lost."""
    story = Story(protocol)
    story.boot(0)
    story.state("Available", 5)
    story.state("Preparing", 10)
    story.present("STRANGER", 15, "Blocked")
    story.present("CARD", 20, "Accepted")
    story.start("CARD", 30, 1000)
    changes = {40: "Charging", 400: "SuspendedEVSE", 460: "Charging", 900: "SuspendedEV", 960: "Charging"}
    for second in range(35, 1795, 5):
        if second in changes:
            story.state(changes[second], second)
        elif second % 60 == 0:
            is_low = second >= 1200
            story.sample(
                second,
                ("Energy.Active.Import.Register", "Wh", 1000 + 5 * second, None),
                ("Power.Active.Import", "kW", 4 if is_low else 22, None),
                ("Voltage", "V", 180 if is_low else 230, "L1-N"),
                *(("Current.Import", "A", amps, f"L{n}") for n, amps in enumerate((16, 9, 16), 1)),
                ("SoC", "Percent", 20 + second / 60, None),
                ("Frequency", "Hz", 50.7 if second == 600 else 50, None),
                ("Current.Offered", "A", 10 if is_low else 32, None),
            )
    story.stop(1800, 10_000)
    story.state("Finishing", 1800)
    story.state("Available", 1900)
    story.beat(1910, "InternalError")
    story.beat(1920)
    story.state("Preparing", 2000)
    story.start("CARD", 2010, 10_050)
    story.state("Charging", 2020)
    for second in (2100, 2160, 2220):
        story.sample(second, ("Energy.Active.Import.Register", "Wh", 10_050 + 5 * (second - 2010), None))
    story.state("Available", 2300)
    for second in range(2360, 3200, 60):
        story.beat(second)
    return story.wire


Told = dict[str, duckdb.DuckDBPyConnection]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    lakes = {protocol: Lake(tmp_path_factory.mktemp(protocol)) for protocol in VERSIONS}
    yield {protocol: land(lake, tell(protocol).records).build() for protocol, lake in lakes.items()}
    for lake in lakes.values():
        lake.close()


SECOND = "epoch({} - TIMESTAMPTZ '2023-11-14 22:13:20Z')::INT"
QUERIES = {
    "sessions": f"""SELECT {SECOND.format("started_at")}, {SECOND.format("ended_at")}, energy_wh, register_start_wh,
      register_end_wh, charging_s, power_max_w, token_kind, start_status, end_kind, inferred_cause, end_confidence,
      session_class, is_open, vendor, model, firmware FROM core__sessions ORDER BY started_at""",
    "periods": f"""SELECT period, {SECOND.format("from_at")}, duration_s FROM core__periods ORDER BY period, from_at""",
    # The statuses of a port, whoever said them: the detail is a status in 1.6, a chargingState in 2.x.
    "timeline": f"""SELECT known_status, {SECOND.format("min(from_at)")}, sum(observed_s), sum(unknown_s) FROM (
        SELECT *, count(*) FILTER (is_new) OVER (ORDER BY from_at) AS spell FROM (
          SELECT *, known_status IS DISTINCT FROM lag(known_status) OVER (ORDER BY from_at) AS is_new
          FROM core__status_timeline))
      GROUP BY known_status, spell ORDER BY min(from_at)""",
    "power": """SELECT p.charging_s, power_mean_w, power_peak_w, power_sampled_mean_w, voltage_min_v, voltage_max_v,
      current_max_a, current_offered_max_a, soc_first_percent, soc_last_percent FROM core__session_power AS p
      JOIN core__sessions AS s USING (session_id) ORDER BY s.started_at""",
    "measurements": f"""SELECT {SECOND.format("measured_at")} AS second, measurand, phase_normalised, unit_normalised,
      value_normalised FROM core__measurements JOIN core__sessions USING (session_id)
      WHERE measured_at NOT IN (started_at, ended_at) OR ended_at IS NULL ORDER BY ALL""",
    "anomalies": "SELECT anomaly, value, expected, severity FROM core__measurement_anomalies ORDER BY ALL",
    "funnel": """SELECT token_kind, presented, presented_by_start, answered, accepted, started, energised
      FROM report__authorization_funnel_daily""",
    "answers": """SELECT vendor, model, firmware, action, calls, results, errors, unanswered, error_code_most
      FROM core__answer_rates WHERE action IN ('Heartbeat', 'Authorize', 'BootNotification') ORDER BY action""",
    "gaps": "SELECT gap_wh, kind FROM core__register_gaps",
    "intervals": f"""SELECT {SECOND.format("interval_at")}, energy_wh FROM core__energy_intervals
      ORDER BY interval_at, energy_wh""",
    "energy": "SELECT sessions, energy_wh FROM report__energy_daily",
}
CARD, MAKE = ("card", "Accepted"), ("V", "M", "F")
EXPECTED: dict[str, list[tuple[Any, ...]]] = {
    "sessions": [
        (30, 1800, 9000, 1000, 10_000, 1640, 22_000, *CARD, "reported", None, 1.0, "normal", False, *MAKE),
        (
            2010,
            2220,
            1050,
            10_050,
            11_100,
            200,
            None,
            *CARD,
            "inferred",
            "available",
            0.9,
            "inferred_end",
            False,
            *MAKE,
        ),
    ],
    "periods": [
        ("EnergyOffer", 40, 360),
        ("EnergyOffer", 460, 1340),
        ("EnergyOffer", 2020, 200),
        ("EnergyOfferSuspend", 400, 60),
        ("EnergyTransfer", 40, 360),
        ("EnergyTransfer", 460, 440),
        ("EnergyTransfer", 960, 840),
        ("EnergyTransfer", 2020, 200),
        ("Session", 10, 1890),
        ("Session", 2000, 300),
        ("SuspendedEV", 900, 60),
        ("Transaction", 30, 1770),
        ("Transaction", 2010, 210),
    ],
    "funnel": [("card", 3, 1, 3, 2, 2, 2)],
    "answers": [
        ("V", "M", "F", "Authorize", 2, 2, 0, 0, None),
        ("V", "M", "F", "BootNotification", 1, 1, 0, 0, None),
        ("V", "M", "F", "Heartbeat", 16, 0, 1, 15, "InternalError"),
    ],
    "gaps": [(50, "gap")],
    "energy": [(2, 10_050)],
}
"""By hand; the other tables are those of 1.6, which other tests work out."""


@pytest.mark.parametrize("protocol", VERSIONS)
@pytest.mark.parametrize("table", QUERIES)
def test_every_version_tells_the_same(told: Told, table: str, protocol: str) -> None:
    expected = EXPECTED[table] if table in EXPECTED else rows(told[V16], QUERIES[table])
    assert len(expected) > 0
    assert rows(told[protocol], QUERIES[table]) == expected


def test_the_story_is_odd_enough(told: Told) -> None:
    said = {row[0] for row in rows(told[V16], QUERIES["anomalies"])}
    assert said >= {"undervoltage", "phase_imbalance", "frequency_deviation", "derating"}


@pytest.mark.parametrize("protocol", VERSIONS)
def test_the_station_as_a_whole_speaks_for_its_ports_in_every_version(lake: Lake, protocol: str) -> None:
    wire = Wire(protocol)
    is_1_6 = protocol == V16
    for second, place, word in (
        *((0, 1, "Available"), (0, 2, "Available"), (10, 0, "Unavailable"), (60, 0, "Available")),
        *((100, 2, "Faulted"), (160, 2, "Available"), (200, 1, "Available")),
    ):
        payload: dict[str, Any] = {"timestamp": at(second)}
        if is_1_6:
            payload |= {"connectorId": place, "status": word, "errorCode": "NoError"}
        else:
            payload |= {"evseId": place, "connectorId": int(place > 0), "connectorStatus": word}
        wire.call("StatusNotification", payload, seconds=second)
    found = f"""SELECT right(port_id, 1), status, {SECOND.format("from_at")}, {SECOND.format("until_at")}
      FROM core__status_timeline ORDER BY ALL"""
    assert rows(land(lake, wire.records).build(), found) == [
        ("1", "Available", 0, 10),
        ("1", "Available", 60, 200),
        ("1", "Unavailable", 10, 60),
        ("2", "Available", 0, 10),
        ("2", "Available", 60, 100),
        ("2", "Available", 160, 200),
        ("2", "Faulted", 100, 160),
        ("2", "Unavailable", 10, 60),
    ]


@pytest.mark.parametrize("protocol", VERSIONS)
def test_the_evidence_of_a_session_s_energy_leads_to_its_frames_in_every_version(lake: Lake, protocol: str) -> None:
    story = Story(protocol)
    story.start("CARD", 0, 1000)
    story.sample(600, ("Energy.Active.Import.Register", "Wh", 1500, None))
    story.stop(1200, 2000)
    opened = land(lake, story.wire.records).build()
    found = """SELECT c.rung, c.energy_wh, b.payload_text[1:60] LIKE '%Start%' OR b.payload_text LIKE '%"Started"%',
        e.payload_text[1:60] LIKE '%Stop%' OR e.payload_text LIKE '%"Ended"%'
      FROM core__sessions AS s
      JOIN core__session_energy_candidates AS c ON c.session_id = s.session_id AND c.is_chosen
      JOIN raw_ocpp__frames AS b ON (b.generation, b."partition", b."offset")
        = (c.begin_generation, c.begin_partition, c.begin_offset)
      JOIN raw_ocpp__frames AS e ON (e.generation, e."partition", e."offset")
        = (c.end_generation, c.end_partition, c.end_offset)"""
    assert rows(opened, found) == [("meter_stop" if protocol == V16 else "register", 1000, True, True)]


def fault(story: Story, second: float, *, is_open: bool) -> None:
    """An over-voltage that comes or goes: a status in 1.6, an event of its own beside the status in 2.x."""
    if story.is_1_6:
        word, code = ("Faulted", "OverVoltage") if is_open else ("Charging", "NoError")
        payload = {"connectorId": 1, "status": word, "errorCode": code, "timestamp": at(second)}
        story.wire.call("StatusNotification", payload, seconds=second)
    else:
        said = {"actualValue": str(is_open).lower(), "trigger": "Alerting", "techCode": "OverVoltage"}
        story.wire.notify(second, {"id": 1, "connectorId": 1}, timestamp=at(second), **said)


@pytest.mark.parametrize("protocol", VERSIONS)
def test_a_fault_is_one_episode_and_one_line_of_the_report_in_every_version(lake: Lake, protocol: str) -> None:
    """The car charges on through the first fault; the second one stops it, and no session sees the third."""
    story = Story(protocol)
    story.boot(0)
    story.start("CARD", 10, 1000)
    register = 1000
    for second in range(20, 1200, 20):
        if second in (100, 300, 500, 900):
            fault(story, second, is_open=second in (100, 500))
            continue
        register += 0 if 500 < second < 900 else 100
        story.sample(second, ("Energy.Active.Import.Register", "Wh", register, None))
    story.stop(1200, register)
    for second in (2000, 2060):
        fault(story, second, is_open=second == 2000)
    opened = land(lake, story.wire.records).build()
    episodes = f"""SELECT canonical_code, family, {SECOND.format("opened_at")}, {SECOND.format("closed_at")},
      close_kind, in_transaction, blocks_charging, vendor, model, firmware
      FROM core__fault_episodes ORDER BY opened_at"""
    words = ("over_voltage", "electrical")
    assert rows(opened, episodes) == [
        (*words, 100, 300, "explicit_clear", True, False, *MAKE),
        (*words, 500, 900, "explicit_clear", True, True, *MAKE),
        (*words, 2000, 2060, "explicit_clear", False, None, *MAKE),
    ]
    report = "SELECT vendor, model, firmware, canonical_code, episodes, sessions FROM report__error_trend_daily"
    assert rows(opened, report) == [(*MAKE, "over_voltage", 3, 1)]
    cards = "SELECT attempts, accepted, sessions, energy_wh FROM report__rfid_usage_daily"
    assert rows(opened, cards) == [(0, 0, 1, register - 1000)]

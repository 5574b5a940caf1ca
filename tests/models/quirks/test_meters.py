"""Quirks 9, 21 and 30 to 44 of the field: meters."""

import base64
import json
from decimal import Decimal

import pytest
from captures import Folded, Wire, at

HOUR = 3600


def sample(value: object, unit: str | None = None, **fields: object) -> dict:
    return {"value": str(value)} | ({"unit": unit} if unit else {}) | fields


def power(watts: object, unit: str | None = "W", **fields: object) -> dict:
    return sample(watts, unit, measurand="Power.Active.Import", **fields)


def meter(wire: Wire, seconds: float, *samples: dict, **fields: object) -> None:
    """1.6 MeterValues of the samples given, of transaction 7 unless told otherwise."""
    value = [{"timestamp": at(seconds), "sampledValue": list(samples)}]
    payload = {"connectorId": 1, "transactionId": 7, "meterValue": value} | fields
    wire.call("MeterValues", payload, seconds=seconds)


def stop(wire: Wire, seconds: float, **fields: object) -> None:
    wire.stop(7, seconds=seconds, timestamp=at(seconds), **fields)


def update(wire: Wire, event: str, seconds: float, *samples: dict, **fields: object) -> None:
    """A 2.x TransactionEvent of samples; units and values as 2.x writes them."""
    written = []
    for one in samples:
        unit = {"unitOfMeasure": {"unit": one["unit"]}} if "unit" in one else {}
        written.append({**one, "value": float(one["value"]), **unit})
        written[-1].pop("unit", None)
    value = [{"timestamp": at(seconds), "sampledValue": written}]
    wire.transaction(event, seconds=seconds, meterValue=value, **fields)


def only(wire: Wire):
    (found,) = wire.sessions()
    return found


def words(wire: Wire) -> list[str]:
    return sorted(anomaly.anomaly for anomaly in wire.fold().of("anomalies"))


def candidates(session) -> dict[str, tuple]:
    return {c["rung"]: (c["energy_wh"], c["reason"]) for c in json.loads(session.energy_candidates)}


def test_quirk_09_a_stop_that_is_sent_again_adds_its_samples_once() -> None:
    """A retried StopTransaction brings its transactionData a second time.

    Source: citrineos-core PR 880.
    We: intervals count once per instant, registers and power by their own times: the retry changes nothing.
    """
    data = [
        {"timestamp": at(900 * n), "sampledValue": [sample(500, "Wh", measurand="Energy.Active.Import.Interval")]}
        for n in (1, 2, 3, 4)
    ]
    found = []
    for times in (1, 2):
        wire = Wire()
        wire.start(7, meterStart=None)
        for _ in range(times):
            stop(wire, 3600, meterStop=None, transactionData=data)
        found.append(only(wire))
    assert [(s.energy_wh, s.energy_basis) for s in found] == [(2000, "interval")] * 2


def test_quirk_21_samples_after_the_stop_extend_the_register_not_the_session() -> None:
    """The first sample after StopTransaction, without a transaction, is slightly above meterStop.

    Source: lbbrhzn/ocpp 1069 (Wallbox Copper SB).
    We: the session keeps meterStop; `register_seen_wh` goes on, so that the next start finds no gap.
    """
    wire = Wire()
    wire.start(7, meterStart=2_250_000)
    stop(wire, 1800, meterStop=2_259_988)
    meter(wire, 1860, sample("2259992.1", "Wh"), transactionId=None)
    found = only(wire)
    assert (found.energy_wh, found.register_end_wh) == (9_988, 2_259_988)
    assert found.register_seen_wh == Decimal("2259992.1")
    assert words(wire) == ["register_after_stop"]


@pytest.mark.parametrize("shown_by", ["power", "stop", "start"])
def test_quirk_30_kilowatt_hours_labelled_watt_hours_are_found(shown_by: str) -> None:
    """Registers are in kWh and say Wh.

    Source: OpenEVSE 703.
    We: power over the same time, meterStop, or meterStart shows the factor 1,000; it is applied, flagged
    `unit_fault`, and said as `unit_suspect`.
    """
    wire = Wire()
    wire.start(7, meterStart=None if shown_by == "power" else 1_000_000)
    for number in range(7):
        with_power = (power(7200),) if shown_by == "power" else ()
        meter(wire, 600 * number, sample(Decimal(1000) + Decimal("1.2") * number, "Wh"), *with_power)
    if shown_by != "start":
        stop(wire, 3600, meterStop=None if shown_by == "power" else 1_007_200)
    session = only(wire)
    assert session.energy_wh == 7200
    assert candidates(session)["register"][0] == 7200
    assert "unit_suspect" in words(wire)
    if shown_by != "stop":
        assert session.energy_flags == "unit_fault"


def test_quirk_30_watt_hours_labelled_kilowatt_hours_are_found() -> None:
    """Registers are in Wh and say kWh: 36 MW on average.

    Source: solidstudiosh/ocpp-virtual-charge-point (2.0.1), its capture in the shared data.
    We: no charger gives that; the factor is applied, flagged and said. Power samples decide where there are any.
    """
    wire = Wire("ocpp2.0.1")
    for number, (event, wh) in enumerate((("Started", 0), ("Updated", 150.23), ("Updated", 300.37), ("Ended", 750.25))):
        update(wire, event, 15 * number, sample(wh, "kWh"))
    assert (only(wire).energy_wh, only(wire).energy_flags) == (750, "unit_fault")
    assert words(wire) == ["unit_suspect"]
    slow = Wire("ocpp2.0.1")
    for number in range(5):
        update(slow, "Updated", 600 * number, sample(200 * number, "kWh"), power(1200))
    assert (only(slow).energy_wh, only(slow).energy_flags) == (800, "unit_fault")


def test_quirk_30_a_meter_stop_in_kilowatt_hours_is_found() -> None:
    """meterStart and meterStop are kWh, though they must be Wh; the samples are right.

    Source: OpenEVSE 703.
    We: power shows it; the sampled register is chosen, meterStop is kept beside it with `unit_fault`.
    """
    wire = Wire()
    wire.start(7, meterStart=1000)
    for number in range(7):
        meter(wire, 600 * number, sample(Decimal(1000) + Decimal("1.2") * number, "kWh"), power(7200))
    stop(wire, 3600, meterStop=1007)
    session = only(wire)
    assert (session.energy_wh, session.energy_basis) == (7200, "register")
    assert candidates(session)["meter_stop"] == (7000, "unit_fault")


@pytest.mark.parametrize("protocol", ["ocpp1.6", "ocpp2.0.1"])
def test_quirk_31_power_without_a_unit_is_in_watts(protocol: str) -> None:
    """Power comes without any unit; the default of the schema is Wh (Autel, 2.0.1).

    Source: lbbrhzn/ocpp 1989.
    We: defaults go by measurand: power in W, energy in Wh.
    """
    wire = Wire(protocol)
    if protocol == "ocpp1.6":
        wire.start(7)
        meter(wire, 60, power(7400, None))
    else:
        update(wire, "Updated", 60, power(7400, None))
    assert only(wire).power_max_w == 7400


@pytest.mark.parametrize("has_stop", [True, False])
def test_quirk_32_session_relative_samples_beside_a_lifetime_start(has_stop: bool) -> None:
    """Samples count from the session's zero, StartTransaction and StopTransaction from the meter's: -4076 kWh.

    Source: lbbrhzn/ocpp 2093 (Grizzl-E).
    We: the base of each is told apart; an open session counts its samples from zero, never from meterStart.
    """
    wire = Wire()
    wire.start(7, meterStart=4_076_000)
    for seconds, wh in ((60, 0), (600, 1000), (1200, 2000)):
        meter(wire, seconds, sample(wh, "Wh", phase="L1-N", location="Body"))
    if has_stop:
        stop(wire, 1230, meterStop=4_078_050)
    session = only(wire)
    assert session.energy_wh == (2050 if has_stop else 2000)
    assert session.register_start_wh == 4_076_000
    assert session.register_base == "lifetime"
    assert session.energy_flags == (None if has_stop else "samples_session_relative")
    assert ("samples_rebased" in words(wire)) == has_stop


def test_quirk_32_samples_of_the_meter_beside_a_start_at_zero() -> None:
    """The reverse: meterStart is 0, samples and meterStop are the meter's.

    Source: lbbrhzn/ocpp 2093.
    We: the sampled register is chosen, meterStop - meterStart is kept beside it with `base_differs`.
    """
    wire = Wire()
    wire.start(7, meterStart=0)
    for seconds, wh in ((60, 900_000), (600, 901_000), (1200, 902_000)):
        meter(wire, seconds, sample(wh, "Wh"))
    stop(wire, 1230, meterStop=902_050)
    session = only(wire)
    assert (session.energy_wh, session.energy_basis, session.energy_flags) == (2000, "register", "start_differs")
    assert candidates(session)["meter_stop"] == (902_050, "base_differs")


@pytest.mark.parametrize("boots", [True, False])
def test_quirk_33_a_register_that_begins_anew_is_stitched(boots: bool) -> None:
    """The register begins anew at each reboot, or at each transaction, or never.

    Source: ChargeTimeEU/Java-OCA-OCPP 331; lbbrhzn/ocpp PR 919.
    We: after two more samples a fall is a reset; its parts are added up and the station's habit learns of it.
    """
    wire = Wire()
    wire.start(7, meterStart=9000)
    for number, wh in enumerate((9000, 9500, 10_000, 0, 500, 1000, 1500)):
        if boots and wh == 0:
            wire.call("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}, seconds=600 * number)
        meter(wire, 600 * number, sample(wh, "Wh"))
    stop(wire, 3700, meterStop=1500)
    session = only(wire)
    assert (session.energy_wh, session.energy_basis) == (2500, "register")
    assert "reset_stitched" in session.energy_flags
    assert candidates(session)["meter_stop"] == (None, "negative")
    assert words(wire) == ["energy_negative", "register_reset"] + ["resumed"] * boots
    (habit,) = [habit for habit in wire.fold().of("meter_habits") if habit.sessions]
    assert (habit.resets_at_boot, habit.resets_elsewhere) == ((1, 0) if boots else (0, 1))


def test_quirk_33_the_base_of_a_port_s_register_is_told_by_its_last_session() -> None:
    """The register begins anew at each transaction, or goes on.

    Source: evcc 15874 (EN+: 10,798 Wh, later 95); OCPP 1.6 errata 3.77.
    We: `register_base` says lifetime, session or boot, held against the port's last register.
    """
    for starts, expected in (((0, 0, 0), [None, "session", "session"]), ((500, 1500, 2500), ["lifetime"] * 3)):
        wire = Wire()
        for number, start in enumerate(starts):
            wire.start(7 + number, meterStart=start, seconds=100 * number, timestamp=at(100 * number))
            seconds = 100 * number + 50
            wire.stop(7 + number, meterStop=start + 1000, seconds=seconds, timestamp=at(seconds))
        sessions = sorted(wire.sessions(), key=lambda session: session.started_at)
        assert [session.register_base for session in sessions] == expected


@pytest.mark.parametrize("glitch", [0, 5, 99_999_999])
def test_quirk_34_a_single_sample_of_nonsense_is_left_out(glitch: int) -> None:
    """The register drops to 0, or shows nonsense, for one sample.

    Source: lbbrhzn/ocpp 1756 (Wallbox).
    We: a sample that no other supports is left out, flagged and said; a reset needs two samples that follow.
    """
    wire = Wire()
    wire.start(7, meterStart=9000)
    for number, wh in enumerate((9000, 9500, glitch, 10_000, 10_500)):
        meter(wire, 600 * number, sample(wh, "Wh"))
    session = only(wire)
    assert (session.energy_wh, session.energy_flags) == (1500, "glitch_left_out")
    assert words(wire) == ["register_glitch"]


def test_quirk_34_a_fall_at_the_very_end_is_not_believed() -> None:
    """The last sample of a session shows nonsense.

    Source: lbbrhzn/ocpp 1756; SteVe's `findLastMeterValueFromMonotonicStreak`.
    We: the energy ends with the last register that others support, flagged `fall_unconfirmed`.
    """
    wire = Wire("ocpp2.0.1")
    for number, (event, wh) in enumerate((("Started", 100), ("Updated", 600), ("Ended", 3))):
        update(wire, event, 600 * number, sample(wh, "Wh"))
    assert (only(wire).energy_wh, only(wire).energy_flags) == (500, "fall_unconfirmed")


def test_quirk_35_a_stop_below_its_start_is_quarantined() -> None:
    """meterStop is below meterStart, and systems store it.

    Source: dallmann-consulting/OCPP.Core 33.
    We: null and `energy_negative`, never the absolute value.
    """
    wire = Wire()
    wire.start(7, meterStart=5000)
    stop(wire, 3600, meterStop=4000)
    assert (only(wire).energy_wh, only(wire).energy_basis) == (None, None)
    assert words(wire) == ["energy_negative"]
    assert sum(rate.energy_wh for rate in wire.fold().of("rates")) == 0


def test_quirk_36_the_register_at_begin_in_every_meter_value() -> None:
    """Every MeterValues repeats the Transaction.Begin register beside the periodic one.

    Source: lbbrhzn/ocpp 1838 (Growatt THOR).
    We: contexts are kept apart; the register at begin is the start, never a fall.
    """
    wire = Wire()
    wire.start(7, meterStart=None)
    for number in range(1, 5):
        begin = sample(1000, "Wh", context="Transaction.Begin")
        meter(wire, 600 * number, begin, sample(1000 + 500 * number, "Wh", context="Sample.Periodic"))
    assert (only(wire).energy_wh, only(wire).energy_flags) == (2000, None)
    assert words(wire) == []


def test_quirk_37_one_phase_alone_is_the_total() -> None:
    """The energy is tagged as phase L1, and there is no total.

    Source: lbbrhzn/ocpp 1943, commit 840d141.
    We: the tag of a single value says nothing; phases without a total are added up, also over several meter values.
    """
    wire = Wire()
    wire.start(7, meterStart=None)
    for number in (0, 1):
        meter(wire, 600 * number, sample(1000 + 500 * number, "Wh", phase="L1"))
    assert only(wire).energy_wh == 500
    three = Wire()
    three.start(7, meterStart=None)
    for number in (0, 1):
        values = [
            {"timestamp": at(600 * number), "sampledValue": [sample(1000 + 100 * number, "Wh", phase=phase)]}
            for phase in ("L1", "L2", "L3")
        ]
        three.call("MeterValues", {"connectorId": 1, "transactionId": 7, "meterValue": values}, seconds=600 * number)
    assert only(three).energy_wh == 300


def test_quirk_38_a_total_beside_its_phases_gives_way_to_them() -> None:
    """The total of power disagrees with the sum of its phases (Schneider).

    Source: sap-labs-france/ev-server `OCPPUtils.ts` (10 %).
    We: phases before a total that is over a tenth beside them, for power; said as `phases_disagree`.
    """
    wire = Wire()
    wire.start(7)
    phases = [power(2300, phase=phase) for phase in ("L1", "L2", "L3")]
    meter(wire, 60, *phases, power(2300))
    assert only(wire).power_max_w == 6900
    assert words(wire) == ["phases_disagree"]


def test_quirk_39_clock_aligned_duplicates_count_once() -> None:
    """Clock-aligned values repeat periodic ones.

    Source: sap-labs-france/ev-server `filterMeterValuesOnSpecificChargingStations`.
    We: registers count by their time; intervals of both kinds are summed apart, and the periodic ones count.
    """
    wire = Wire()
    wire.start(7, meterStart=None)
    for number in range(1, 5):
        interval = {"measurand": "Energy.Active.Import.Interval"}
        periodic = sample(500, "Wh", context="Sample.Periodic", **interval)
        meter(wire, 900 * number, periodic, sample(500, "Wh", context="Sample.Clock", **interval))
        meter(wire, 900 * number, sample(500, "Wh", context="Sample.Clock", **interval))
    session = only(wire)
    assert (session.energy_wh, session.energy_basis) == (2000, "interval")


def test_quirk_40_values_that_are_none_cost_nothing_else() -> None:
    """Odd measurands and units, an empty list of samples, an empty value.

    Source: mobilityhouse/ocpp 54; lbbrhzn/ocpp 1576, 466 (Vestel), 361; steve 249.
    We: what is no energy is left out of the energy and said where it stands for one; the rest counts.
    """
    wire = Wire()
    wire.start(7, meterStart=None)
    meter(wire, 0, sample(1000, "Wh"), sample(5, "Wh", measurand="Request.Energy"))
    meter(wire, 300)
    meter(wire, 400, sample("", "Wh"))
    meter(wire, 500, sample(40, "Celcius"), power(7000))
    meter(wire, 600, sample(1500, "Wh"), sample(50, "Hz", measurand="Frequency"))
    assert only(wire).energy_wh == 500
    assert words(wire) == ["unit_unknown"]


def test_quirk_41_connector_0_of_a_station_with_one_connector() -> None:
    """Samples of the transaction come on connector 0 (KEBA).

    Source: sap-labs-france/ev-server `OCPPValidator.ts`.
    We: they are connector 1's, where the station has no other.
    """
    wire = Wire()
    wire.status("Available", connector=0)
    wire.start(7, meterStart=None)
    for number in (1, 2):
        meter(wire, 600 * number, sample(1000 * number, "Wh"), connectorId=0, transactionId=None)
    assert only(wire).energy_wh == 1000
    assert words(wire) == ["meter_on_connector_0"]


def test_quirk_41a_connector_0_of_a_network_is_the_sum_and_nobody_s() -> None:
    """N chargers appear as connectors 1 to N, and connector 0 reports the sum of all meters.

    Source: dallmann-consulting/OCPP.Core `Real_life_Experiences_KEBA.md`.
    We: where a station has several connectors, connector 0 belongs to no session.
    """
    wire = Wire()
    wire.status("Available", connector=2)
    wire.start(7, meterStart=None)
    meter(wire, 60, sample(1000, "Wh"))
    for number in (1, 2):
        meter(wire, 600 * number, sample(100_000 * number, "Wh"), connectorId=0, transactionId=None)
    assert only(wire).energy_wh is None


def test_quirk_42_a_station_that_never_meters_is_said() -> None:
    """`meterType: "Internal NON compliant"`: takes every metering setting and never sends a value.

    Source: evcc PR 28541 (Wallbox).
    We: the energy is null, never 0; after three such sessions the station is said as `no_metering`.
    """
    wire = Wire()
    for number in range(4):
        wire.start(7 + number, meterStart=None, seconds=100 * number, timestamp=at(100 * number))
        seconds = 100 * number + 50
        wire.stop(7 + number, meterStop=None, seconds=seconds, timestamp=at(seconds))
    assert [session.energy_wh for session in wire.sessions()] == [None] * 4
    assert words(wire) == ["no_metering"]


def ocmf(*readings: tuple[str, str]) -> str:
    read = [{"TX": letter, "RV": value, "RU": "kWh"} for letter, value in readings]
    return f'OCMF|{json.dumps({"FV": "1.0", "ID": "CARD", "RD": read})}|{{"SD":"00"}}'


@pytest.mark.parametrize("is_wrapped", [True, False])
def test_quirk_43_a_signed_record_is_no_number(is_wrapped: bool) -> None:
    """`format: SignedData` puts a signed record where a number should be, some in a JSON envelope of Base64.

    Source: steve 816; solidstudiosh/ocpp-virtual-charge-point PR 63.
    We: told by `format` before anything is parsed; read as the rung `signed`, which nobody has verified.
    """
    record = ocmf(("B", "100.0"), ("E", "102.5"))
    if is_wrapped:
        inner = base64.b64encode(record.encode()).decode()
        record = json.dumps({"signedMeterData": inner, "encodingMethod": "OCMF", "publicKey": ""})
    wire = Wire()
    wire.start(7, meterStart=1000)
    data = [{"timestamp": at(3600), "sampledValue": [{"value": record, "format": "SignedData"}]}]
    stop(wire, 3600, meterStop=3000, transactionData=data)
    session = only(wire)
    assert (session.energy_wh, session.energy_basis) == (2000, "meter_stop")
    assert candidates(session)["signed"] == (2500, "not_verified")
    assert "CARD" not in session.energy_candidates


def test_quirk_43_a_signed_value_beside_a_number() -> None:
    """2.x carries the signed record beside the number.

    Source: OCPP 2.0.1 SignedMeterValueType; citrineos-core PR 214.
    We: both are read, each as its own evidence.
    """
    wire = Wire("ocpp2.0.1")
    for event, letter, kwh, seconds in (("Started", "B", "100.0", 0), ("Ended", "E", "102.5", 3600)):
        signed = {"signedMeterData": base64.b64encode(ocmf((letter, kwh)).encode()).decode(), "publicKey": ""}
        value = {"value": float(kwh) * 1000, "signedMeterValue": signed, "context": f"Transaction.{event}"}
        wire.transaction(event, seconds=seconds, meterValue=[{"timestamp": at(seconds), "sampledValue": [value]}])
    session = only(wire)
    assert (session.energy_wh, candidates(session)["signed"]) == (2500, (2500, "not_verified"))


def test_quirk_44_one_record_holds_begin_and_end() -> None:
    """One OCMF record may hold begin and end, so the record of the stop is the whole session.

    Source: SAFE-eV/OCMF 8.
    We: readings are paired by their TX letters, never by the place of the record.
    """
    wire = Wire()
    wire.start(7, meterStart=None)
    both = {"value": ocmf(("B", "100.0"), ("C", "101.0"), ("E", "102.5")), "format": "SignedData"}
    stop(wire, 3600, meterStop=None, transactionData=[{"timestamp": at(3600), "sampledValue": [both]}])
    session = only(wire)
    assert candidates(session) == {"signed": (2500, "not_verified")}
    assert session.energy_wh is None  # nobody verified it


def test_facts_do_not_depend_on_when_they_are_drained() -> None:
    wire = Wire()
    wire.start(7, meterStart=9000)
    for number, wh in enumerate((9000, 9500, 0, 100, 10_000, 10_500, 3, 4, 5, 700)):
        meter(wire, 600 * number, sample(wh, "Wh"), power(3000))
    stop(wire, 6100, meterStop=800)
    whole = Folded().fold(wire.records)
    assert Folded().fold(wire.records, drain_every=1).rows() == whole.rows()
    assert Folded().fold(wire.records, drain_every=3).rows() == whole.rows()

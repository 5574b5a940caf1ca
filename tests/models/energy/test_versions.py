"""The same meter in 1.6, 2.0.1 and 2.1: the energy, its rung, its flags and what is odd about it are the same.

The quirks of meters were each seen in one version; nothing in them is of that version. In 1.6 the samples come as
MeterValues and, at the end, as transactionData, without meterStart and meterStop.
"""

import base64
import json
from typing import Any

import pytest
from captures import Wire, at

VERSIONS = ("ocpp1.6", "ocpp2.0.1", "ocpp2.1")
Sample = dict[str, Any]
Story = list[tuple[float, list[Sample]]]
"""Seconds and samples: of the begin, of what is between, of the end. No samples and a negative time: a boot."""
POWER, INTERVAL = "Power.Active.Import", "Energy.Active.Import.Interval"
BEGIN, END, CLOCK = "Transaction.Begin", "Transaction.End", "Sample.Clock"


def wh(value: object, unit: str | None = "Wh", **more: str) -> Sample:
    return {"value": value, "unit": unit} | more


def watts(value: object, **more: str) -> Sample:
    return wh(value, "W", measurand=POWER, **more)


def signed(letter: str, kwh: str) -> Sample:
    """A sample of 0.1 Wh beside its signed record in kWh."""
    read = [{"TX": letter, "RV": kwh, "RU": "kWh"}]
    return wh(float(kwh) * 1000, signed=f'OCMF|{json.dumps({"FV": "1.0", "RD": read})}|{{"SD":"00"}}')


def phases(*values: float) -> list[Sample]:
    return [wh(value, phase=f"L{number}") for number, value in enumerate(values, 1)]


def rising(*registers: object, unit: str | None = "Wh", step: float = 600) -> Story:
    return [(step * number, [wh(register, unit)]) for number, register in enumerate(registers)]


def power_of(story: Story, value: float) -> Story:
    return [(second, [*samples, watts(value)]) for second, samples in story]


BOOT: tuple[float, list[Sample]] = (-1, [])
Expected = tuple[int | None, str | None, str | None, set[str]]
"""Energy, rung, flags, anomalies."""
STORIES: dict[str, tuple[Story, Expected]] = {
    "quirk 30: kWh that say Wh": (
        power_of(rising(1000, 1001.2, 1002.4, 1003.6, 1004.8, 1006, 1007.2), 7200),
        (7200, "register", "unit_fault", {"unit_suspect"}),
    ),
    "quirk 30: Wh that say kWh": (
        rising(0, 150.23, 300.37, 750.25, unit="kWh", step=15),
        (750, "register", "unit_fault", {"unit_suspect"}),
    ),
    "trap: the last sample has no unit": (
        [*rising(0.1, 0.3, 0.6, unit="kWh", step=30), (90, [wh(0.85, None)])],
        (750, "register", None, {"unit_missing"}),
    ),
    "quirk 33: begins anew": (
        rising(9000, 9500, 10_000, 0, 500, 1000, 1500),
        (2500, "register", "reset_stitched", {"register_reset"}),
    ),
    "quirk 33: begins anew at a boot": (
        [*rising(9000, 9500, 10_000), BOOT, (1800, [wh(0)]), (2400, [wh(500)]), (3000, [wh(1000)])],
        (2000, "register", "reset_stitched", {"register_reset", "resumed"}),
    ),
    "quirk 34: reads 0 once": (
        rising(9000, 9500, 0, 10_000, 10_500),
        (1500, "register", "glitch_left_out", {"register_glitch"}),
    ),
    "quirk 34: nonsense once": (
        rising(9000, 9500, 99_999_999, 10_000, 10_500),
        (1500, "register", "glitch_left_out", {"register_glitch"}),
    ),
    "quirk 34: nonsense at the end": (rising(100, 600, 3), (500, "register", "fall_unconfirmed", set())),
    "quirk 35: runs back from begin to end": (
        [(0, [wh(5000, context=BEGIN)]), (3600, [wh(4000, context=END)])],
        (None, None, "negative", {"energy_negative"}),
    ),
    "quirk 36: Begin in every message": (
        [(600 * n, [wh(1000, context=BEGIN), wh(1000 + 500 * n, context="Sample.Periodic")]) for n in range(5)],
        (2000, "register", None, set()),
    ),
    "quirk 37: one phase is the total": (
        [(0, [wh(1000, phase="L1")]), (600, [wh(1500, phase="L1")])],
        (500, "register", None, set()),
    ),
    "quirk 37: three phases are added up": (
        [(0, phases(1000, 2000, 3000)), (600, phases(1100, 2200, 3300))],
        (600, "register", None, set()),
    ),
    "quirk 39: intervals of the clock repeat the periodic ones": (
        [(900 * n, [wh(500, measurand=INTERVAL), wh(500, measurand=INTERVAL, context=CLOCK)]) for n in range(1, 5)],
        (2000, "interval", None, set()),
    ),
    "quirk 40: odd measurands and empty lists": (
        [
            (0, [wh(1000), wh(5, measurand="Request.Energy")]),
            (300, []),
            (500, [watts(7000), wh(50, "Hz", measurand="Frequency")]),
            (600, [wh(1500)]),
        ],
        (500, "register", None, set()),
    ),
    "ladder: power where there is nothing else": (
        [(600 * n, [watts(6000)]) for n in range(7)],
        (6000, "power", None, set()),
    ),
    "ladder: begin and end before what is between": (
        [(0, [wh(1000, context=BEGIN)]), (600, [wh(2000)]), (1200, [wh(3000, context=END)])],
        (2000, "begin_end", None, set()),
    ),
    "ladder: nothing known": ([(0, []), (600, [])], (None, None, None, set())),
    "a register below zero": (
        [(0, [wh(-5)]), (600, [wh(-3)])],
        (None, None, None, {"register_negative"}),
    ),
    "signed records beside numbers": (
        [(0, [signed("B", "100.0")]), (3600, [signed("E", "102.5")])],
        (2500, "register", None, {"signed_unverified"}),
    ),
}


def tell(protocol: str, story: Story) -> Wire:
    wire = Wire(protocol)
    is_1_6, last = protocol == "ocpp1.6", len(story) - 1
    if is_1_6:
        begun = story[0][0]
        wire.start(7, seconds=begun, meterStart=None, timestamp=at(begun))
    now = 0.0
    for place, (second, samples) in enumerate(story):
        if second < 0:
            boot = {"chargePointVendor": "V", "chargePointModel": "M"}
            station = {"chargingStation": {"vendorName": "V", "model": "M"}, "reason": "PowerUp"}
            wire.call("BootNotification", boot if is_1_6 else station, seconds=now + 1)
            continue
        now = second
        value = [{"timestamp": at(second), "sampledValue": [said for one in samples for said in written(one, is_1_6)]}]
        if not is_1_6:
            phase = "Started" if place == 0 else "Ended" if place == last else "Updated"
            wire.transaction(phase, seconds=second, evse={"id": 1, "connectorId": 1}, meterValue=value)
        elif place < last:
            wire.call("MeterValues", {"connectorId": 1, "transactionId": 7, "meterValue": value}, seconds=second)
        else:
            wire.stop(7, seconds=second, timestamp=at(second), meterStop=None, transactionData=value)
    return wire


def written(one: Sample, is_1_6: bool) -> list[Sample]:
    """A sample as its version writes it: texts and units beside them, or numbers and units of measure."""
    said = {name: value for name, value in one.items() if value is not None and name not in ("unit", "signed")}
    record, unit = one.get("signed"), one["unit"]
    if is_1_6:
        said["value"] = str(said["value"])
        plain = said | ({"unit": unit} if unit else {})
        return [plain, {"value": record, "format": "SignedData"}] if record else [plain]
    said |= {"unitOfMeasure": {"unit": unit}} if unit else {}
    if record:
        data = base64.b64encode(record.encode()).decode()
        said["signedMeterValue"] = {"signedMeterData": data, "encodingMethod": "OCMF", "publicKey": ""}
    return [said]


@pytest.mark.parametrize("protocol", VERSIONS)
@pytest.mark.parametrize("name", STORIES)
def test_a_meter_is_read_alike_in_every_version(name: str, protocol: str) -> None:
    story, expected = STORIES[name]
    folded = tell(protocol, story).fold()
    (session,) = folded.of("sessions")
    said = {anomaly.anomaly for anomaly in folded.of("anomalies")}
    found = session.energy_wh, session.energy_basis, session.energy_flags, said
    assert found == expected
    assert not session.is_open

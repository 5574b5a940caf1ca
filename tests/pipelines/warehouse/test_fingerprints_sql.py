"""How makes meter, from wire frames to `core__meter_fingerprints`: each vendor, model and firmware by itself."""

from decimal import Decimal
from typing import Any

import pytest
from folded import Wire, at, land
from small_lake import Lake, rows

from models.record import Record

WORDS = """SELECT vendor, model, firmware, stations, sessions, register_base, samples_base, resets, unit_habit,
  unit_naming, phase_tagging, contexts FROM core__meter_fingerprints ORDER BY ALL"""
POWER = {"measurand": "Power.Active.Import", "unit": "W", "value": 7200}


class Meter:
    """Sessions of a station, four samples an hour; what it says is in `sampled`."""

    def __init__(self, protocol: str, station: str, make: tuple[str, str, str]) -> None:
        self.wire, self.is_1_6, self.number = Wire(protocol, station, station), protocol == "ocpp1.6", 0
        vendor, model, firmware = make
        old = {"chargePointVendor": vendor, "chargePointModel": model, "firmwareVersion": firmware}
        station_2x = {"vendorName": vendor, "model": model, "firmwareVersion": firmware}
        self.said = old if self.is_1_6 else {"chargingStation": station_2x, "reason": "PowerUp"}
        self.boot(0)

    def boot(self, second: float) -> None:
        self.wire.call("BootNotification", self.said, seconds=second)

    def session(self, *samples: list[dict[str, Any]], is_booted: bool = False) -> None:
        begin, number, last = 10_000 * self.number + 100, self.number + 1, len(samples) - 1
        self.number = number
        if self.is_1_6:
            self.wire.start(number, seconds=begin, meterStart=None, timestamp=at(begin))
        for place, sampled in enumerate(samples):
            when = begin + 600 * place
            if is_booted and place == 2:
                self.boot(when - 1)
            value = [{"timestamp": at(when), "sampledValue": [self.written(one) for one in sampled]}]
            if self.is_1_6:
                payload = {"connectorId": 1, "transactionId": number, "meterValue": value}
                self.wire.call("MeterValues", payload, seconds=when)
            else:
                phase = "Started" if place == 0 else "Ended" if place == last else "Updated"
                self.wire.transaction(phase, f"t{number}", when, evse={"id": 1}, meterValue=value)
        if self.is_1_6:
            when = begin + 600 * last + 1
            self.wire.stop(number, seconds=when, timestamp=at(when), meterStop=None)

    def written(self, one: dict[str, Any]) -> dict[str, Any]:
        if self.is_1_6:
            return one | {"value": str(one["value"])}
        unit = {"unitOfMeasure": {"unit": one["unit"]}} if "unit" in one else {}
        return {name: float(it) if name == "value" else it for name, it in one.items() if name != "unit"} | unit


def wh(value: object, **more: str) -> dict[str, Any]:
    return {"value": value, "unit": "Wh"} | more


def network(protocol: str) -> list[Record]:
    """Three makes: one sound, one whose newer firmware mislabels kWh, one that resets and speaks in phases."""
    makes = {name: ("V", *name.split("/")) for name in ("M/1", "M/2", "N/1")}
    sound = [Meter(protocol, name, makes["M/1"]) for name in ("A", "B")]
    mislabelled, resetting = Meter(protocol, "C", makes["M/2"]), Meter(protocol, "D", makes["N/1"])
    for number in range(3):
        base = 1_000_000 + 10_000 * number
        for meter in sound:
            meter.session(*([wh(base + 1200 * n), POWER] for n in range(4)))
        low = Decimal(1000) + 4 * number
        mislabelled.session(*([wh(low + Decimal("1.2") * n), POWER] for n in range(4)))
        registers = (500, 600, 0, 100, 200)
        resetting.session(
            *([{"value": wh_, "phase": f"L{phase}"} for phase in (1, 2, 3)] for wh_ in registers), is_booted=True
        )
    log = [record for meter in (*sound, mislabelled, resetting) for record in meter.wire.records]
    for offset, record in enumerate(log):
        record.offset = offset
    return log


@pytest.mark.parametrize("protocol", ["ocpp1.6", "ocpp2.0.1", "ocpp2.1"])
def test_each_vendor_model_and_firmware_has_its_own_habits(lake: Lake, protocol: str) -> None:
    opened = land(lake, network(protocol)).build()
    assert rows(opened, WORDS) == [
        ("V", "M", "1", 2, 6, "lifetime", None, "never", "sound", "always", "total", None),
        ("V", "M", "2", 1, 3, "lifetime", None, "never", "kwh_as_wh", "always", "total", None),
        ("V", "N", "1", 1, 3, "lifetime", None, "boot", None, "never", "phases", None),
    ]
    assert rows(opened, "SELECT DISTINCT share_power FROM core__meter_fingerprints ORDER BY 1") == [(0.0,), (1.0,)]
    energy = "SELECT station_id, list(DISTINCT energy_wh) FROM core__sessions GROUP BY ALL ORDER BY ALL"
    assert rows(opened, energy) == [("A", [3600]), ("B", [3600]), ("C", [3600]), ("D", [900])]

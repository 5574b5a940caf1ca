"""What a station says of itself when it boots."""

import pytest
from captures import Wire


@pytest.mark.parametrize("protocol", ["ocpp1.6", "ocpp2.0.1"])
def test_blanks_around_a_name_are_not_part_of_it(protocol: str) -> None:
    wire = Wire(protocol)
    if protocol == "ocpp1.6":
        payload = {"chargePointVendor": " ACME ", "chargePointModel": "   ", "firmwareVersion": "1.0 "}
    else:
        payload = {"chargingStation": {"vendorName": " ACME ", "model": "   ", "firmwareVersion": "1.0 "}}
    wire.call("BootNotification", payload)
    (station,) = wire.fold().of("stations")
    assert (station.vendor, station.model, station.firmware) == ("ACME", None, "1.0")

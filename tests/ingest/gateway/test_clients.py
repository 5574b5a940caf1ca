"""Stations of other makes against the gateway: the `ocpp` package, the `test-ocpp` program, npm's `ocpp-rpc`."""

import json

import pytest
from ocpp.v16 import call as call16
from other_makes import VERSIONS_2X, ocpp_rpc, run_test_ocpp, talk

NOW = "2026-01-01T00:00:00Z"


async def session_16(station):
    boot = await station.call(call16.BootNotification("Model", "Vendor"))
    assert (boot.status, boot.interval) == ("Accepted", 300)
    await station.call(call16.StatusNotification(connector_id=1, error_code="NoError", status="Preparing"))
    assert (await station.call(call16.Authorize("CARD"))).id_tag_info["status"] == "Accepted"
    started = await station.call(call16.StartTransaction(1, "CARD", 1000, NOW))
    values = [{"timestamp": NOW, "sampled_value": [{"value": "1500"}]}]
    await station.call(call16.MeterValues(1, values, transaction_id=started.transaction_id))
    await station.call(call16.StopTransaction(2000, NOW, started.transaction_id, id_tag="CARD"))
    assert (await station.call(call16.Heartbeat())).current_time.endswith("Z")
    return started.transaction_id


def session_2x(call):
    async def session(station):
        boot = await station.call(
            call.BootNotification(charging_station={"model": "M", "vendor_name": "V"}, reason="PowerUp")
        )
        assert (boot.status, boot.interval) == ("Accepted", 300)
        await station.call(
            call.StatusNotification(timestamp=NOW, connector_status="Occupied", evse_id=1, connector_id=1)
        )
        token = {"id_token": "CARD", "type": "ISO14443"}
        assert (await station.call(call.Authorize(token))).id_token_info["status"] == "Accepted"
        for number, event in enumerate(("Started", "Updated", "Ended")):
            await station.call(
                call.TransactionEvent(
                    event_type=event,
                    timestamp=NOW,
                    trigger_reason="CablePluggedIn",
                    seq_no=number,
                    transaction_info={"transaction_id": "T-1"},
                    id_token=token if number == 0 else None,
                )
            )
        await station.call(
            call.MeterValues(evse_id=1, meter_value=[{"timestamp": NOW, "sampled_value": [{"value": 5}]}])
        )
        return (await station.call(call.Heartbeat())).current_time

    return session


def test_the_ocpp_package_in_16(gateway, log):
    assert talk(gateway.url, "ocpp1.6", "py16", session_16) >= 1
    calls = [json.loads(e.value)[2] for e in log.wait_for_close("py16") if e.meta.direction == "cp-to-csms"]
    assert calls == [
        "BootNotification",
        "StatusNotification",
        "Authorize",
        "StartTransaction",
        "MeterValues",
        "StopTransaction",
        "Heartbeat",
    ]


@pytest.mark.parametrize(("protocol", "call"), VERSIONS_2X.items())
def test_the_ocpp_package_in_2x(gateway, log, protocol, call):
    station = f"py-{protocol}"
    assert talk(gateway.url, protocol, station, session_2x(call)).endswith("Z")
    calls = [json.loads(e.value)[2] for e in log.wait_for_close(station) if e.meta.direction == "cp-to-csms"]
    assert calls == ["BootNotification", "StatusNotification", "Authorize", *["TransactionEvent"] * 3, "MeterValues",
                     "Heartbeat"]  # fmt: skip


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
@pytest.mark.parametrize("slash", [[], ["--trailing-slash"]], ids=["", "trailing slash"])
def test_the_test_ocpp_program(gateway, log, version, slash):
    station = f"cli-{version}-{len(slash)}"
    run_test_ocpp(gateway.url, station, version, *slash)
    assert log.wait_for_close(station)[0].meta.protocol == f"ocpp{version}"


@pytest.fixture(scope="module")
def npm_folder(tmp_path_factory):
    """Where npm's `ocpp-rpc` is put, once."""
    return tmp_path_factory.mktemp("ocpp-rpc")


CALLS_2X = [
    ["BootNotification", {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}}],
    ["Authorize", {"idToken": {"idToken": "CARD", "type": "ISO14443"}}],
    ["TransactionEvent", {"eventType": "Started", "timestamp": NOW, "triggerReason": "Authorized", "seqNo": 0,
                          "transactionInfo": {"transactionId": "T"}, "idToken": {"idToken": "C", "type": "Central"}}],
    ["NotifyEvent", {"generatedAt": NOW, "seqNo": 0, "eventData": [
        {"eventId": 1, "timestamp": NOW, "trigger": "Alerting", "actualValue": "x", "component": {"name": "C"},
         "variable": {"name": "V"}, "eventNotificationType": "CustomMonitor"}]}],
    ["SignCertificate", {"csr": "x"}],
    ["DataTransfer", {"vendorId": "v"}],
    ["Heartbeat", {}],
]  # fmt: skip
CALLS = {
    "ocpp1.6": [
        ["BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}],
        ["Authorize", {"idTag": "CARD"}],
        ["StartTransaction", {"connectorId": 1, "idTag": "CARD", "meterStart": 0, "timestamp": NOW}],
        ["StatusNotification", {"connectorId": 1, "errorCode": "GroundFailure", "status": "Faulted"}],
        ["MeterValues", {"connectorId": 1, "meterValue": [{"timestamp": NOW, "sampledValue": [{"value": "5"}]}]}],
        ["StopTransaction", {"transactionId": 1, "meterStop": 9, "timestamp": NOW}],
        ["DataTransfer", {"vendorId": "v"}],
        ["Heartbeat", {}],
    ],
    "ocpp2.0.1": CALLS_2X,
    "ocpp2.1": [*CALLS_2X, ["NotifySettlement", {
        "pspRef": "p", "status": "Settled", "settlementAmount": 5, "settlementTime": NOW}]],
}  # fmt: skip


@pytest.mark.parametrize("protocol", CALLS)
def test_npm_ocpp_rpc_in_strict_mode(gateway, log, npm_folder, protocol):
    station = f"npm-{protocol}"
    ocpp_rpc(npm_folder, gateway.url, station, protocol, CALLS[protocol])
    entries = log.wait_for_close(station)
    assert entries[-1].note["code"] == 1000
    assert sum(entry.meta.direction == "csms-to-cp" for entry in entries) == len(CALLS[protocol])

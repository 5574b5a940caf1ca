"""Stations of other makes over real sockets: the `ocpp` package, the `test-ocpp` program, npm's `ocpp-rpc`.

Not here: which frames a test wants to see; a conversation is handed in, the sessions below are ready-made ones.
"""

import asyncio
import json
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import pytest
from ocpp.v16 import ChargePoint as ChargePoint16
from ocpp.v16 import call as call16
from ocpp.v21 import ChargePoint as ChargePoint21
from ocpp.v21 import call as call21
from ocpp.v201 import ChargePoint as ChargePoint201
from ocpp.v201 import call as call201
from websockets.asyncio.client import connect

OCPP_RPC = "ocpp-rpc@2.2.1"
VERSIONS_2X = {"ocpp2.0.1": call201, "ocpp2.1": call21}
_CLIENTS: dict[str, Any] = {"ocpp1.6": ChargePoint16, "ocpp2.0.1": ChargePoint201, "ocpp2.1": ChargePoint21}
_SCRIPT = Path(__file__).parents[1] / "ingest" / "gateway" / "ocpp_rpc_client.mjs"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reported:
    """A session as the station that had it knows it."""

    station_id: str
    transaction_id: str
    energy_wh: int


def now(offset_s: float = 0) -> str:
    """This moment, or one before or after it, as OCPP writes it."""
    return (datetime.now(UTC) + timedelta(seconds=offset_s)).isoformat(timespec="seconds").replace("+00:00", "Z")


def talk(url: str, protocol: str, station: str, said: Callable[[Any], Awaitable[T]]) -> T:
    """Let the `ocpp` package's own client class hold a conversation."""

    async def main() -> T:
        async with connect(f"{url}/{station}", subprotocols=[protocol], proxy=None) as socket:  # type: ignore[list-item]
            client = _CLIENTS[protocol](station, socket, response_timeout=30)
            listening = asyncio.create_task(client.start())
            try:
                return await said(client)
            finally:
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)

    return asyncio.run(main())


def ocpp_package_16(url: str, station: str, energy_wh: int) -> Reported:
    """A 1.6 session whose meter values are in kWh and whose stop is in Wh, as many chargers do it."""

    async def said(client: Any) -> str:
        await client.call(call16.BootNotification("Model", "Vendor"))
        await client.call(call16.Authorize("CARD-16"))
        started = await client.call(call16.StartTransaction(1, "CARD-16", 1000, now(-60)))
        half = str((1000 + energy_wh / 2) / 1000)
        values = [{"timestamp": now(-30), "sampled_value": [{"value": half, "unit": "kWh"}]}]
        await client.call(call16.MeterValues(1, values, transaction_id=started.transaction_id))
        await client.call(call16.StopTransaction(1000 + energy_wh, now(), started.transaction_id, id_tag="CARD-16"))
        return str(started.transaction_id)

    return Reported(station, talk(url, "ocpp1.6", station, said), energy_wh)


def ocpp_package_2x(url: str, protocol: str, station: str, energy_wh: int) -> Reported:
    """A 2.x session of three events with registers."""
    transaction_id = f"T-{station}"
    call: ModuleType = VERSIONS_2X[protocol]

    async def said(client: Any) -> None:
        await client.call(call.BootNotification(charging_station={"model": "M", "vendor_name": "V"}, reason="PowerUp"))
        for number, kind in enumerate(("Started", "Updated", "Ended")):
            sample = {"value": 500 + energy_wh * number / 2, "measurand": "Energy.Active.Import.Register"}
            await client.call(
                call.TransactionEvent(
                    event_type=kind,
                    timestamp=now(number - 10),
                    trigger_reason="CablePluggedIn",
                    seq_no=number,
                    transaction_info={"transaction_id": transaction_id},
                    evse={"id": 1, "connector_id": 1},
                    id_token={"id_token": "CARD-2X", "type": "ISO14443"} if number == 0 else None,
                    meter_value=[{"timestamp": now(number - 10), "sampled_value": [sample]}],
                )
            )

    talk(url, protocol, station, said)
    return Reported(station, transaction_id, energy_wh)


def run_test_ocpp(url: str, station: str, version: str, *options: str) -> None:
    """The `test-ocpp` program: it boots and beats once; it knows no sessions."""
    program = Path(sys.executable).with_name("test-ocpp")
    command = [str(program), url, station, "--ocpp", version, *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@cache
def install_ocpp_rpc(folder: Path) -> str | None:
    """Put npm's `ocpp-rpc` into a folder; the reason where that cannot be done."""
    if not shutil.which("node") or not shutil.which("npm"):
        return "Node and npm are not installed"
    install = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", OCPP_RPC]
    done = subprocess.run(install, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    return f"npm cannot install {OCPP_RPC}: {done.stderr.strip().splitlines()[:2]}" if done.returncode else None


def ocpp_rpc(folder: Path, url: str, station: str, protocol: str, calls: Sequence[Any]) -> dict[str, Any]:
    """Let `ocpp-rpc` make calls, its answers checked against the schemas (not in 2.1, see the script).

    A value `{"$answer": n, "field": name}` stands for what the n-th answer held. Skips where it cannot be had.
    """
    if (reason := install_ocpp_rpc(folder)) is not None:
        pytest.skip(reason)
    command = ["node", str(_SCRIPT), url, station, protocol, json.dumps(calls)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    assert said["protocol"] == protocol
    assert said["violations"] == []
    assert [list(answer) for answer in said["answers"]] == [["result"]] * len(calls), said
    return said


def ocpp_rpc_16(folder: Path, url: str, station: str, energy_wh: int) -> Reported:
    """A 1.6 session by `ocpp-rpc`."""
    calls = [
        ["BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}],
        ["StartTransaction", {"connectorId": 1, "idTag": "CARD", "meterStart": 10, "timestamp": now(-60)}],
        [
            "StopTransaction",
            {
                "transactionId": {"$answer": 1, "field": "transactionId"},
                "meterStop": 10 + energy_wh,
                "timestamp": now(),
            },
        ],
    ]
    said = ocpp_rpc(folder, url, station, "ocpp1.6", calls)
    return Reported(station, str(said["answers"][1]["result"]["transactionId"]), energy_wh)


def ocpp_rpc_2x(folder: Path, url: str, protocol: str, station: str, energy_wh: int) -> Reported:
    """A 2.x session by `ocpp-rpc`, its registers in kWh by the unit's multiplier."""
    transaction_id = f"T-{station}"
    calls: list[Any] = [
        ["BootNotification", {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}}]
    ]
    for number, kind in enumerate(("Started", "Ended")):
        sample = {"value": 7 + number * energy_wh / 1000, "unitOfMeasure": {"unit": "Wh", "multiplier": 3}}
        event = {
            "eventType": kind,
            "timestamp": now(number - 10),
            "triggerReason": "CablePluggedIn",
            "seqNo": number,
            "transactionInfo": {"transactionId": transaction_id},
            "evse": {"id": 1, "connectorId": 1},
            "meterValue": [{"timestamp": now(number - 10), "sampledValue": [sample]}],
        }
        calls.append(["TransactionEvent", event])
    ocpp_rpc(folder, url, station, protocol, calls)
    return Reported(station, transaction_id, energy_wh)

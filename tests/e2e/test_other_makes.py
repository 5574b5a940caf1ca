"""`laddstrom up` and stations of other makes: after SIGTERM every session and watt-hour they reported is there."""

import time
from pathlib import Path
from typing import Any

import pytest
from other_makes import Reported, ocpp_package_2x, ocpp_package_16, ocpp_rpc_2x, ocpp_rpc_16, run_test_ocpp

SESSIONS = "SELECT station_id, transaction_id, energy_wh, protocol, is_open FROM core__sessions"
PROTOCOLS = {"16": "ocpp1.6", "201": "ocpp2.0.1", "21": "ocpp2.1"}


@pytest.fixture(scope="module")
def npm_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where npm's `ocpp-rpc` is put, once."""
    return tmp_path_factory.mktemp("ocpp-rpc")


def test_every_session_and_watt_hour_of_other_makes_is_in_the_warehouse_after_sigterm(
    laddstrom: Any, broker: str, npm_folder: Path, subtests: pytest.Subtests
) -> None:
    reported: list[Reported] = []
    with laddstrom.up("--land-every", 5) as up:
        url = up.ready["gateway"]
        with subtests.test("the ocpp package"):
            reported += [ocpp_package_16(url, "py-16", energy_wh) for energy_wh in (3000, 1250)]
            reported.append(ocpp_package_2x(url, "ocpp2.0.1", "py-201", 1700))
            reported.append(ocpp_package_2x(url, "ocpp2.1", "py-21", 1900))
        with subtests.test("test-ocpp"):
            run_test_ocpp(url, "cli-16", "1.6")
            run_test_ocpp(url, "cli-201", "2.0.1")
        with subtests.test("npm ocpp-rpc in strict mode"):
            reported.append(ocpp_rpc_16(npm_folder, url, "npm-16", 750))
            reported.append(ocpp_rpc_2x(npm_folder, url, "ocpp2.0.1", "npm-201", 2345))
            reported.append(ocpp_rpc_2x(npm_folder, url, "ocpp2.1", "npm-21", 12001))
        began = time.monotonic()
        assert up.stop() == 0, up.said
        assert time.monotonic() - began < 60

    rows = laddstrom.sql(SESSIONS)
    found = [Reported(row["station_id"], row["transaction_id"], row["energy_wh"]) for row in rows]
    assert sorted(map(repr, found)) == sorted(map(repr, reported))
    assert len(reported) >= 4
    assert all(PROTOCOLS[row["station_id"].partition("-")[2]] == row["protocol"] for row in rows)
    assert not any(row["is_open"] for row in rows)
    [report] = laddstrom.sql("SELECT sum(energy_wh) AS wh, sum(sessions) AS n FROM report__energy_daily")
    assert report == {"wh": sum(session.energy_wh for session in reported), "n": len(reported)}
    booted = laddstrom.sql("SELECT station_id, protocol FROM core__stations WHERE station_id LIKE 'cli-%' ORDER BY 1")
    assert [(row["station_id"], row["protocol"]) for row in booted] == [("cli-16", "ocpp1.6"), ("cli-201", "ocpp2.0.1")]
    assert laddstrom.sql("SELECT * FROM core__dead_letters") == []

"""Transaction ids: once each, the same for a retry, also over a restart; no card number on disk."""

import asyncio
import sqlite3
import subprocess
import sys

import pytest

from ingest.gateway.journal import KEPT_PER_CONNECTOR, MAX_ID, Journal, JournalError

KEY = b"k" * 32
START = ("CP1", 1, "CARD", "2026-01-01T00:00:00Z", "100")


def run(folder, *steps, key=KEY):
    """Open a journal, take the steps (`start` arguments or `("stop", station, id)`), close it."""

    async def all_steps():
        journal = Journal(folder, key)
        results = []
        for step in steps:
            if step[0] == "stop":
                results.append(await journal.stop(*step[1:]))
            else:
                results.append(await journal.start(*step))
        await journal.close()
        return results

    return asyncio.run(all_steps())


def test_ids_are_positive_rise_and_are_never_given_twice_over_restarts(tmp_path):
    given = [run(tmp_path, ("CP", 1, "C", f"t{round_}", "0"))[0] for round_ in range(5)]
    assert given == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("spelling", ["CARD", "card"])
def test_an_equal_start_that_is_still_open_gets_the_same_id_also_after_a_restart(tmp_path, spelling):
    (first,) = run(tmp_path, START)
    (again,) = run(tmp_path, ("CP1", 1, spelling, *START[3:]))
    assert first == again


@pytest.mark.parametrize(
    "other",
    [
        ("CP2", *START[1:]),
        ("CP1", 2, *START[2:]),
        ("CP1", 1, "OTHER", *START[3:]),
        ("CP1", 1, "CARD", "2026-01-01T00:00:01Z", "100"),
        (*START[:4], "101"),
    ],
)
def test_a_start_that_differs_in_anything_is_another_transaction(tmp_path, other):
    first, second = run(tmp_path, START, other)
    assert first != second


def test_after_its_stop_equal_content_is_a_new_transaction(tmp_path):
    first, _, second = run(tmp_path, START, ("stop", "CP1", 1), START)
    assert (first, second) == (1, 2)


@pytest.mark.parametrize("stop", [("stop", "CP2", 1), ("stop", "CP1", 99), ("stop", "CP1", -1), ("stop", "CP1", 2**70)])
def test_a_stop_from_elsewhere_or_of_nothing_closes_nothing(tmp_path, stop):
    first, _, second = run(tmp_path, START, stop, START)
    assert first == second


def test_stations_that_never_stop_do_not_fill_the_journal(tmp_path):
    run(tmp_path, *(("CP1", 1, "C", f"t{number}", "0") for number in range(100)))
    database = sqlite3.connect(tmp_path / "transactions.sqlite")
    assert database.execute("SELECT count(*) FROM open_transactions").fetchone() == (KEPT_PER_CONNECTOR,)
    database.close()


def test_after_the_largest_id_it_starts_again_past_those_still_open(tmp_path):
    run(tmp_path, START)
    database = sqlite3.connect(tmp_path / "transactions.sqlite")
    database.execute("UPDATE counter SET last_id = ?", (MAX_ID - 1,))
    database.commit()
    database.close()
    assert run(tmp_path, ("CP3", 1, "C", "t", "0"), ("CP3", 1, "C", "u", "0")) == [MAX_ID, 2]


def test_no_card_number_is_on_disk_and_only_the_owner_may_read(tmp_path):
    run(tmp_path, ("CP1", 1, "CANARY0123456789", "t", "0"))
    for path in tmp_path.iterdir():
        content = path.read_bytes().lower()
        assert b"canary" not in content
    assert (tmp_path / "transactions.sqlite").stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_no_journal_is_refused_with_a_sentence(tmp_path):
    (tmp_path / "transactions.sqlite").write_bytes(b"x" * 5000)
    with pytest.raises(JournalError, match="move the file away"):
        Journal(tmp_path, KEY)


def test_two_gateways_on_one_home_never_share_an_id(tmp_path):
    code = (
        "import asyncio, sys; from pathlib import Path; from ingest.gateway.journal import Journal\n"
        "async def main():\n"
        " journal = Journal(Path(sys.argv[1]), b'k')\n"
        " ids = [await journal.start(sys.argv[2], 1, 'C', str(n), '0') for n in range(50)]\n"
        " await journal.close(); print(*ids)\n"
        "asyncio.run(main())"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path), station], stdout=subprocess.PIPE, text=True)
        for station in ("A", "B")
    ]
    ids = [int(word) for process in both for word in process.communicate(timeout=60)[0].split()]
    assert sorted(ids) == list(range(1, 101))


def test_a_retry_over_a_gateways_restart_gets_the_same_id(start, tmp_path):
    payload = {"connectorId": 1, "idTag": "CARD", "meterStart": 5, "timestamp": "2026-01-01T00:00:00Z"}
    ids = []
    for _ in range(2):
        gateway = start(journal=tmp_path / "kept")
        with gateway.connect("retrying") as station:
            ids.append(gateway.call(station, "StartTransaction", payload)[2]["transactionId"])
        gateway.stop()
    gateway = start(journal=tmp_path / "kept")
    with gateway.connect("retrying") as station:
        stop = {"transactionId": ids[0], "meterStop": 9, "timestamp": "2026-01-01T01:00:00Z"}
        assert gateway.call(station, "StopTransaction", stop)[2] == {}
        ids.append(gateway.call(station, "StartTransaction", payload)[2]["transactionId"])
    assert ids[0] == ids[1] != ids[2]

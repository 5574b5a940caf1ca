"""The made-up history: the same from the same seed, sound, believable, and found again by the step."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from ocpp.messages import get_validator

from ingest.fleet import history
from ingest.fleet.truth import Truth
from ingest.imports.importer import import_file
from models.record import Meta

END = datetime(2026, 11, 21, tzinfo=UTC)
VERSIONS = {"ocpp1.6": "1.6", "ocpp2.0.1": "2.0.1"}


class Records:
    """A producer that keeps what it is given."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, bytes, Meta]] = []

    def send(self, topic, key, value, headers=(), *, partition=None, on_done=None) -> None:
        assert topic == "ocpp.frames"
        self.kept.append((key.decode(), value, Meta.decode(dict(headers)["meta"])))

    def flush(self, timeout_s: float = 30.0) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    path = tmp_path_factory.mktemp("history") / "history.jsonl"
    return path, history.write(path, end=END)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    logs = []
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        path = tmp_path / f"{name}.jsonl"
        history.write(path, seed=seed, days=2, stations=8, end=END)
        logs.append((path.read_bytes(), history.truth_path(path).read_bytes()))
    assert logs[0] == logs[1]
    assert logs[0] != logs[2]


def test_the_truth_beside_the_log_is_the_one_returned(planted: tuple[Path, Truth]) -> None:
    path, truth = planted
    assert Truth.read(history.truth_path(path)) == truth


def test_it_has_the_size_of_two_weeks_of_forty_stations(planted: tuple[Path, Truth]) -> None:
    path, truth = planted
    rows = path.read_bytes().splitlines()
    directions = Counter(json.loads(row)["direction"] for row in rows)
    assert truth.frames == directions["cp-to-csms"] + directions["csms-to-cp"]
    assert 30_000 < truth.frames < 80_000
    assert len(truth.stations) == 40
    assert Counter(station.protocol for station in truth.stations).keys() == VERSIONS.keys()
    assert directions["open"] > 40


def test_lines_come_in_order_of_time_and_end_before_the_end(planted: tuple[Path, Truth]) -> None:
    path, truth = planted
    times = [json.loads(row)["timestamp"] for row in path.read_bytes().splitlines()]
    assert times == sorted(times)
    assert times[0] >= "2026-11-07T00:00:00"
    assert times[-1] < "2026-11-21T00:00:00"
    assert (truth.begin, truth.end) == (END - timedelta(days=14), END)


def test_every_message_is_valid_in_its_version(planted: tuple[Path, Truth]) -> None:
    path, _ = planted
    checked: Counter[tuple[str, str, int]] = Counter()
    actions: dict[tuple[str, str], str] = {}
    for row in path.read_bytes().splitlines():
        line = json.loads(row)
        if line["direction"] in ("open", "close"):
            continue
        frame, version = json.loads(line["raw"]), VERSIONS[line["subprotocol"]]
        if frame[0] == 2:
            actions[line["chargePointId"], frame[1]] = frame[2]
        action = actions[line["chargePointId"], frame[1]]
        kind = (version, action, frame[0])
        checked[kind] += 1
        # the schemas are slow: each kind of message, many times each
        if checked[kind] < 200 or checked[kind] % 97 == 0:
            get_validator(frame[0], action, version).validate(frame[-1])
    assert {action for _, action, _ in checked} >= {
        "Authorize",
        "BootNotification",
        "FirmwareStatusNotification",
        "Heartbeat",
        "MeterValues",
        "NotifyEvent",
        "StartTransaction",
        "StatusNotification",
        "StopTransaction",
        "TransactionEvent",
    }


def test_the_step_finds_every_session_fault_and_authorization(planted: tuple[Path, Truth], fold) -> None:
    path, truth = planted
    log = Records()
    imported = import_file(path, log)
    assert (imported.frames, imported.refused) == (truth.frames, {})
    fold.assert_found(fold.folded(log.kept), truth)


def test_it_holds_what_an_analyst_should_find(planted: tuple[Path, Truth]) -> None:
    _, truth = planted
    stations = {station.station_id: station for station in truth.stations}
    updated = truth.begin + timedelta(days=7)
    clustered = [
        fault
        for fault in truth.faults
        if fault.code in ("HighTemperature", "PowerSwitchFailure") and fault.opened_at > updated
    ]
    assert {(stations[fault.station_id].model, stations[fault.station_id].firmware) for fault in clustered} == {
        ("FD-150", "3.2.0")
    }
    assert len(clustered) > len(truth.faults) / 2
    assert all(
        fault.opened_at > updated
        for fault in truth.faults
        if stations[fault.station_id].model == "FD-150" and fault.code == "HighTemperature"
    )

    open_sessions = [session for session in truth.sessions if session.ended_at is None]
    assert 3 < len(open_sessions) < len(truth.sessions) / 20
    used = Counter(session.token for session in truth.sessions)
    assert used.most_common(1)[0][1] > 40
    assert sum(1 for count in used.values() if count <= 3) > 20
    assert set(truth.authorizations_by_status()) == {"Accepted", "Blocked", "Expired", "Invalid", "unanswered"}


def test_site_types_differ_by_hour_weekday_and_energy(planted: tuple[Path, Truth]) -> None:
    _, truth = planted
    kinds = {station.station_id: station.site_kind for station in truth.stations}
    by_kind: dict[str, list] = {}
    for session in truth.sessions:
        by_kind.setdefault(kinds[session.station_id], []).append(session)

    def share(kind: str, test) -> float:
        return sum(map(test, by_kind[kind])) / len(by_kind[kind])

    assert share("workplace", lambda s: s.started_at.weekday() < 5) > 0.9
    assert share("workplace", lambda s: 6 <= s.started_at.hour < 10) > 0.5
    assert share("residential", lambda s: 15 <= s.started_at.hour < 23) > 0.7
    assert share("retail", lambda s: s.started_at.weekday() == 5) > share(
        "retail", lambda s: s.started_at.weekday() == 1
    )
    mean_wh = {kind: sum(s.energy_wh for s in found) / len(found) for kind, found in by_kind.items()}
    assert mean_wh["motorway"] > mean_wh["workplace"] > mean_wh["retail"]


def test_some_starts_are_sent_twice_with_new_ids(planted: tuple[Path, Truth]) -> None:
    path, _ = planted
    sent: Counter[str] = Counter()
    ids = set()
    for row in path.read_bytes().splitlines():
        line = json.loads(row)
        frame = json.loads(line["raw"])
        if isinstance(frame, list) and frame[0] == 2 and frame[2] == "StartTransaction":
            sent[line["chargePointId"] + json.dumps(frame[3])] += 1
            ids.add((line["chargePointId"], frame[1]))
    repeats = [count for count in sent.values() if count > 1]
    assert len(repeats) > 3
    assert len(ids) == sum(sent.values())

"""Landing from real brokers: everything once, in order, and never silently less."""

import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import polars as pl
import pytest
from kafka import KafkaAdminClient, TopicPartition

from models.dead_letters import DeadLetter
from models.facts import FaultEpisode, Session
from models.log import DEAD_LETTERS, FRAMES, OBJECTS
from models.reasons import Reason
from models.record import Kind, Meta
from models.tables.landed import LANDED
from pipelines.broker import embedded, topics
from pipelines.broker.errors import BrokerUnreachableError
from pipelines.home import Home, HomeBusyError
from pipelines.lake import batches, files, restore
from pipelines.lake.errors import (
    FactUnreadableError,
    LogReplacedError,
    OffsetGapError,
    OffsetRegressionError,
)
from pipelines.lake.land import land
from pipelines.lake.manifest import Manifest, known_sources

Rows = Callable[[Home, str], pl.DataFrame]
FILE = "9f86d081884c7d65"


def test_frames_and_connections_of_one_station_land_beside_each_other(home: Home, log, rows: Rows) -> None:
    log.record("CP-1", Meta(Kind.OPEN, None, "ocpp1.6", 1_000_000, "c1", 0, "live-aaaaaaaa-c1"), b'{"peer":"x"}')
    log.record(
        "CP-1", Meta(Kind.FRAME, "cp-to-csms", "ocpp1.6", 2_000_000, "c1", 1, "live-aaaaaaaa-c1"), b"[2]\xff\x00"
    )
    log.record("CP-1", Meta(Kind.CLOSE, None, None, None, None, 2, "live-aaaaaaaa-c1"), b"")
    log.flush()
    landed = land(home, log.address)
    assert landed.rows == {"raw_ocpp__frames": 1, "raw_ocpp__connections": 2}
    assert landed.sources["live-aaaaaaaa-c1"].landed == 3
    (frame,) = rows(home, "raw_ocpp__frames").to_dicts()
    assert frame == {
        "log_id": topics.topic_id(log.address, FRAMES),
        "generation": 1,
        "topic": FRAMES,
        "partition": log.partition("CP-1"),
        "offset": 1,
        "received_at": frame["received_at"],
        "station_id": "CP-1",
        "protocol": "ocpp1.6",
        "direction": "cp-to-csms",
        "connection": "c1",
        "source": "live-aaaaaaaa-c1",
        "ordinal": 1,
        "payload": b"[2]\xff\x00",
    }
    assert frame["received_at"].isoformat() == "1970-01-01T00:00:02+00:00"
    kinds = rows(home, "raw_ocpp__connections").select("offset", "kind", "received_at").rows()
    assert [(offset, kind) for offset, kind, _ in kinds] == [(0, "open"), (2, "close")]
    assert kinds[1][2] is None


def test_landing_again_writes_nothing(home: Home, log, snapshot: Callable[[Home], dict[str, str]]) -> None:
    for ordinal in range(500):
        log.frame(f"CP-{ordinal % 20}", ordinal)
    log.flush()
    assert land(home, log.address).rows == {"raw_ocpp__frames": 500}
    before = snapshot(home), home.manifest.read_bytes()
    again = land(home, log.address)
    assert (again.rows, again.files, again.bytes) == ({}, 0, 0)
    assert (snapshot(home), home.manifest.read_bytes()) == before


def test_a_landing_goes_on_where_the_last_one_ended_and_keeps_each_stations_order(home: Home, log, rows: Rows) -> None:
    for part in range(3):
        for ordinal in range(part * 100, part * 100 + 100):
            log.frame(f"CP-{ordinal % 7}", ordinal)
        log.flush()
        assert land(home, log.address).rows == {"raw_ocpp__frames": 100}
    landed = rows(home, "raw_ocpp__frames")
    assert sorted(landed["ordinal"]) == list(range(300))
    for (_, _), station in landed.group_by("station_id", "partition"):
        assert station.sort("offset")["ordinal"].is_sorted()


def test_the_last_batch_of_a_partition_is_not_left_behind(home: Home, log) -> None:
    """The embedded broker's own end offset stops inside the last batch."""
    for ordinal in range(1000):
        log.frame("CP-1", ordinal)
    log.flush()
    assert land(home, log.address).rows == {"raw_ocpp__frames": 1000}


def test_without_a_broker_there_is_nothing_new_and_every_table_can_be_read(home: Home, rows: Rows) -> None:
    landed = land(home, None)
    assert (landed.has_broker, landed.rows) == (False, {})
    for table, said in LANDED.items():
        found = rows(home, table)
        assert found.height == 0
        assert found.columns == said.schema.names


def test_a_broker_that_is_gone_is_named_and_nothing_is_changed(home: Home) -> None:
    with pytest.raises(BrokerUnreachableError, match=r"nothing listens at 127\.0\.0\.1:1;"):
        land(home, "127.0.0.1:1")
    assert not home.manifest.exists()


def test_the_restricted_tables_lie_in_a_private_folder_and_facts_do_not(home: Home, log) -> None:
    log.frame("CP-1", 0)
    log.flush()
    land(home, log.address)
    assert stat.S_IMODE(home.restricted.stat().st_mode) == 0o700
    for table in ("raw_ocpp__frames", "raw_ocpp__connections", "raw_ocpi__objects", "core__dead_letters", "states"):
        assert files.folder(home, table).parent == home.restricted
    assert home.restricted not in files.folder(home, "core__sessions").parents


def test_records_another_program_wrote_are_counted_and_never_landed(home: Home, log, rows: Rows) -> None:
    good = Meta(Kind.FRAME, None, None, None, None, 0, FILE).encode()
    hostile: list[tuple[bytes, list[tuple[str, bytes]]]] = [
        (b"CP-1", []),
        (b"CP-1", [("meta", b"frame")]),
        (b"CP-1", [("meta", b"\xff\xfe")]),
        (b"CP-1", [("meta", b"frame - - - - 18446744073709551616 x")]),
        (b"CP-1", [("meta", b"frame - - 99999999999999999999 - 1 x")]),
        (b"CP-1", [("meta", b"frame - - - - -1 x")]),
        (b"CP-1", [("meta", b"put - - - - 1 x")]),
        (b"\xff\xfe", [("meta", good)]),
        (b"\x00position", [("meta", good)]),
        (b"", [("meta", good)]),
    ]
    for key, headers in hostile:
        log.send(FRAMES, key, b"x", headers, partition=0)
    log.send(FRAMES, b"CP-1", b"y", [("trace", b"abc"), ("meta", good)], partition=0)
    log.flush()
    landed = land(home, log.address)
    assert landed.invalid[FRAMES] == len(hostile)
    assert rows(home, "raw_ocpp__frames").select("offset", "payload").rows() == [(len(hostile), b"y")]


def test_ocpi_objects_land_by_party_module_and_id(home: Home, log, rows: Rows) -> None:
    meta = Meta(Kind.PUT, None, "ocpi2.2.1", 5, None, 0, "live-aaaaaaaa-o")
    log.send(OBJECTS, b"NL-TNM/locations/LOC1/EVSE 1/2", b"{}", [("meta", meta.encode())], partition=2)
    log.send(OBJECTS, b"NL-TNM", b"{}", [("meta", meta.encode())], partition=2)
    log.flush()
    landed = land(home, log.address)
    assert (landed.rows, landed.invalid[OBJECTS]) == ({"raw_ocpi__objects": 1}, 1)
    (row,) = rows(home, "raw_ocpi__objects").to_dicts()
    assert (row["party"], row["module"], row["object_id"], row["method"]) == (
        "NL-TNM",
        "locations",
        "LOC1/EVSE 1/2",
        "put",
    )


def test_facts_land_with_every_version_and_their_types(home: Home, log, rows: Rows) -> None:
    for offset, energy in ((3, None), (9, 12_345)):
        log.fact(
            "CP-1",
            Session(version_generation=1, version_offset=offset, session_id="s1", station_id="CP-1", energy_wh=energy),
        )
    log.fact(
        "CP-1",
        FaultEpisode(version_generation=1, version_offset=4, fault_id="f1", station_id="CP-1", code="GroundFailure"),
    )
    log.flush()
    assert land(home, log.address).rows == {"core__sessions": 2, "core__fault_episodes": 1}
    assert rows(home, "core__sessions").select("session_id", "version_offset", "energy_wh").rows() == [
        ("s1", 3, None),
        ("s1", 9, 12_345),
    ]
    assert rows(home, "core__fault_episodes")["code"].to_list() == ["GroundFailure"]


@pytest.mark.parametrize("value", [b"", b"{}", b"not json", b'{"session_id":1}', b"\xff"])
def test_a_record_that_is_no_fact_stops_and_is_named(home: Home, embedded_log, value: bytes) -> None:
    fact = Session(version_generation=1, version_offset=1, session_id="s1", station_id="CP-1")
    embedded_log.send("charging.sessions", b"CP-1", msgspec.json.encode(fact), partition=3)
    embedded_log.send("charging.sessions", b"CP-1", value, partition=3)
    embedded_log.flush()
    with pytest.raises(FactUnreadableError, match=r"charging\.sessions partition 3 offset 1 "):
        land(home, embedded_log.address)
    assert files.paths(home, "core__sessions")[1:] == []


def test_dead_letters_land_once_however_often_they_are_sent(home: Home, log, rows: Rows) -> None:
    def say(source: str, ordinal: int, reason: Reason, topic: str | None) -> None:
        letter = DeadLetter(
            reason=reason,
            detail="why",
            station_id="CP-1",
            meta=Meta(Kind.FRAME, None, None, None, None, ordinal, source),
            payload=b"secret",
            topic=topic,
            log_id="x" if topic else None,
            partition=0 if topic else None,
            offset=ordinal if topic else None,
        )
        log.send(DEAD_LETTERS, b"CP-1", letter.payload, letter.headers(), partition=ordinal % 4)

    for _ in range(2):
        say(FILE, 7, Reason.UNREADABLE_LINE, None)
        say(FILE, 8, Reason.NOT_JSON, FRAMES)
        say("live-aaaaaaaa-c1", 3, Reason.NOT_JSON, FRAMES)
        log.flush()
        landed = land(home, log.address)
    assert landed.dead_letters == {}
    assert landed.sources[FILE].known == 1, "only the line that was never landed is a line of its own"
    assert sorted(rows(home, "core__dead_letters")["reason"]) == ["not_json", "not_json", "unreadable_line"]
    assert known_sources(home) == {FILE: 1}


def test_what_another_program_wrote_among_dead_letters_is_kept(home: Home, log, rows: Rows) -> None:
    log.send(DEAD_LETTERS, b"k", b"junk", [("reason", b"bogus - - - -")], partition=1)
    log.send(DEAD_LETTERS, b"k", b"junk", [], partition=1)
    meta = ("meta", Meta(Kind.FRAME, None, None, None, None, 1, "s").encode())
    log.send(DEAD_LETTERS, b"k", b"", [("reason", b"not_json t l 99999999999 1"), meta, ("detail", b"d")], partition=1)
    log.flush()
    assert land(home, log.address).dead_letters == {"invalid_meta": 3}
    assert sorted(rows(home, "core__dead_letters")["offset"]) == [0, 1, 2]


def test_a_file_sent_again_adds_no_row_and_is_counted_as_known(home: Home, log, rows: Rows) -> None:
    for _ in range(2):
        for ordinal in range(300):
            log.frame(f"CP-{ordinal % 5}", ordinal)
        log.flush()
        landed = land(home, log.address)
    assert landed.rows == {}
    assert (landed.sources[FILE].known, landed.sources[FILE].landed) == (300, 0)
    assert rows(home, "raw_ocpp__frames").height == 300
    assert known_sources(home) == {FILE: 300}
    log.frame("CP-1", 300)
    log.flush()
    assert land(home, log.address).rows == {"raw_ocpp__frames": 1}


def test_a_half_imported_file_is_completed_in_a_new_generation_with_other_partitions(
    home: Home, tmp_path: Path, open_log, rows: Rows
) -> None:
    for generation, (partitions, lines) in enumerate(((4, 150), (4, 200), (3, 250)), 1):
        broker = embedded.start(Home(tmp_path / f"broker-{generation}"))
        log = open_log(broker.address, partitions)
        for ordinal in range(lines):
            log.frame(f"CP-{ordinal % 11}", ordinal)
        log.flush()
        landed = land(home, broker.address)
        log.close()
        broker.stop()
        assert landed.sources[FILE].landed == (150 if generation == 1 else 50)
        assert landed.sources[FILE].total == lines
    landed_rows = rows(home, "raw_ocpp__frames")
    assert sorted(landed_rows["ordinal"]) == list(range(250))
    assert sorted(set(landed_rows["generation"])) == [1, 2, 3]
    assert land(home, None).rows == {}


def test_doubles_within_one_landing_are_one_row(home: Home, log, rows: Rows) -> None:
    for ordinal in (0, 1, 1, 0, 2):
        log.frame("CP-1", ordinal, source="live-aaaaaaaa-c9")
    log.flush()
    landed = land(home, log.address)
    assert (landed.sources["live-aaaaaaaa-c9"].landed, landed.sources["live-aaaaaaaa-c9"].known) == (3, 2)
    assert rows(home, "raw_ocpp__frames").sort("offset")["offset"].to_list() == [0, 1, 4]


def test_records_gone_before_they_were_landed_stop_the_landing_until_the_loss_is_accepted(
    home: Home, apache_broker: str, open_log, rows: Rows
) -> None:
    log = open_log(apache_broker, 1)
    for ordinal in range(100):
        log.frame("CP-1", ordinal)
    log.flush()
    _delete_before(apache_broker, FRAMES, 40)
    with pytest.raises(OffsetGapError, match=r"ocpp\.frames partition 0: offsets 0 to 39 .* --accept-loss"):
        land(home, apache_broker)
    assert rows(home, "raw_ocpp__frames").height == 0
    landed = land(home, apache_broker, accept_loss=True)
    assert (landed.rows, landed.lost) == ({"raw_ocpp__frames": 60}, {FRAMES: 40})
    assert land(home, apache_broker).rows == {}
    assert [record.offset for record in restore.raw_after(home, {}, stations=lambda _: True)] == list(range(40, 100))


def test_a_log_that_ends_before_what_was_landed_stops_the_landing(home: Home, embedded_log) -> None:
    embedded_log.frame("CP-1", 0)
    embedded_log.flush()
    land(home, embedded_log.address)
    manifest = Manifest(home)
    (line,) = manifest.ranges[FRAMES]
    manifest.append(msgspec.structs.replace(line, first_offset=1, last_offset=9, files=(), sources={}))
    with pytest.raises(OffsetRegressionError, match="ends at offset 1, but offsets up to 9"):
        land(home, embedded_log.address)


def test_a_topic_made_anew_while_it_is_landed_stops_the_landing(home: Home, apache_broker: str, open_log) -> None:
    log = open_log(apache_broker)
    stations = {log.partition(f"CP-{n}"): f"CP-{n}" for n in range(50)}
    assert len(stations) == 4
    for station in stations.values():
        log.frame(station, 0)
    log.flush()

    def make_anew(topic: str, done: int, total: int) -> None:
        if done == 1:
            client = KafkaAdminClient(bootstrap_servers=apache_broker)
            client.delete_topics([FRAMES])
            client.close()
            topics.ensure(apache_broker, 4)

    with pytest.raises((LogReplacedError, OffsetGapError, BrokerUnreachableError)):
        land(home, apache_broker, progress=make_anew)
    assert sum(line.last_offset + 1 for line in Manifest(home).ranges[FRAMES]) == 1
    assert land(home, apache_broker).rows == {}


def test_a_second_lander_is_told_which_process_holds_the_lake(home: Home) -> None:
    holder = (
        "import sys, time; from pathlib import Path; from pipelines.home import Home\n"
        "with Home(Path(sys.argv[1])).lock('lake'):\n    print('held', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", holder, str(home.root)], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(HomeBusyError, match=f"process {process.pid};"):
            land(home, None)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    assert land(home, None).rows == {}


def test_files_end_at_the_same_offsets_whenever_landing_runs(
    home: Home, tmp_path: Path, embedded_log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "FILE_ROWS", 100)
    for ordinal in range(350):
        embedded_log.frame("CP-1", ordinal)
    embedded_log.flush()
    land(home, embedded_log.address)
    other = Home(tmp_path / "other").create()
    land(other, embedded_log.address)
    ends = [line.last_offset for line in Manifest(home).ranges[FRAMES]]
    assert ends == [99, 199, 299, 349]
    assert [path.read_bytes() for path in files.paths(home, "raw_ocpp__frames")] == [
        path.read_bytes() for path in files.paths(other, "raw_ocpp__frames")
    ]


def test_states_are_landed_after_the_facts_they_have_said(home: Home, log) -> None:
    log.states(0, {"CP-1": b"one", "CP-2": b"two"}, (1, 10))
    log.states(0, {"CP-1": b"one again"}, (1, 20))
    log.states(1, {"CP-3": b"three"}, (1, 5))
    log.flush()
    assert land(home, log.address).states == 3
    found = restore.snapshot(home)
    assert found.states == {"CP-1": b"one again", "CP-2": b"two", "CP-3": b"three"}
    assert found.covered == {(1, 0): 20, (1, 1): 5}
    assert land(home, log.address).states == 0


def test_progress_reaches_the_number_of_records(home: Home, embedded_log) -> None:
    for ordinal in range(50):
        embedded_log.frame(f"CP-{ordinal}", ordinal)
    embedded_log.flush()
    seen: list[tuple[str, int, int]] = []
    land(home, embedded_log.address, progress=lambda *said: seen.append(said))
    assert seen[-1] == (FRAMES, 50, 50)


def _delete_before(address: str, topic: str, offset: int) -> None:
    client = KafkaAdminClient(bootstrap_servers=address)
    client.delete_records({TopicPartition(topic, 0): offset})
    client.close()

"""Logs that name neither direction nor version, handed over in parts only: the tables of the whole (ADR 0014).

And any cuts, overlaps and orders of a log with both: the tables of the whole, in which no watt-hour is lost or made.
"""

import csv
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import conserved
import msgspec
import pytest
from folded import put, records, shared
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from small_lake import KEY, Lake, rows

from ingest.imports.inference import Directions, Versions
from models.facts import Fact
from models.order.replay import replay
from models.record import Record
from models.state import StationState
from models.step import Context, drain, step

TABLES = (
    "calls",
    "answer_rates",
    "sessions",
    "status_timeline",
    "authorizations",
    "station_events",
    "anomalies",
    "periods",
)
METERED = ("measurements", "session_energy_candidates", "session_power", "energy_intervals", "register_gaps")
OTHERS = ("statuses", "fault_episodes", "transaction_events", "meter_fingerprints", "stations", "boots")
_PLACES = ("generation", "partition", "offset", "source", "ordinal")
Line = tuple[str, int, bytes]
"""Station, receipt in microseconds, frame."""


def imported(parts: Sequence[Sequence[Line]]) -> list[Record]:
    """Every part as a file of its own, as the importer sends it."""
    found: list[Record] = []
    for number, part in enumerate(parts):
        versions, directions = Versions(), Directions()
        for station, _, frame in part:
            versions.learn(station, frame, None)
        for ordinal, (station, us, frame) in enumerate(part):
            direction, protocol = directions.of(station, frame, None), versions.of(station, frame, None)
            place = f"part-{number}", ordinal, frame, 1, 0, len(found)
            found.append(Record(station, "frame", direction, protocol, us, *place))
    return found


def tables(lake: Lake, log: list[Record], names: Sequence[str] = TABLES) -> dict[str, list[str]]:
    """What a build says of a log, folded live and replayed where something came late; no watt-hour of it is lost."""
    by_station: dict[str, list[Record]] = {}
    for record in log:
        by_station.setdefault(record.station_id, []).append(record)
    facts: list[Fact] = []
    for station, lines in by_station.items():
        state, said = StationState(station_id=station), {}
        for record in lines:
            step(state, record, Context(KEY))
            said |= {fact.fact_id: fact for fact in drain(state)}
        if state.mark is not None:
            position = state.generation, state.offset
            state = replay(station, lines, Context(KEY), position=position, revision=1)
            said = {fact.fact_id: fact for fact in drain(state)}
        facts += said.values()
    put(lake, log, facts)
    opened = lake.build()
    assert conserved.unequal(opened) == []
    conserved.meters(opened)
    found = {}
    for name in names:
        columns = [row[0] for row in rows(opened, f"DESCRIBE core__{name}")]
        shown = ", ".join(f'"{column}"' for column in columns if not column.endswith(_PLACES))
        found[name] = sorted(map(str, rows(opened, f"SELECT {shown} FROM core__{name}")))
    return found


def solidstudio() -> list[Line]:
    def lines() -> Iterator[Line]:
        for text in shared("sim_solidstudio_vcp_16_201_21.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(text)
            if row.get("direction") not in ("open", "close"):
                yield row["chargePointId"], _us(row["timestamp"]), row["raw"].encode()

    return list(lines())


def csv_log() -> list[Line]:
    """The lines around a StartTransaction that the cut parts from its answer."""
    with shared("kwwhat_ocpp16_synthetic_14d.csv").open(encoding="utf-8", newline="") as file:
        found = [(row["id"], _us(row["timestamp"]), row["msg"].encode()) for row in csv.DictReader(file)]
    return found[9_000:9_700]


def _us(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1_000_000)


def compared(folder: Path, whole: list[Line], parts: Sequence[Sequence[Line]]) -> list[str]:
    found = []
    for name, files in (("whole", [whole]), ("parts", parts)):
        (folder / name).mkdir()
        lake = Lake(folder / name)
        found.append(tables(lake, imported(files)))
        lake.close()
    expected, cut = found
    return [name for name in expected if expected[name] != cut[name]]


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4, 5), (4, 1, 5, 0, 2, 3)])
def test_parts_without_direction_and_version_give_the_tables_of_the_whole(tmp_path: Path, order: tuple) -> None:
    whole = solidstudio()
    size = -(-len(whole) // len(order))
    parts = [whole[size * number : size * (number + 1)] for number in order]
    assert any(record.direction is None for record in imported(parts))
    assert compared(tmp_path, whole, parts) == []


def test_a_cut_between_a_call_and_its_answer_leaves_neither_alone(tmp_path: Path) -> None:
    whole = csv_log()
    cut = next(place for place, (_, _, frame) in enumerate(whole) if b"tx-f74dc7" in frame)
    assert b"StartTransaction" in whole[cut][2]
    assert compared(tmp_path, whole, [whole[: cut + 1], whole[cut + 1 :]]) == []


def line(seconds: int, *frame: object) -> Line:
    return "CP", 1_700_000_000_000_000 + seconds * 1_000_000, json.dumps(frame).encode()


def test_a_version_that_only_a_later_part_tells_holds_from_the_first_frame(tmp_path: Path) -> None:
    first = [line(0, 2, "a", "Reset", {"type": "Immediate"}), line(1, 3, "a", {"status": "Accepted"})]
    boot = {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}}
    then = [line(60, 2, "b", "BootNotification", boot), line(61, 3, "b", {"status": "Accepted"})]
    assert compared(tmp_path, [*first, *then], [first, then]) == []


@pytest.mark.parametrize("cut", range(1, 6))
def test_one_id_of_both_sides_is_told_apart_wherever_the_log_is_cut(tmp_path: Path, cut: int) -> None:
    payload = {"connectorId": 1, "idTag": "CARD", "meterStart": 5, "timestamp": "2023-11-14T22:13:20Z"}
    whole = [
        line(0, 2, "1", "StartTransaction", payload),
        line(1, 2, "1", "GetConfiguration", {}),
        line(2, 3, "1", {"configurationKey": []}),
        line(3, 3, "1", {"transactionId": 7, "idTagInfo": {"status": "Accepted"}}),
        line(4, 2, "1", "Heartbeat", {}),
        line(5, 3, "1", {"currentTime": "2023-11-14T22:13:25Z"}),
    ]
    assert compared(tmp_path, whole, [whole[:cut], whole[cut:]]) == []


@pytest.fixture(scope="module")
def whole_capture(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Record], dict[str, list[str]]]:
    """Four stations of the SAP capture, two of which meter on after their end, and what a build says of them."""
    wanted = {"CS-ABB-00002", "CS-BASIC-00001", "CS-KEBA-OCPP2-00001", "CS-KEBA-OCPP2-SIGNED-00001"}
    log = [r for r in records(shared("sim_sap_emobility_16_201.jsonl")) if r.station_id in wanted]
    lake = Lake(tmp_path_factory.mktemp("whole"))
    found = tables(lake, _filed([log]), (*TABLES, *METERED, *OTHERS))
    lake.close()
    return log, found


def _filed(parts: Sequence[Sequence[Record]]) -> list[Record]:
    """Every part as a file of its own, one after the other in one log."""
    found: list[Record] = []
    for number, part in enumerate(parts):
        for ordinal, record in enumerate(part):
            place = {"source": f"part-{number}", "ordinal": ordinal, "offset": len(found)}
            found.append(msgspec.structs.replace(record, **place))
    return found


# Building is slow: no example is made smaller, the cuts tell enough.
@settings(max_examples=5, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_cuts_overlaps_and_orders_give_the_tables_of_the_whole(
    tmp_path_factory: pytest.TempPathFactory, whole_capture: tuple[list[Record], dict], data: st.DataObject
) -> None:
    log, expected = whole_capture
    cuts = sorted({0, len(log), *data.draw(st.lists(st.integers(1, len(log) - 1), min_size=1, max_size=4))})
    overlap = st.integers(0, 200)
    parts = [log[max(0, one - data.draw(overlap)) : other + data.draw(overlap)] for one, other in pairwise(cuts)]
    lake = Lake(tmp_path_factory.mktemp("parts"))
    found = tables(lake, _filed(data.draw(st.permutations(parts))), tuple(expected))
    lake.close()
    assert [name for name in expected if found[name] != expected[name]] == []
    assert min(map(len, expected.values())) > 0

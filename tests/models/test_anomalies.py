"""Anomalies: words with a meaning, bounded rows with evidence, the same whatever the rhythm of draining."""

import re
from decimal import Decimal
from pathlib import Path

from captures import KEY, START_US, Folded, frame

from models import anomalies
from models.anomalies import MAX_A_DAY, Kind, Severity, say
from models.facts import Anomaly
from models.moment import Moment
from models.record import Record
from models.state import StationState, decode, encode
from models.step import drain

DAY_US = 86_400_000_000


def record(ordinal: int = 0, us: int | None = START_US) -> Record:
    return frame([2, f"m{ordinal}", "Heartbeat", {}], ordinal=ordinal, us=us)


def said(state: StationState, ordinal: int = 0, us: int | None = START_US, **more: object) -> None:
    moment = Moment(record(ordinal, us), us, "ocpp1.6", f"m{ordinal}", KEY)
    say(state, more.pop("kind", Kind.ORPHAN_STOP), moment, **more)  # type: ignore[arg-type]


def rows(state: StationState) -> list[Anomaly]:
    return [fact for fact in drain(state) if isinstance(fact, Anomaly)]


def test_every_word_says_what_it_means_in_a_sentence() -> None:
    for word, severity, meaning in anomalies.described():
        assert re.fullmatch(r"[a-z][a-z0-9_]+", word)
        assert Severity(severity)
        assert re.fullmatch(r"[A-Z].*\.", meaning)
        assert Kind(word).meaning == meaning


def test_an_anomaly_names_what_was_seen_and_the_frame_it_was_seen_in() -> None:
    state = StationState(station_id="CP")
    said(state, 7, connector_id=2, session_id="s", value=Decimal("1E+3"), expected=900, detail="Too high.")
    (row,) = rows(state)
    assert (row.anomaly, row.severity, row.station_id, row.connector_id) == ("orphan_stop", "warning", "CP", 2)
    assert (row.value, row.expected, row.detail, row.session_id) == ("1000", "900", "Too high.", "s")
    assert (row.evidence_generation, row.evidence_partition, row.evidence_offset) == (1, 0, 7)
    assert row.happened_at is not None
    assert row.happened_at.timestamp() * 1e6 == START_US


def test_the_meaning_stands_where_nothing_more_is_said() -> None:
    state = StationState(station_id="CP")
    said(state)
    assert rows(state)[0].detail == Kind.ORPHAN_STOP.meaning


def test_the_charger_s_clock_dates_an_anomaly_where_it_is_sound() -> None:
    state = StationState(station_id="CP")
    said(state, at_us=START_US - 5_000_000)
    happened = rows(state)[0].happened_at
    assert happened is not None
    assert happened.timestamp() * 1e6 == START_US - 5_000_000


def test_the_same_frame_gives_the_same_id_and_another_frame_another() -> None:
    state, again = StationState(station_id="CP"), StationState(station_id="CP")
    for which in (state, again):
        said(which, 1)
        said(which, 2)
    ids = [row.anomaly_id for row in rows(state)]
    assert len(set(ids)) == 2
    assert ids == [row.anomaly_id for row in rows(again)]


def test_one_frame_may_be_odd_in_several_values() -> None:
    state = StationState(station_id="CP")
    said(state, value=1)
    said(state, value=2)
    said(state, value=2)
    assert [row.value for row in rows(state)] == ["1", "2"]


def test_a_subject_said_again_by_another_frame_stays_one_row() -> None:
    state = StationState(station_id="CP")
    said(state, 1, subject="stop 7")
    said(state, 2, subject="stop 7")
    assert len(rows(state)) == 1


def test_a_station_says_only_so_many_of_a_kind_a_day_and_says_that_there_are_more() -> None:
    state = StationState(station_id="CP")
    for number in range(MAX_A_DAY + 100):
        said(state, number)
    said(state, 1_000, us=START_US + DAY_US)
    said(state, 1_001, us=START_US, kind=Kind.FLAPPING)
    found = [row.anomaly for row in rows(state)]
    assert found.count("orphan_stop") == MAX_A_DAY + 1
    assert (found.count("too_many"), found.count("flapping")) == (1, 1)


def test_times_of_receipt_that_run_back_open_no_day_again() -> None:
    state = StationState(station_id="CP")
    for number in range(4 * MAX_A_DAY):
        said(state, number, us=START_US - (number % 2) * DAY_US)
    assert sum(row.anomaly == "orphan_stop" for row in rows(state)) <= 2 * MAX_A_DAY


def test_a_log_without_times_is_bounded_too() -> None:
    state = StationState(station_id="CP")
    for number in range(2 * MAX_A_DAY):
        said(state, number, us=None)
    assert len(rows(state)) == MAX_A_DAY + 1


def test_no_rhythm_of_draining_or_encoding_changes_what_is_said() -> None:
    whole, cut = StationState(station_id="CP"), StationState(station_id="CP")
    pieces = []
    for number in range(MAX_A_DAY + 10):
        said(whole, number)
        said(cut, number)
        pieces += rows(cut)
        cut = decode(encode(cut))
    assert {row.anomaly_id for row in pieces} == {row.anomaly_id for row in rows(whole)}


def test_a_clean_log_says_none() -> None:
    assert Folded().fold([record(n) for n in range(5)]).of("anomalies") == []


def test_every_word_is_said_somewhere() -> None:
    models = Path(anomalies.__file__).parent
    texts = [path.read_text() for kind in ("*.py", "*.sql") for path in models.rglob(kind)]
    for kind in Kind:
        assert any(f"Kind.{kind.name}" in text or f"'{kind.value}'" in text for text in texts), kind


def test_every_word_is_looked_for_by_a_test() -> None:
    tests = Path(__file__).parents[1]
    texts = [path.read_text() for path in tests.rglob("test_*.py") if path.name != Path(__file__).name]
    missing = [kind.value for kind in Kind if not any(f'"{kind.value}"' in text for text in texts)]
    missing = [word for word in missing if not any(f"'{word}'" in text for text in texts)]
    assert missing == []

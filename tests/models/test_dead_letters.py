"""Dead letters: their headers, their ids, and what is not one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.dead_letters import DETAIL_HEADER, REASON_HEADER, DeadLetter
from models.reasons import Reason
from models.record import Meta, MetaError, Record

RECORD = Record("CP", "frame", "cp-to-csms", "ocpp1.6", 5, "s", 7, b"\xff[", 2, 3, 4)
LETTER = DeadLetter.of_record(RECORD, Reason.NOT_JSON, "Zu kurz für OCPP.", topic="ocpp.frames", log_id="l0")


def test_a_record_set_aside_keeps_its_bytes_and_says_where_it_stood() -> None:
    assert LETTER.payload == RECORD.payload
    assert LETTER.meta == Meta("frame", "cp-to-csms", "ocpp1.6", 5, None, 7, "s")
    assert LETTER.headers() == [
        ("meta", b"frame cp-to-csms ocpp1.6 5 - 7 s"),
        (REASON_HEADER, b"not_json ocpp.frames l0 3 4"),
        (DETAIL_HEADER, "Zu kurz für OCPP.".encode()),
    ]


PLACES = st.none() | st.integers(0, 2**62)
NAMES = st.none() | st.from_regex(r"[0-9A-Za-z._]{1,30}", fullmatch=True)


@given(
    reason=st.sampled_from(sorted(Reason)),
    detail=st.text(),
    station=st.none() | st.text(min_size=1),
    payload=st.binary(),
    names=st.tuples(NAMES, NAMES),
    places=st.tuples(PLACES, PLACES),
)
def test_a_letter_reads_back_from_its_topic_as_it_was_sent(
    reason: Reason,
    detail: str,
    station: str | None,
    payload: bytes,
    names: tuple[str | None, str | None],
    places: tuple[int | None, int | None],
) -> None:
    meta = Meta("frame", None, None, None, "c", 0, "s")
    letter = DeadLetter(
        reason=reason,
        detail=detail,
        station_id=station,
        meta=meta,
        payload=payload,
        topic=names[0],
        log_id=names[1],
        partition=places[0],
        offset=places[1],
    )

    key = None if station is None else station.encode()
    assert DeadLetter.decode(key, payload, dict(letter.headers())) == letter


def test_a_letter_without_key_and_value_names_no_station_and_holds_no_bytes() -> None:
    letter = DeadLetter.decode(None, None, dict(LETTER.headers()))

    assert (letter.station_id, letter.payload) == (None, b"")


def test_a_key_that_is_no_text_is_read_with_marks_in_its_place() -> None:
    assert DeadLetter.decode(b"CP\xff", b"", dict(LETTER.headers())).station_id == "CP\ufffd"


def test_a_line_refused_twice_for_one_reason_is_one_letter() -> None:
    again = Record(*[getattr(RECORD, name) for name in RECORD.__struct_fields__[:-1]], 99)
    elsewhere = DeadLetter.of_record(again, Reason.NOT_JSON, "Another sentence.", topic="t", log_id="l1")

    assert elsewhere.dead_letter_id == LETTER.dead_letter_id


@pytest.mark.parametrize(
    ("station", "ordinal", "source", "reason"),
    [
        ("CP2", 7, "s", Reason.NOT_JSON),
        ("CP", 8, "s", Reason.NOT_JSON),
        ("CP", 7, "s2", Reason.NOT_JSON),
        ("CP", 7, "s", Reason.NOT_OCPP),
    ],
)
def test_another_line_station_or_reason_is_another_letter(
    station: str, ordinal: int, source: str, reason: Reason
) -> None:
    record = Record(station, "frame", "cp-to-csms", "ocpp1.6", 5, source, ordinal, b"\xff[", 2, 3, 4)
    other = DeadLetter.of_record(record, reason, LETTER.detail, topic="ocpp.frames", log_id="l0")

    assert other.dead_letter_id != LETTER.dead_letter_id


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        ({}, KeyError),
        ({"meta": b"frame - - - - 0 s", REASON_HEADER: b"not_json t l 0 0"}, KeyError),
        ({REASON_HEADER: b"not_json t l 0"}, ValueError),
        ({REASON_HEADER: b"no_such_reason t l 0 0", DETAIL_HEADER: b""}, ValueError),
        ({REASON_HEADER: b"- t l 0 0", DETAIL_HEADER: b""}, ValueError),
        ({REASON_HEADER: "not_json grün l 0 0".encode(), DETAIL_HEADER: b""}, ValueError),
        ({"meta": b"frame", REASON_HEADER: b"not_json t l 0 0", DETAIL_HEADER: b""}, MetaError),
        ({"meta": b"frame - - - - 0 s", REASON_HEADER: b"not_json t l 0 x", DETAIL_HEADER: b""}, ValueError),
        ({"meta": b"frame - - - - 0 s", REASON_HEADER: b"not_json t l 0 0", DETAIL_HEADER: b"\xff"}, ValueError),
    ],
)
def test_what_another_program_wrote_is_a_typed_error(headers: dict[str, bytes], error: type[Exception]) -> None:
    with pytest.raises(error):
        DeadLetter.decode(b"CP", b"[]", headers)

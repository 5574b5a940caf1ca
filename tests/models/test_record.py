"""The `meta` header of a raw record: written and read back, and what is not one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.record import Direction, Kind, Meta, MetaError, Record

# A dash alone is how the header writes that nothing is known; other signs are escaped, one way.
WORDS = st.none() | st.from_regex(r"[0-9A-Za-z!#$&'()*+,./:;=?@\[\]~_-]{1,40}", fullmatch=True).filter("-".__ne__)
METAS = st.builds(
    Meta,
    kind=st.sampled_from(sorted(Kind)),
    direction=st.none() | st.sampled_from(sorted(Direction)),
    protocol=WORDS,
    received_at_us=st.none() | st.integers(-(2**62), 2**62),
    connection=WORDS,
    ordinal=st.integers(0, 2**62),
    source=st.from_regex(r"[0-9a-z][0-9a-z-]{0,40}", fullmatch=True),
)


@given(METAS)
def test_every_header_reads_back_as_what_was_written(meta: Meta) -> None:
    written = meta.encode()

    assert Meta.decode(written) == meta
    assert written.isascii()
    assert len(written.split(b" ")) == 7


@given(METAS, st.text(), st.binary())
def test_a_record_is_read_from_the_same_header_as_its_meta(meta: Meta, station: str, payload: bytes) -> None:
    read = Record.read(meta.encode(), station, payload, 2, 3, 4)

    assert read == Record(
        station,
        meta.kind,
        meta.direction,
        meta.protocol,
        meta.received_at_us,
        meta.source,
        meta.ordinal,
        payload,
        2,
        3,
        4,
    )


def test_what_is_unknown_is_a_dash() -> None:
    assert Meta("frame", None, None, None, None, 0, "s").encode() == b"frame - - - - 0 s"


@pytest.mark.parametrize("word", ["a b", "a\nb", "grün", "\x00", "100%"])
def test_a_word_that_would_break_the_header_is_escaped(word: str) -> None:
    written = Meta("frame", None, word, 1, word, 0, "s").encode()

    assert written.isascii()
    assert len(written.split()) == 7
    assert Meta.decode(written).ordinal == 0


NO_HEADERS = [
    b"",
    b"frame",
    b"frame - - - - 0",
    b"frame - - - - 0 s more",
    b"frame - - - -  0 s",
    b"frame - - soon - 0 s",
    b"frame - - - - first s",
    b"frame - - - - - s",
    "frame - - - - 0 grün".encode(),
]


@pytest.mark.parametrize("header", NO_HEADERS)
def test_a_header_that_is_not_seven_words_is_a_meta_error(header: bytes) -> None:
    with pytest.raises(MetaError, match="not seven ASCII words"):
        Meta.decode(header)
    with pytest.raises(MetaError, match="not seven ASCII words"):
        Record.read(header, "CP", b"[]", 1, 0, 0)


@given(st.binary())
def test_any_bytes_are_a_header_or_a_meta_error(header: bytes) -> None:
    try:
        meta = Meta.decode(header)
    except MetaError:
        with pytest.raises(MetaError):
            Record.read(header, "CP", b"[]", 1, 0, 0)
    else:
        assert Record.read(header, "CP", b"[]", 1, 0, 0).ordinal == meta.ordinal

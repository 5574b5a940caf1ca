"""Reading raw records by column: the same as reading each header by itself, whatever it holds."""

from itertools import pairwise

import polars as pl
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.log import FRAMES
from models.record import Kind, Meta, MetaError
from pipelines.lake import batches, raw
from pipelines.lake.consume import Chunk
from pipelines.lake.raw import Place

PLACE = Place(FRAMES, "log-1", 1, 0)
FIELDS = ("kind", "direction", "protocol", "received_at_us", "connection", "ordinal", "source")

word = st.text(st.characters(min_codepoint=0, max_codepoint=127), max_size=4) | st.sampled_from(["-", "frame", "open"])
number = st.integers(-(2**65), 2**65).map(str) | st.sampled_from(["-", "+5", "1_0", "\t7", "007", "9" * 18, "9" * 19])
kinds = st.sampled_from(["frame", "open", "close", "put", "-", ""])
header = (
    st.tuples(kinds, word, word, number, word, number, word).map(" ".join).map(str.encode)
    | st.binary(max_size=20)
    | st.builds(
        lambda ordinal, received: Meta(Kind.FRAME, "cp-to-csms", "ocpp1.6", received, "c1", ordinal, "a" * 16).encode(),
        st.integers(0, 2**62),
        st.none() | st.integers(-(2**40), 2**60),
    )
)
key = st.none() | st.binary(max_size=6) | st.text(min_size=1, max_size=6).map(str.encode)


def chunk_of(headers: list[bytes | None], keys: list[bytes | None] | None = None) -> Chunk:
    count = len(headers)
    return Chunk(
        list(range(count)),
        keys or [b"CP-1"] * count,
        [b"x"] * count,
        [[] if header is None else [("meta", header)] for header in headers],
    )


def expected(header: bytes | None, key: bytes | None) -> tuple[object, ...] | None:
    """What the worker folds of a record, said once more in plain words."""
    try:
        meta = Meta.decode(header or b"")
        station = (key or b"\x00").decode()
    except (MetaError, UnicodeDecodeError):
        return None
    fits = 0 <= meta.ordinal < 2**63 and abs(meta.received_at_us or 0) < 2**63
    if not fits or not station or station[0] == "\x00" or meta.kind not in ("frame", "open", "close"):
        return None
    return (station, *(getattr(meta, name) for name in FIELDS))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(header | st.none(), key), min_size=1, max_size=8))
@example([(b"frame - - 1 - 0 a", b"CP-1"), (b"frame - - 1 - 0 a ", b"CP-1")])
@example([(b"frame - - 1 - 0 a\n", b"CP-1")])
@example([(b"frame  - 1 - 0 a", b"CP\n1")])
@example([(b"frame - - 0 - -9223372036854775809 a", b"CP-1")])
def test_rows_are_what_each_record_says_by_itself(records: list[tuple[bytes | None, bytes | None]]) -> None:
    rows = raw.rows_of(chunk_of([meta for meta, _ in records], [key for _, key in records]), PLACE)
    wanted = {offset: row for offset, record in enumerate(records) if (row := expected(*record)) is not None}
    assert {row[0]: row[1:] for row in rows.select("offset", "station_id", *FIELDS).iter_rows()} == wanted


def test_a_chunk_read_by_column_equals_one_read_by_row() -> None:
    regular = [Meta(Kind.FRAME, "cp-to-csms", None, 5 * n, None, n, "a" * 16).encode() for n in range(100)]
    fast = raw.rows_of(chunk_of(regular), PLACE)
    slow = raw.rows_of(chunk_of([*regular, b"junk"]), PLACE)
    assert fast.equals(slow)
    assert fast.schema == slow.schema


def test_rows_are_sorted_by_station_and_then_by_offset() -> None:
    keys: list[bytes | None] = [b"B", b"A", b"B", b"A"]
    metas: list[bytes | None] = [Meta(Kind.FRAME, None, None, None, None, n, "a" * 16).encode() for n in range(4)]
    table = raw.tables_of(raw.rows_of(chunk_of(metas, keys), PLACE), PLACE)["raw_ocpp__frames"]
    assert pl.DataFrame(table).select("station_id", "offset").rows() == [("A", 1), ("A", 3), ("B", 0), ("B", 2)]


@settings(max_examples=200, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=60),
    cuts=st.sets(st.integers(1, 59)),
    start=st.integers(0, 30),
)
def test_where_files_end_does_not_depend_on_how_records_arrive(sizes: list[int], cuts: set[int], start: int) -> None:
    rows, most = 10, 100
    whole = Chunk(
        list(range(start, start + len(sizes))), [None] * len(sizes), [b"x" * size for size in sizes], [[]] * len(sizes)
    )
    edges = [0, *sorted(cut for cut in cuts if cut < len(sizes)), len(sizes)]
    chunks = [whole.part(first, last) for first, last in pairwise(edges)]
    original = batches.FILE_ROWS, batches.FILE_BYTES
    try:
        batches.FILE_ROWS, batches.FILE_BYTES = rows, most  # type: ignore[misc]
        once = list(batches.pieces([whole], start))
        parts = list(batches.pieces(chunks, start))
    finally:
        batches.FILE_ROWS, batches.FILE_BYTES = original  # type: ignore[misc]
    assert [offset for piece, _ in parts for offset in piece.offsets] == whole.offsets
    ends = [piece.offsets[-1] for piece, is_end in once if is_end]
    assert [piece.offsets[-1] for piece, is_end in parts if is_end] == ends
    for first, last in zip([start, *(end + 1 for end in ends)], ends, strict=False):
        assert first // rows == last // rows
        assert sum(sizes[first - start : last - start]) < most

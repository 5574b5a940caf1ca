"""Comparing what a replay says with what is landed: contents only, versions above, history kept."""

from typing import Annotated, Any

import polars as pl
import pytest

from models.facts import Fact, Station, doc
from pipelines.lake import facts as landed_facts
from pipelines.replay import compare
from pipelines.replay.compare import Counts
from pipelines.replay.fold import Version

OWN = {"CP-1": Version(2, 10, 1), "CP-2": Version(2, 10, 1)}


def said(*stations: tuple[str, str | None], version: tuple[int, int, int] = (2, 10, 1), **more: Any) -> pl.DataFrame:
    generation, offset, revision = version
    facts = [
        Station(
            version_generation=generation,
            version_offset=offset,
            version_revision=revision,
            station_id=station,
            vendor=vendor,
            **more,
        )
        for station, vendor in stations
    ]
    return landed_facts.frame_of(Station, facts)


def differing(fresh: pl.DataFrame, newest: pl.DataFrame) -> tuple[list[dict[str, Any]], Counts]:
    rows, counts = compare.differing(Station, fresh, newest, OWN)
    assert rows.schema == fresh.schema
    return rows.to_dicts(), counts


def test_versions_do_not_make_a_difference_and_null_is_a_value() -> None:
    landed = said(("CP-1", None), ("CP-2", "A"), version=(1, 3, 0))
    assert differing(said(("CP-1", None), ("CP-2", "A")), landed) == ([], Counts(same=2))
    rows, counts = differing(said(("CP-1", "A"), ("CP-2", None)), landed)
    assert counts == Counts(changed=2)
    assert [(row["station_id"], row["vendor"]) for row in rows] == [("CP-1", "A"), ("CP-2", None)]


@pytest.mark.parametrize(
    ("landed", "version"),
    [
        ((1, 99, 9), (2, 10, 1)),
        ((2, 9, 9), (2, 10, 1)),
        ((2, 10, 0), (2, 10, 1)),
        ((2, 10, 1), (2, 10, 2)),
        ((2, 10, 5), (2, 10, 6)),
        ((2, 11, 0), (2, 11, 1)),
        ((3, 0, 0), (3, 0, 1)),
    ],
)
def test_what_is_written_stands_above_what_is_landed(
    landed: tuple[int, int, int], version: tuple[int, int, int]
) -> None:
    changed, _ = differing(said(("CP-1", "B")), said(("CP-1", "A"), version=landed))
    gone, _ = differing(said(), said(("CP-1", "A"), version=landed))
    for (row,), deleted in ((changed, False), (gone, True)):
        assert (row["version_generation"], row["version_offset"], row["version_revision"]) == version
        assert row["deleted"] is deleted


def test_a_fact_taken_back_before_is_new_when_it_is_said_and_left_when_it_is_not() -> None:
    landed = said(("CP-1", "A"), deleted=True)
    assert differing(said(("CP-1", "A")), landed)[1] == Counts(new=1)
    assert differing(said(), landed) == ([], Counts())
    assert differing(said(("CP-1", "A"), deleted=True), said(("CP-1", "A")))[1] == Counts(retracted=1)


class Told(Fact, kw_only=True):
    """A kind that tells what was said when."""

    kind = "restatements"
    table = "core__restatements"
    comment = ""
    id_column = "restatement_id"

    restatement_id: Annotated[str, doc("Id.")]
    station_id: Annotated[str, doc("Station.")]


def told(*ids: str) -> pl.DataFrame:
    facts = [Told(version_generation=1, version_offset=1, restatement_id=one, station_id="CP-1") for one in ids]
    schema = {"version_generation": pl.Int64, "version_offset": pl.Int64, "version_revision": pl.Int64}
    schema |= {"deleted": pl.Boolean, "restatement_id": pl.String, "station_id": pl.String}
    return pl.DataFrame({name: [getattr(fact, name) for fact in facts] for name in schema}, schema=schema)


def test_history_is_added_to_and_never_taken_back() -> None:
    rows, counts = compare.differing(Told, told("b", "c"), told("a", "b"), OWN)
    assert counts == Counts(same=1, new=1)
    assert rows["restatement_id"].to_list() == ["c"]

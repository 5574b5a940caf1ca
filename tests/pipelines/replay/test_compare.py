"""Comparing what a replay says with what is landed: contents only, versions above, history kept."""

from typing import Annotated, Any

import polars as pl

from models.facts import Fact, Station, doc
from pipelines.lake import facts as landed_facts
from pipelines.replay import compare
from pipelines.replay.compare import Counts


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


def differing(fresh: pl.DataFrame, newest: pl.DataFrame) -> tuple[set[str], Counts]:
    return compare.differing(Station, fresh, newest)


def test_versions_do_not_make_a_difference_and_null_is_a_value() -> None:
    landed = said(("CP-1", None), ("CP-2", "A"), version=(1, 3, 0))
    assert differing(said(("CP-1", None), ("CP-2", "A")), landed) == (set(), Counts(same=2))
    assert differing(said(("CP-1", "A"), ("CP-2", None)), landed) == ({"CP-1", "CP-2"}, Counts(changed=2))


def test_a_fact_taken_back_before_is_new_when_it_is_said_and_left_when_it_is_not() -> None:
    landed = said(("CP-1", "A"), deleted=True)
    assert differing(said(("CP-1", "A")), landed) == ({"CP-1"}, Counts(new=1))
    assert differing(said(), landed) == (set(), Counts())
    assert differing(said(), said(("CP-1", "A"))) == ({"CP-1"}, Counts(retracted=1))


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
    assert compare.differing(Told, told("b", "c"), told("a", "b")) == ({"c"}, Counts(same=1, new=1))

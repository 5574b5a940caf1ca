"""The summary of `process` as people read it."""

from pipelines.cli.files import table
from pipelines.summary import FileCount, Summary, Totals


def summary(**run: object) -> Summary:
    file = FileCount("a.jsonl", "s", lines=12, frames=12, landed=12)
    totals = Totals(frames=12, facts={"sessions": 2}, sessions=2, **run)  # type: ignore[arg-type]
    return Summary((file,), totals, totals, "/home/current.duckdb", 1.25)


def test_energy_has_three_decimals_and_no_line_ends_in_blanks() -> None:
    lines = table(summary(energy_wh=1_062_400)).splitlines()
    assert next(line.split() for line in lines if line.startswith("energy")) == [
        "energy,", "kWh", "1,062.400", "1,062.400"
    ]  # fmt: skip
    assert [line for line in lines if line != line.rstrip()] == []
    assert lines[-1] == "Warehouse: /home/current.duckdb"


def test_what_was_set_aside_comes_with_the_query_that_says_why() -> None:
    assert "core__dead_letters" not in table(summary())
    said = table(summary(dead_letters={"unsupported_protocol": 6}))
    assert 'laddstrom sql "SELECT reason, source, ordinal, detail FROM core__dead_letters"' in said

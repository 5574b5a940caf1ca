"""The page against its own queries: what a reader sees is what the warehouse says."""

import re
from html import unescape
from pathlib import Path

import pytest
from planted import History

from pipelines.report import numbers, render
from pipelines.warehouse.read import connect_readonly


@pytest.fixture(scope="module")
def page(history: History) -> str:
    return render(history.home).read_text(encoding="utf-8")


def _figures(page: str) -> dict[str, tuple[str, str]]:
    found = re.findall(r'data-figure="([^"]+)" data-value="([^"]*)">([^<]*)<', page)
    return {name: (value, unescape(shown)) for name, value, shown in found}


def _queries(page: str) -> dict[str, str]:
    return {name: unescape(text) for name, text in re.findall(r'<pre id="sql-([^"]+)">(.*?)</pre>', page, re.DOTALL)}


def test_every_query_on_the_page_runs_as_shown(page: str, history: History) -> None:
    queries = _queries(page)
    assert len(queries) >= 14
    with connect_readonly(history.home) as connection:
        for name, text in queries.items():
            assert connection.sql(text).fetchall() or name in ("fault.open", "fault.unmapped"), name


def test_figures_equal_their_query(page: str, history: History) -> None:
    figures, queries = _figures(page), _queries(page)
    with connect_readonly(history.home) as connection:
        totals = connection.sql(queries["figure-energy.delivered"]).pl().row(0, named=True)
    assert int(figures["energy.delivered"][0]) == totals["energy_wh"]
    assert figures["energy.delivered"][1] == numbers.energy(totals["energy_wh"])[0]
    assert int(figures["session.count"][0]) == totals["sessions"]
    assert figures["session.count"][1] == numbers.number(totals["sessions"])
    assert int(figures["fault.rate"][0]) == totals["episodes"]
    assert figures["fault.rate"][1] == numbers.number(1000 * totals["episodes"] / totals["sessions"])
    assert int(figures["auth.accepted"][0]) == totals["attempts_accepted"]
    assert int(figures["sessions_open"][0]) == totals["sessions_open"]


def test_figures_equal_what_was_planted(page: str, history: History) -> None:
    figures = _figures(page)
    assert int(figures["energy.delivered"][0]) == history.truth.energy_wh
    assert int(figures["session.count"][0]) == len(history.truth.sessions)
    assert int(figures["fault.rate"][0]) == len(history.truth.faults)
    accepted = [asked for asked in history.truth.authorizations if asked.status == "Accepted"]
    assert int(figures["auth.accepted"][0]) == len(accepted)


def test_sums_are_equal_across_the_pages(page: str, history: History) -> None:
    queries = _queries(page)
    with connect_readonly(history.home) as connection:

        def total(name: str, column: str) -> int:
            return sum(row[column] or 0 for row in connection.sql(queries[name]).pl().iter_rows(named=True))

        energy = total("figure-energy.delivered", "energy_wh")
        assert total("energy.delivered", "energy_wh") == energy
        assert total("energy.by_station", "energy_wh") == energy
        assert total("energy.evidence", "energy_wh") == energy
        assert total("card.usage", "energy_wh") == energy
        episodes = total("figure-energy.delivered", "episodes")
        assert total("fault.episodes", "episodes") == episodes
        assert total("fault.change_point", "episodes") == episodes
        assert total("auth.answers", "attempts") == total("figure-energy.delivered", "attempts")


def test_tables_show_the_rows_of_their_query(page: str, history: History) -> None:
    table = re.search(r'id="t-stations".*?</table>', page, re.DOTALL)
    assert table is not None
    cells = [unescape(re.sub(r"<[^>]+>", "", cell)) for cell in re.findall(r"<td[^>]*>(.*?)</td>", table[0], re.DOTALL)]
    with connect_readonly(history.home) as connection:
        rows = connection.sql(_queries(page)["energy.by_station"]).pl()
    first = rows.row(0, named=True)
    assert cells[0] == first["station_id"]
    assert cells[2:4] == [numbers.number(first["sessions"]), numbers.kwh(first["energy_wh"])]
    assert numbers.kwh(int(rows["energy_wh"].sum())) in cells


def test_no_card_number_is_in_the_page(page: str, history: History) -> None:
    for token in {asked.token for asked in history.truth.authorizations}:
        assert token.lower() not in page.lower()


def test_the_page_needs_nothing_from_outside(page: str) -> None:
    assert re.findall(r'(?:src|href|url)\s*[=(]\s*["\']?(?!#|data:,)[^"\')\s>]+', page) == []
    assert "http://" not in page.replace("http://www.w3.org/2000/svg", "").replace("http://www.w3.org/1999/xlink", "")


def test_without_a_warehouse_it_says_what_to_run(tmp_path: Path) -> None:
    from pipelines.home import Home
    from pipelines.warehouse.read import NoWarehouseError

    with pytest.raises(NoWarehouseError, match="laddstrom"):
        render(Home(tmp_path).create())

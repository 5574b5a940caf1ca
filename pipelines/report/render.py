"""Renders the report page from the published warehouse and puts it in place at once."""

import datetime as dt
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from pipelines.home import Home
from pipelines.report import numbers, tables
from pipelines.report.coverage import Coverage
from pipelines.report.definitions import DEFINITIONS
from pipelines.report.pages import cards, energy, faults, overview
from pipelines.report.queries import Queries
from pipelines.warehouse.read import connect_readonly

PERIOD_DAYS = 14
CHECKS = "checks.json"
"""What the quality suites said of this build, written beside the page by whoever ran them."""


def render(home: Home, *, timezone: str = "UTC", days: int = PERIOD_DAYS) -> Path:
    """Write `report/index.html` over the last `days` days that have data; returns its path.

    Raises `NoWarehouseError` when nothing has been published yet, `OtherVersionError` when what is published was
    built by another version.
    """
    with connect_readonly(home) as connection:
        text = _page(home, connection, timezone, days)
    home.report.mkdir(parents=True, exist_ok=True)
    path = home.report / "index.html"
    draft = path.with_suffix(".tmp")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
    return path


def _page(home: Home, connection: duckdb.DuckDBPyConnection, timezone: str, days: int) -> str:
    to_day = Queries(connection, {"timezone": timezone}).run("period").row(0, named=True)["to_day"]
    environment = Environment(
        loader=PackageLoader("pipelines.report"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    shared: dict[str, Any] = {
        "numbers": numbers,
        "style": Markup(_template("style.css")),
        "script": Markup(_template("script.js")),
        "timezone": timezone,
        "built_at": dt.datetime.now(dt.UTC),
        "database": _identity(home),
        "definitions": DEFINITIONS,
        "checks": _checks(home),
        "aside": Queries(connection, {}).run("set_aside").row(0, named=True),
        "generation": Queries(connection, {}).run("generation").row(0, named=True)["generation"],
    }
    if to_day is None:
        return environment.get_template("empty.html.j2").render(**shared)
    period = [to_day - dt.timedelta(days=back) for back in reversed(range(days))]
    queries = Queries(
        connection,
        {
            "timezone": timezone,
            "from_day": period[0],
            "to_day": to_day,
            "before_day": period[0] - dt.timedelta(days=days),
            "days": days,
        },
    )
    totals = queries.run("totals").row(0, named=True)
    coverage = Coverage.of(period, queries.run("coverage").row(0, named=True))
    return environment.get_template("report.html.j2").render(
        pages=[
            overview.page(queries, totals, coverage),
            faults.page(queries, totals),
            energy.page(queries, totals),
            cards.page(queries, totals, period),
        ],
        totals=totals,
        coverage=coverage,
        from_day=period[0],
        to_day=to_day,
        days=days,
        queries=queries,
        **shared,
    )


def _template(name: str) -> str:
    return (Path(__file__).parent / "templates" / name).read_text(encoding="utf-8")


def _identity(home: Home) -> str:
    """The published file's name and the start of its sha256: which numbers these are."""
    resolved = home.current.resolve()
    digest = hashlib.sha256()
    with resolved.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return f"{os.fspath(resolved.name)} (sha256 {digest.hexdigest()[:12]})"


def _checks(home: Home) -> Markup:
    path = home.report / CHECKS
    if not path.exists():
        return Markup(
            "<p>The quality suites have not run on this home yet; Dagster's job <code>refresh</code> runs them.</p>"
        )
    results = json.loads(path.read_text(encoding="utf-8"))["results"]
    failed = [result for result in results if not result["success"]]
    shown = [
        {
            "table": result["table"],
            "check": result["expectation"],
            "severity": result["severity"],
            "count": numbers.number(result["unexpected_count"]),
            "sentence": result["sentence"],
        }
        for result in failed
    ]
    labels = {
        "table": "Table",
        "check": "Expectation",
        "severity": "Severity",
        "count": "Rows",
        "sentence": "What it says",
    }
    text = ("table", "check", "severity", "sentence")
    said = Markup("<p>{} of {} expectations hold.</p>").format(len(results) - len(failed), len(results))
    if not failed:
        return said
    return said + tables.html("t-checks", shown, labels, text=text, caption="Expectations that do not hold")

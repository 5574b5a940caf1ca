"""Overview: how are we doing, day by day, and when is the network loaded."""

from typing import Any

import polars as pl

from pipelines.report import charts, numbers, tables
from pipelines.report.block import Block, Figure, Page
from pipelines.report.queries import Queries


def page(queries: Queries, totals: dict[str, Any]) -> Page:
    """The first page; `totals` is the row of the query of that name."""
    days = queries.run("energy_by_day")
    energy, unit = numbers.energy(totals["energy_wh"])
    rate = numbers.per_1000(totals["episodes"], totals["sessions"])
    return Page(
        "overview",
        "Overview",
        headline=f"{energy}{numbers.NARROW}{unit} in {numbers.number(totals['sessions'])} sessions "
        f"at {numbers.number(totals['stations'])} stations",
        lead=_lead(totals, rate),
        figures=_figures(totals, days),
        blocks=[_energy(days), _load(queries)],
    )


def _lead(totals: dict[str, Any], rate: float | None) -> str:
    if not totals["episodes"]:
        return "No fault episode was reported in the period."
    if rate is None:
        return f"{numbers.number(totals['episodes'])} fault episodes were reported, and no session was seen."
    return (
        f"{numbers.number(totals['episodes'])} fault episodes, {numbers.number(rate)} per "
        f"1{numbers.NARROW}000 sessions; {numbers.number(totals['attempts_accepted'])} of "
        f"{numbers.number(totals['attempts'])} presented cards accepted."
    )


def _figures(totals: dict[str, Any], days: pl.DataFrame) -> list[Figure]:
    energy, unit = numbers.energy(totals["energy_wh"])
    rate = numbers.per_1000(totals["episodes"], totals["sessions"])
    before = numbers.per_1000(totals["episodes_before"], totals["sessions_before"])
    rates = [numbers.per_1000(row["episodes"], row["sessions"]) for row in days.iter_rows(named=True)]
    return [
        Figure(
            "energy.delivered",
            totals["energy_wh"],
            energy,
            unit,
            "Energy delivered",
            f"{numbers.number(totals['sessions_unknown'])} of {numbers.number(totals['sessions'])} sessions unknown",
            charts.sparkline(days["energy_wh"].to_list()),
            numbers.change(totals["energy_wh"], totals["energy_before_wh"]),
            "totals",
        ),
        Figure(
            "session.count",
            totals["sessions"],
            numbers.number(totals["sessions"]),
            "",
            "Sessions",
            f"{numbers.number(totals['sessions_open'])} of them still open",
            charts.sparkline(days["sessions"].to_list()),
            numbers.change(totals["sessions"], totals["sessions_before"]),
            "totals",
        ),
        Figure(
            "fault.rate",
            totals["episodes"],
            numbers.number(rate),
            "",
            f"Faults per 1{numbers.NARROW}000 sessions",
            f"{numbers.number(totals['episodes'])} episodes in {numbers.number(totals['sessions'])} sessions",
            charts.sparkline(rates, tone="loss"),
            numbers.change(rate, before),
            "totals",
        ),
        Figure(
            "auth.accepted",
            totals["attempts_accepted"],
            numbers.share(totals["attempts_accepted"], totals["attempts"]),
            "",
            "Cards accepted",
            f"{numbers.number(totals['attempts_accepted'])} of {numbers.number(totals['attempts'])} presentations, "
            f"{numbers.number(totals['cards'])} cards",
            charts.sparkline(days["attempts"].to_list()),
            "presentations per day",
            "totals",
        ),
    ]


def _energy(days: pl.DataFrame) -> Block:
    rows = list(days.iter_rows(named=True))
    best = max(rows, key=lambda row: row["energy_wh"], default=None)
    finding = f"Most on {numbers.day(best['day'])}: {numbers.kwh(best['energy_wh'])} kWh." if best else "No sessions."
    shown = [
        {"day": numbers.day(r["day"]), "sessions": numbers.number(r["sessions"]), "kwh": numbers.kwh(r["energy_wh"])}
        for r in rows
    ]
    return Block(
        "energy.delivered",
        "How much energy, day by day?",
        "Energy of sessions by the day they started · line: the same weekday one period before",
        charts.energy_by_day(days, finding),
        "energy_by_day",
        wide=False,
        table=tables.html(
            "t-energy-day",
            shown,
            {"day": "Day", "sessions": "Sessions", "kwh": "kWh"},
            text=("day",),
            caption="Energy by day",
        ),
    )


def _load(queries: Queries) -> Block:
    rows = queries.run("load_by_hour")
    names = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    best = max(rows.iter_rows(named=True), key=lambda row: row["mean_kw"], default=None)
    peak = "Nothing charged."
    if best and best["mean_kw"] > 0:
        hour = best["hour_of_day"]
        load = numbers.number(best["mean_kw"], 1)
        peak = f"Peak: {names[best['weekday'] - 1]} {hour:02d}\u2013{hour + 1:02d}, {load} kW"
    shown = [
        {"hour": f"{names[r['weekday'] - 1]} {r['hour_of_day']:02d}", "kw": numbers.number(r["mean_kw"], 2)}
        for r in rows.iter_rows(named=True)
    ]
    counted = int(rows["days"].min()) if len(rows) else 0  # type: ignore[arg-type]
    return Block(
        "load.mean_power",
        "When is the network loaded?",
        f"{peak} · mean power by hour of receipt and weekday, kW · n = {counted} of each weekday",
        charts.load_by_hour(rows, peak),
        "load_by_hour",
        note="from register travel per station and hour",
        wide=False,
        table=tables.html(
            "t-load", shown, {"hour": "Hour", "kw": "Mean kW"}, text=("hour",), caption="Mean power by weekday and hour"
        ),
    )

"""Overview: how are we doing, day by day, and when is the network loaded."""

from typing import Any

import polars as pl
from markupsafe import Markup

from pipelines.report import charts, numbers, tables
from pipelines.report.block import Block, Figure, Page
from pipelines.report.coverage import Coverage
from pipelines.report.queries import Queries


def page(queries: Queries, totals: dict[str, Any], coverage: Coverage) -> Page:
    """The first page; `totals` is the row of the query of that name."""
    days = queries.run("energy_by_day")
    energy, unit = numbers.energy(totals["energy_wh"])
    rate = numbers.per_1000(totals["episodes"], totals["sessions"])
    return Page(
        "overview",
        "Overview",
        headline=f"{energy}{numbers.NARROW}{unit} in {numbers.count(totals['sessions'], 'session')} "
        f"at {numbers.count(totals['stations'], 'station')}",
        lead=_lead(totals, rate),
        figures=_figures(totals, days, coverage),
        blocks=[_energy(days, coverage), _load(queries, totals)],
    )


def _lead(totals: dict[str, Any], rate: float | None) -> str:
    if not totals["episodes"]:
        return "No fault episode was reported in the period."
    if rate is None:
        return f"Reported: {numbers.count(totals['episodes'], 'fault episode')}. No session was seen."
    cards = (
        "no card was presented"
        if not totals["attempts"]
        else (
            f"{numbers.number(totals['attempts_accepted'])} of "
            f"{numbers.count(totals['attempts'], 'presentation')} of a card accepted"
        )
    )
    return (
        f"{numbers.count(totals['episodes'], 'fault episode')}, {numbers.number(rate)} per "
        f"1{numbers.NARROW}000 sessions; {cards}."
    )


def _figures(totals: dict[str, Any], days: pl.DataFrame, coverage: Coverage) -> list[Figure]:
    energy, unit = numbers.energy(totals["energy_wh"])
    rate = numbers.per_1000(totals["episodes"], totals["sessions"])
    before = numbers.per_1000(totals["episodes_before"], totals["sessions_before"])
    rates = [numbers.per_1000(row["episodes"], row["sessions"]) for row in days.iter_rows(named=True)]

    def daily(name: str) -> Markup:
        return charts.sparkline([coverage.known(row["day"], row[name]) for row in days.iter_rows(named=True)])

    return [
        Figure(
            "energy.delivered",
            totals["energy_wh"],
            energy,
            unit,
            "Energy delivered",
            f"unknown for {numbers.number(totals['sessions_unknown'])} of "
            f"{numbers.count(totals['sessions'], 'session')}",
            daily("energy_wh"),
            "per day",
            coverage.change(totals["energy_wh"], totals["energy_before_wh"]),
            "totals",
        ),
        Figure(
            "session.count",
            totals["sessions"],
            numbers.number(totals["sessions"]),
            "",
            "Sessions",
            f"{numbers.number(totals['sessions_open'])} of them still open",
            daily("sessions"),
            "per day",
            coverage.change(totals["sessions"], totals["sessions_before"]),
            "totals",
        ),
        Figure(
            "fault.rate",
            totals["episodes"],
            numbers.number(rate),
            "",
            f"Fault episodes per 1{numbers.NARROW}000 sessions",
            f"{numbers.count(totals['episodes'], 'episode')} in {numbers.count(totals['sessions'], 'session')}",
            charts.sparkline(rates, tone="loss"),
            "per day",
            coverage.change(rate, before),
            "totals",
        ),
        Figure(
            "auth.accepted",
            totals["attempts_accepted"],
            numbers.share(totals["attempts_accepted"], totals["attempts"]),
            "",
            "Cards accepted",
            f"{numbers.number(totals['attempts_accepted'])} of {numbers.count(totals['attempts'], 'presentation')}, "
            f"{numbers.count(totals['cards'], 'card')}",
            daily("attempts"),
            "presentations per day",
            query="totals",
        ),
    ]


def _energy(days: pl.DataFrame, coverage: Coverage) -> Block:
    if coverage.gap_before:
        days = days.with_columns(energy_before_wh=pl.lit(None, pl.Int64))
    rows = list(days.iter_rows(named=True))
    best = max(rows, key=lambda row: row["energy_wh"], default=None)
    finding = f"Most on {numbers.day(best['day'])}: {numbers.kwh(best['energy_wh'])} kWh." if best else "No sessions."
    shown = [
        {
            "day": numbers.day(r["day"]),
            "sessions": numbers.number(coverage.known(r["day"], r["sessions"])),
            "kwh": numbers.kwh(coverage.known(r["day"], r["energy_wh"])),
        }
        for r in rows
    ]
    line = "" if coverage.gap_before else " · line: the same weekday one period before"
    return Block(
        "energy.delivered",
        "How much energy, day by day?",
        f"{finding} Energy of sessions by the day they started{line}",
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


def _load(queries: Queries, totals: dict[str, Any]) -> Block:
    rows = queries.run("load_by_hour")
    known = rows.filter(pl.col("days") > 0)
    names = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    best = max(known.iter_rows(named=True), key=lambda row: row["mean_kw"], default=None)
    peak = "Nothing charged"
    if best and best["mean_kw"] > 0:
        hour = best["hour_of_day"]
        load = numbers.number(best["mean_kw"], 1)
        peak = f"Peak: {names[best['weekday'] - 1]} {hour:02d}\u2013{hour + 1:02d}, {load} kW"
    partner = totals["energy_partner_wh"]
    without = f" · without the {numbers.kwh(partner)} kWh that only a partner's word tells of" if partner else ""
    shown = [
        {
            "hour": f"{names[r['weekday'] - 1]} {r['hour_of_day']:02d}",
            "kw": numbers.number(r["mean_kw"], 2),
            "days": numbers.number(r["days"]),
        }
        for r in rows.iter_rows(named=True)
    ]
    return Block(
        "load.mean_power",
        "When is the network loaded?",
        f"{peak} · mean power by hour of receipt and weekday, kW · {_counted(rows)}",
        charts.load_by_hour(rows, peak) + charts.load_key(rows),
        "load_by_hour",
        note=f"from register travel per station and hour{without}",
        wide=False,
        table=tables.html(
            "t-load",
            shown,
            {"hour": "Hour", "kw": "Mean kW", "days": "Days"},
            text=("hour",),
            caption="Mean power by weekday and hour",
        ),
    )


def _counted(rows: pl.DataFrame) -> str:
    """Over how many days the means go."""
    covered = sorted({count for count in rows["days"] if count})
    if not covered:
        return "no frame says when it was received"
    many = f"{covered[0]} to {covered[-1]}" if len(covered) > 1 else str(covered[0])
    noun = "day" if covered == [1] else "days"
    blank = " · blank: not in the log" if len(rows.filter(pl.col("days") == 0)) else ""
    return f"each cell the mean of {many} {noun}{blank}"

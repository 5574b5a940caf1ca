"""Energy: how much at which station, and how sure we are."""

from typing import Any

from markupsafe import Markup

from pipelines.report import numbers, tables
from pipelines.report.block import Block, Page
from pipelines.report.queries import Queries

_SHOWN = 15
_ESTIMATES = ("interval", "power", "cdr", "ocpi_session")
_BASES = {
    "meter_stop": "Register at start and stop, as the charger reported them",
    "begin_end": "Registers sampled at the session's begin and end",
    "register": "Sampled registers within the session",
    "interval": "Estimate: sum of the energy of intervals",
    "power": "Estimate: power over time",
    "cdr": "Partner's word: charge detail record (OCPI)",
    "ocpi_session": "Partner's word: session (OCPI)",
    None: "Nothing known: left out of every sum",
}


def page(queries: Queries, totals: dict[str, Any]) -> Page:
    """The page of energy; `totals` is the row of the query of that name."""
    energy, unit = numbers.energy(totals["energy_wh"])
    evidence = queries.run("energy_evidence").to_dicts()
    return Page(
        "energy",
        "Energy",
        headline=f"{energy}{numbers.NARROW}{unit} delivered; {numbers.number(totals['sessions_unknown'])} of "
        f"{numbers.count(totals['sessions'], 'session')} without evidence",
        lead=_lead(evidence),
        blocks=[_stations(queries), _evidence(evidence)],
    )


def _lead(evidence: list[dict[str, Any]]) -> str:
    estimated = [row for row in evidence if row["energy_basis"] in _ESTIMATES]
    if not estimated:
        return "Energy is the difference of two registers; a session without evidence counts as unknown, not as 0."
    count = sum(row["sessions"] for row in estimated)
    kwh = numbers.kwh(sum(row["energy_wh"] or 0 for row in estimated))
    return (
        "Energy is the difference of two registers where a session has them; "
        f"{numbers.count(count, 'session')} with {kwh} kWh rest on an estimate or on a partner's word; "
        "one without evidence counts as unknown, not as 0."
    )


def _stations(queries: Queries) -> Block:
    rows = queries.run("energy_by_station").to_dicts()
    top = max((row["energy_wh"] or 0 for row in rows), default=0) or 1
    shown: list[dict[str, Any]] = [
        {
            "station": row["station_id"],
            "model": " ".join(part for part in (row["vendor"], row["model"]) if part),
            "sessions": numbers.number(row["sessions"]),
            "kwh": tables.bar((row["energy_wh"] or 0) / top, numbers.kwh(row["energy_wh"])),
            "unknown": numbers.number(row["sessions_unknown"]),
            "open": numbers.number(row["sessions_open"]),
        }
        for row in rows[:_SHOWN]
    ]
    rest = rows[_SHOWN:]
    if rest:
        shown.append({"station": numbers.count(len(rest), "other station"), **_sums(rest)})
    shown.append({"station": f"All {numbers.count(len(rows), 'station')}", "_total": True, **_sums(rows)})
    labels = {
        "station": "Station",
        "model": "Vendor and model",
        "sessions": "Sessions",
        "kwh": "kWh",
        "unknown": "Unknown",
        "open": "Open",
    }
    return Block(
        "energy.by_station",
        "How much energy at which station?",
        "Energy of sessions that started in the period, kWh · unknown: sessions without evidence · "
        "open: sessions counted so far",
        tables.html("t-stations", shown, labels, text=("station", "model", "kwh"), caption="Energy by station")
        if rows
        else Markup("<p>No session started in the period.</p>"),
        "energy_by_station",
    )


def _sums(rows: list[dict[str, Any]]) -> dict[str, str]:
    return {
        "sessions": numbers.number(sum(row["sessions"] for row in rows)),
        "kwh": tables.bar(None, numbers.kwh(sum(row["energy_wh"] or 0 for row in rows))),
        "unknown": numbers.number(sum(row["sessions_unknown"] for row in rows)),
        "open": numbers.number(sum(row["sessions_open"] for row in rows)),
    }


def _evidence(rows: list[dict[str, Any]]) -> Block:
    sessions = sum(row["sessions"] for row in rows)
    shown: list[dict[str, Any]] = [
        {
            "basis": _BASES.get(row["energy_basis"], row["energy_basis"]),
            "sessions": numbers.number(row["sessions"]),
            "share": numbers.share(row["sessions"], sessions),
            "kwh": numbers.kwh(row["energy_wh"]),
        }
        for row in rows
    ]
    total = sum(row["energy_wh"] or 0 for row in rows)
    shown.append(
        {
            "basis": "All sessions",
            "_total": True,
            "sessions": numbers.number(sessions),
            "share": numbers.share(sessions, sessions),
            "kwh": numbers.kwh(total),
        }
    )
    labels = {"basis": "Evidence", "sessions": "Sessions", "share": "Share", "kwh": "kWh"}
    return Block(
        "energy.evidence",
        "How sure are we?",
        "Sessions by the evidence their energy rests on, surest first",
        tables.html("t-evidence", shown, labels, text=("basis",), caption="Sessions by evidence")
        if rows
        else Markup("<p>No session started in the period.</p>"),
        "energy_evidence",
    )

"""Cards: what was answered, who charges how much, who is refused again and again. Pseudonyms only."""

import datetime as dt
from typing import Any

from markupsafe import Markup

from pipelines.report import charts, numbers, tables
from pipelines.report.block import Block, Page
from pipelines.report.queries import Queries

_SHOWN = 14
_SHORTEST = 8


def page(queries: Queries, totals: dict[str, Any], days: list[dt.date]) -> Page:
    """The page of cards; `totals` is the row of the query of that name, `days` the days of the period."""
    cards = queries.run("cards").to_dicts()
    refused = queries.run("cards_refused").to_dicts()
    names = _short([row["token_id"] for row in (*cards, *refused)])
    energy, unit = numbers.energy(sum(row["energy_wh"] or 0 for row in cards))
    accepted = (
        f"{numbers.share(totals['attempts_accepted'], totals['attempts'])} of presentations accepted"
        if totals["attempts"]
        else "none was presented for an answer"
    )
    return Page(
        "cards",
        "Cards",
        headline=f"{numbers.count(len(cards), 'card')} took {energy}{numbers.NARROW}{unit}; {accepted}",
        lead=f"Refused or not answered: {numbers.number(totals['attempts'] - totals['attempts_accepted'])} of "
        f"{numbers.count(totals['attempts'], 'presentation')}. Never accepted: {numbers.count(len(refused), 'card')}.",
        blocks=[
            _answers(queries),
            _refused(refused, names, bool(totals["attempts"])),
            _usage(cards, names, days, totals["sessions"]),
        ],
    )


def _short(tokens: list[str]) -> dict[str, str]:
    """Pseudonyms cut to as few characters as keep them distinct, four hex digits at least."""
    distinct = set(tokens)
    length = _SHORTEST
    while len({token[:length] for token in distinct}) < len(distinct):
        length += 1
    return {token: token[:length] + ("…" if len(token) > length else "") for token in distinct}


def _answers(queries: Queries) -> Block:
    rows = queries.run("answers").to_dicts()
    attempts = sum(row["attempts"] for row in rows)
    shown: list[dict[str, Any]] = [
        {
            "status": row["status"],
            "attempts": numbers.number(row["attempts"]),
            "share": numbers.share(row["attempts"], attempts),
            "cards": numbers.number(row["cards"]),
        }
        for row in rows
    ]
    shown.append({"status": "All", "_total": True, "attempts": numbers.number(attempts), "share": "", "cards": ""})
    labels = {"status": "Answer", "attempts": "Count", "share": "Share", "cards": "Cards"}
    return Block(
        "auth.answers",
        "What did we answer?",
        f"Answers to {numbers.count(attempts, 'Authorize request')} · a card may have had several",
        tables.html("t-answers", shown, labels, text=("status",), caption="Answers to Authorize")
        if rows
        else Markup("<p>No card was presented in the period.</p>"),
        "answers",
        wide=False,
    )


def _refused(rows: list[dict[str, Any]], names: dict[str, str], presented: bool) -> Block:
    shown = [
        {
            "card": names[row["token_id"]],
            "answer": row["answer"],
            "attempts": numbers.number(row["attempts"]),
            "stations": numbers.number(row["stations"]),
            "first": numbers.moment(row["first_at"]),
            "last": numbers.moment(row["last_at"]),
        }
        for row in rows[:_SHOWN]
    ]
    if len(rows) > _SHOWN:
        others = sum(row["attempts"] for row in rows[_SHOWN:])
        shown.append({"card": numbers.count(len(rows) - _SHOWN, "other card"), "attempts": numbers.number(others)})
    labels = {
        "card": "Card",
        "answer": "Answer",
        "attempts": "Tries",
        "stations": "Stations",
        "first": "First",
        "last": "Last",
    }
    return Block(
        "auth.refused_cards",
        "Which cards are refused again and again?",
        f"Cards never accepted in the period · {numbers.count(len(rows), 'card')}, "
        f"{numbers.count(sum(row['attempts'] for row in rows), 'presentation')}"
        + (" · answer: the most frequent one" if rows else ""),
        tables.html("t-refused", shown, labels, text=("card", "answer"), caption="Cards never accepted")
        if rows
        else Markup("<p>{}</p>").format(
            "Every card that was presented was accepted at least once."
            if presented
            else "No card was presented in the period."
        ),
        "cards_refused",
        wide=False,
    )


def _usage(rows: list[dict[str, Any]], names: dict[str, str], days: list[dt.date], sessions: int) -> Block:
    without = sessions - sum(row["sessions"] for row in rows)
    left_out = f" · {numbers.count(without, 'session')} without a card left out" if without else ""
    top = max((row["energy_wh"] or 0 for row in rows), default=0) or 1
    shown: list[dict[str, Any]] = [
        {
            "card": names[row["token_id"]],
            "sessions": numbers.number(row["sessions"]),
            "kwh": tables.bar((row["energy_wh"] or 0) / top, numbers.kwh(row["energy_wh"])),
            "unknown": numbers.number(row["sessions_unknown"]),
            "refused": numbers.number(row["refused"]),
            "first": numbers.day(row["first_day"]),
            "last": numbers.day(row["last_day"]),
            "trend": _trend([row], days),
        }
        for row in rows[:_SHOWN]
    ]
    rest = rows[_SHOWN:]
    if rest:
        shown.append({"card": numbers.count(len(rest), "other card"), **_sums(rest), "trend": _trend(rest, days)})
    shown.append(
        {"card": f"All {numbers.count(len(rows), 'card')}", "_total": True, **_sums(rows), "trend": _trend(rows, days)}
    )
    labels = {
        "card": "Card",
        "sessions": "Sessions",
        "kwh": "kWh",
        "unknown": "Sessions without kWh",
        "refused": "Refused",
        "first": "First session",
        "last": "Last session",
        "trend": "kWh per day",
    }
    return Block(
        "card.usage",
        "Who charges how much?",
        f"Cards by energy · names are pseudonyms: a keyed hash, its key under the home{left_out}",
        tables.html("t-cards", shown, labels, text=("card", "kwh"), caption="Usage by card")
        if rows
        else Markup("<p>No session with a card started in the period.</p>"),
        "cards",
    )


def _sums(rows: list[dict[str, Any]]) -> dict[str, str]:
    return {
        "sessions": numbers.number(sum(row["sessions"] for row in rows)),
        "kwh": tables.bar(None, numbers.kwh(sum(row["energy_wh"] or 0 for row in rows))),
        "unknown": numbers.number(sum(row["sessions_unknown"] for row in rows)),
        "refused": numbers.number(sum(row["refused"] for row in rows)),
    }


def _trend(rows: list[dict[str, Any]], days: list[dt.date]) -> Markup:
    by_day = dict.fromkeys(days, 0.0)
    for row in rows:
        for entry in row["days"]:
            by_day[entry["day"]] += entry["energy_wh"] or 0
    return charts.sparkline(list(by_day.values()), kind="bar")

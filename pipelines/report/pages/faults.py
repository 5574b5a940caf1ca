"""Faults: which codes on which firmware, what an update changed, how long until it works again."""

import re
from math import exp, log, sqrt
from typing import Any, NamedTuple

import polars as pl
from markupsafe import Markup

from pipelines.report import charts, numbers, tables
from pipelines.report.block import Block, Page
from pipelines.report.queries import Queries

_STEPS = (5, 15, 30, 60, 100)
_FEW = 5
_SENT = 4
_MOST = 10
_ALONE = "no earlier firmware"
_UNKNOWN = "unknown firmware"


def page(queries: Queries, totals: dict[str, Any]) -> Page:
    """The page of faults; `totals` is the row of the query of that name."""
    daily = queries.run("faults_by_firmware")
    verdicts = _verdicts(daily)
    return Page(
        "faults",
        "Faults",
        headline=_headline(verdicts),
        lead=f"{numbers.count(totals['episodes'], 'episode')} in the period; an episode runs from opened to cleared, "
        "however many messages it took.",
        blocks=[_firmware(daily, verdicts), _codes(queries), _repair(queries), _open(queries), _unmapped(queries)],
    )


class _Verdict(NamedTuple):
    """How a firmware stands to the earlier ones of its model; the ratio of the rates is null where none is said."""

    words: str
    ratio: float | None = None

    @property
    def is_worse(self) -> bool:
        return self.ratio is not None and self.ratio > 1


def _headline(verdicts: dict[str, _Verdict]) -> str:
    worse = sorted((v.ratio, name) for name, v in verdicts.items() if v.ratio is not None and v.is_worse)
    if worse:
        ratio, name = worse[-1]
        more = f" (and {numbers.count(len(worse) - 1, 'more firmware')})" if len(worse) > 1 else ""
        return f"{name}: {numbers.number(ratio, 1)} times the faults per session of earlier firmware{more}"
    said = {verdict.words for verdict in verdicts.values()}
    if said <= {_ALONE}:
        return "No firmware to compare with an earlier one" if said else "No sessions and no faults"
    if all(words == _ALONE or words.startswith("too few") for words in said):
        return "Too few faults to compare firmwares"
    return "No firmware is worse than the earlier ones beyond chance"


def _name(row: dict[str, Any]) -> str:
    return f"{row['model']} {row['firmware']}"


def _release(firmware: str) -> list[tuple[int, int, str]]:
    """A firmware's place among releases: its numbers count as numbers, so 9.1 is before 10.0."""
    parts = re.findall(r"[0-9]{1,18}|[^0-9]+", firmware)
    return [(0, int(part), "") if part[0] in "0123456789" else (1, 0, part) for part in parts]


def _verdicts(daily: pl.DataFrame) -> dict[str, _Verdict]:
    """Each firmware against the earlier ones of its model: words only where the 95 % interval excludes 1."""
    sums = daily.group_by("model", "firmware").agg(pl.col("sessions").sum(), pl.col("episodes").sum())
    verdicts = {}
    rows = list(sums.sort("model", "firmware").iter_rows(named=True))
    for row in rows:
        earlier = [
            other
            for other in rows
            if other["model"] == row["model"]
            and _UNKNOWN not in (row["firmware"], other["firmware"])
            and _release(other["firmware"]) < _release(row["firmware"])
        ]
        before = (sum(other["episodes"] for other in earlier), sum(other["sessions"] for other in earlier))
        verdicts[_name(row)] = _compared(row["episodes"], row["sessions"], *before) if earlier else _Verdict(_ALONE)
    return verdicts


def _compared(episodes: int, sessions: int, episodes_before: int, sessions_before: int) -> _Verdict:
    if min(episodes, episodes_before) < _FEW or not sessions or not sessions_before:
        return _Verdict(f"too few to say ({numbers.count(episodes_before, 'episode')} before, {episodes} now)")
    ratio = (episodes / sessions) / (episodes_before / sessions_before)
    spread = 1.96 * sqrt(1 / episodes + 1 / episodes_before)
    low, high = exp(log(ratio) - spread), exp(log(ratio) + spread)
    if low <= 1 <= high:
        return _Verdict("no clear change against earlier firmware")
    word = "worse" if ratio > 1 else "better"
    span = f"{numbers.number(low, 1)}\u2013{numbers.number(high, 1)}"
    return _Verdict(f"{word} than earlier firmware: \u00d7{numbers.number(ratio, 1)} ({span})", ratio)


def _firmware(daily: pl.DataFrame, verdicts: dict[str, _Verdict]) -> Block:
    rates = daily.filter(pl.col("sessions") > 0).select(1000 * pl.col("episodes") / pl.col("sessions")).to_series()
    top = float(rates.quantile(0.95) or 0) if len(rates) else 0.0
    top = max(100.0, round(top / 100 + 0.5) * 100)
    panels, shown = [], []
    for (model, firmware), rows in daily.partition_by("model", "firmware", as_dict=True).items():
        name = f"{model} {firmware}"
        sessions, episodes = int(rows["sessions"].sum()), int(rows["episodes"].sum())
        rate = numbers.number(numbers.per_1000(episodes, sessions))
        verdict = verdicts[name]
        finding = f"{name}: {rate} per 1{numbers.NARROW}000 sessions, {verdict.words}"
        panels.append(
            Markup(
                '<figure class="panel"><figcaption><b>{}</b> {}, {}</figcaption>{}<p class="{}">{}</p></figure>'
            ).format(
                name,
                numbers.count(episodes, "episode"),
                numbers.count(sessions, "session"),
                charts.faults_by_firmware(rows, top, finding),
                "worse" if verdict.is_worse else "note",
                verdict.words,
            )
        )
        shown.append(
            {
                "name": name,
                "sessions": numbers.number(sessions),
                "episodes": numbers.number(episodes),
                "rate": rate,
                "trend": charts.sparkline(rows["episodes"].to_list(), tone="loss", kind="bar"),
                "verdict": verdict.words,
            }
        )
    labels = {
        "name": "Model and firmware",
        "sessions": "Sessions",
        "episodes": "Episodes",
        "rate": f"Per 1{numbers.NARROW}000 sessions",
        "trend": "Episodes per day",
        "verdict": "Against earlier firmware (times, 95 % interval)",
    }
    body = Markup('<div class="panels">{}</div>').format(Markup("").join(panels))
    return Block(
        "fault.change_point",
        "Did a firmware update change anything?",
        f"Fault episodes per 1{numbers.NARROW}000 sessions, a dot per day with sessions, one panel per model and "
        "firmware, same scale · dot area: sessions that day · triangle: beyond the scale",
        body if panels else Markup("<p>No sessions and no faults in the period.</p>"),
        "faults_by_firmware",
        note=f"rate ratio of Poisson counts, shown only with {_FEW} or more episodes on each side",
        table=tables.html(
            "t-firmware", shown, labels, text=("name", "verdict"), caption="Faults by model and firmware"
        ),
    )


def _codes(queries: Queries) -> Block:
    rows = queries.run("faults_by_code")
    firmwares = rows.select("model", "firmware", "sessions").unique().sort("model", "firmware")
    columns = {f"f{i}": row for i, row in enumerate(firmwares.iter_rows(named=True))}
    by_code: dict[str, dict[str, Any]] = {}
    for row in rows.iter_rows(named=True):
        key = next(k for k, f in columns.items() if (f["model"], f["firmware"]) == (row["model"], row["firmware"]))
        code = row["canonical_code"]
        entry = by_code.setdefault(code, {"code": code, "all": 0, "sent": set()})
        entry["sent"].update((row["raw_codes"] or "").split(", "))
        entry[key] = _shaded(row["episodes"], numbers.per_1000(row["episodes"], row["sessions"]))
        entry["all"] += row["episodes"]
    ranked = sorted(by_code.values(), key=lambda entry: (-entry["all"], entry["code"]))
    total: dict[str, Any] = {
        "code": "All codes",
        "sent": "",
        "_total": True,
        "all": numbers.number(int(rows["episodes"].sum())),
    }
    for key, firmware in columns.items():
        mine = rows.filter((pl.col("model") == firmware["model"]) & (pl.col("firmware") == firmware["firmware"]))
        total[key] = numbers.number(int(mine["episodes"].sum()))
    for entry in ranked:
        entry["all"] = numbers.number(entry["all"])
        entry["sent"] = _sent(entry["sent"])
    labels = {
        "code": "Code",
        "sent": "As sent",
        **{k: f"{f['model']} {f['firmware']}" for k, f in columns.items()},
        "all": "All",
    }
    body = tables.html(
        "t-codes", [*ranked, total], labels, text=("code", "sent"), caption="Fault episodes by code and firmware"
    )
    return Block(
        "fault.episodes",
        "Which codes on which firmware?",
        "One line per fault, however it was sent · number: episodes · "
        f"shade: per 1{numbers.NARROW}000 sessions of that firmware, steps at 5, 15, 30, 60 and 100",
        body if ranked else Markup("<p>No fault was reported in the period.</p>"),
        "faults_by_code",
    )


def _sent(codes: set[str]) -> str:
    """The codes that stations sent for one fault, a few of them."""
    named = sorted(code for code in codes if code)
    more = f" and {len(named) - _SENT} more" if len(named) > _SENT else ""
    return ", ".join(named[:_SENT]) + more


def _shaded(episodes: int, rate: float | None) -> Markup:
    step = 0 if rate is None else sum(rate >= limit for limit in _STEPS)
    return Markup('<span class="heat h{}">{}</span>').format(step, numbers.number(episodes))


def _repair(queries: Queries) -> Block:
    row = queries.run("repair").row(0, named=True)
    of = numbers.number(row["closed"])
    still_open = row["episodes"] - row["closed"]
    shown = [
        {"measure": "Median", "value": numbers.duration(row["median_s"]), "of": of},
        {"measure": "Mean (MTTR, mean time to repair)", "value": numbers.duration(row["mean_s"]), "of": of},
    ]
    return Block(
        "fault.mttr",
        "How long until it works again?",
        "From opened to cleared, over the episodes that were cleared"
        + (f" · {numbers.number(still_open)} still open left out" if still_open else ""),
        tables.html(
            "t-repair",
            shown,
            {"measure": "Time to clear", "value": "Time", "of": "Episodes"},
            text=("measure",),
            caption="Time to clear",
        )
        if row["closed"]
        else Markup("<p>No episode of the period was cleared.</p>"),
        "repair",
    )


def _open(queries: Queries) -> Block:
    rows = queries.run("faults_open")
    shown = [
        {
            "port": r["station_id"] + (f" connector {r['connector_id']}" if r["connector_id"] is not None else ""),
            "code": r["canonical_code"],
            "sent": r["raw_code"],
            "since": numbers.dated(r["opened_at"]),
            "age": numbers.duration(r["open_s"]),
            "heard": numbers.dated(r["heard_at"]),
        }
        for r in rows.iter_rows(named=True)
    ]
    labels = {"port": "Port", "code": "Code", "sent": "As sent", "since": "Since", "age": "For", "heard": "Last heard"}
    body = tables.html("t-open", shown, labels, text=("port", "code", "sent"), caption="Open faults")
    return Block(
        "fault.open",
        "What is broken now?",
        "Open at the end of the station's own log, oldest first · last heard: the newest frame of that station",
        body if shown else Markup("<p>Nothing is open.</p>"),
        "faults_open",
    )


def _unmapped(queries: Queries) -> Block:
    rows = queries.run("faults_unmapped")
    shown = [
        {
            "code": r["unmapped_code"],
            "counted": r["canonical_codes"],
            "make": f"{r['vendor']} {r['model']}",
            "episodes": numbers.number(r["episodes"]),
            "open": numbers.number(r["episodes_open"]),
            "stations": numbers.number(r["stations"]),
            "time": numbers.duration(r["open_s"]),
        }
        for r in rows.head(_MOST).iter_rows(named=True)
    ]
    labels = {
        "code": "As sent",
        "counted": "Counted as",
        "make": "Vendor and model",
        "episodes": "Episodes",
        "open": "Still open",
        "stations": "Stations",
        "time": "Time open",
    }
    body = tables.html(
        "t-unmapped", shown, labels, text=("code", "counted", "make"), caption="Codes that nobody has mapped"
    )
    some = f", the first {_MOST} of {numbers.number(len(rows))} rows" if len(rows) > _MOST else ""
    measure = (
        f"{numbers.count(int(rows['episodes'].sum()), 'episode')} of the period named a code that the crosswalk lacks "
        f"· counted as: by the rest of the report · longest open first{some}"
    )
    return Block(
        "fault.unmapped",
        "Which codes does nobody know?",
        measure if shown else "Codes that stations sent and the crosswalk lacks",
        body if shown else Markup("<p>Every code of the period is in the crosswalk (core__fault_codes).</p>"),
        "faults_unmapped",
        note="to map one: a row in models/crosswalk, then laddstrom replay and build · all of them: "
        "core__unmapped_codes",
    )

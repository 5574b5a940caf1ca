"""The report's tables: rows to HTML through great_tables, styled by the page's own CSS.

Text from chargers and partners is escaped here; only cells made by `bar` and the sparklines are markup.
"""

import re
from collections.abc import Sequence
from typing import Any

import polars as pl
from great_tables import GT
from markupsafe import Markup, escape

_STYLE = re.compile(r"<table class=\"gt_table\".*?</table>", re.DOTALL)


def html(
    table_id: str,
    rows: Sequence[dict[str, Any]],
    labels: dict[str, str],
    *,
    text: Sequence[str] = (),
    caption: str,
) -> Markup:
    """A table whose columns are `labels`, in that order; columns in `text` align left, the others right.

    A row with the key `_total` is a total row: drawn with a line above, recomputed by its caller from base rows.
    """
    columns = list(labels)
    cells = [{name: _cell(row.get(name)) for name in columns} for row in rows]
    frame = pl.DataFrame(cells, schema=dict.fromkeys(columns, pl.String))
    table = (
        GT(frame, id=table_id)
        .cols_label(**labels)
        .cols_align("right", columns=[name for name in columns if name not in text])
        .cols_align("left", columns=[name for name in columns if name in text])
        .fmt(lambda value: value, columns=columns)
    )
    found = _STYLE.search(table.as_raw_html())
    if found is None:  # pragma: no cover - a great_tables release changed its markup
        raise RuntimeError("great_tables no longer makes a <table class='gt_table'>: adapt pipelines.report.tables")
    markup = (
        found[0]
        .replace('<table class="gt_table"', f'<table class="rows" id="{escape(table_id)}"', 1)
        .replace("<thead>", f"<caption>{escape(caption)}</caption><thead>", 1)
    )
    totals = [index for index, row in enumerate(rows) if row.get("_total")]
    return Markup(_mark_totals(markup, totals))


def bar(share: float | None, shown: str, tone: str = "ok") -> Markup:
    """A cell with a bar from 0 and its number; no bar where there is nothing to compare, as in totals."""
    width = 0.0 if share is None else max(0.0, min(share, 1.0)) * 100
    return Markup('<span class="bar"><i style="width:{:.1f}%" class="{}"></i><b>{}</b></span>').format(
        width, tone, shown
    )


def _cell(value: Any) -> str:
    return "" if value is None else str(escape(value))


def _mark_totals(markup: str, totals: list[int]) -> str:
    if not totals:
        return markup
    head, body = markup.split("<tbody", 1)
    parts = body.split("<tr>")
    marked = parts[0] + "".join(
        ("<tr class='total'>" if index - 1 in totals else "<tr>") + part for index, part in enumerate(parts) if index
    )
    return f"{head}<tbody{marked}"

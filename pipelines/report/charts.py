"""The report's charts: Altair specifications rendered to inline SVG at build time, coloured by CSS tokens.

Not here: figures. A chart draws the rows it is given.
"""

import re

import altair as alt
import polars as pl
import vl_convert as vlc
from markupsafe import Markup, escape

from pipelines.report import numbers

OK, LOSS, CTX, INK, INK2, INK3, RULE, RULE2 = (
    "#0b6aa8",
    "#b8480a",
    "#84898f",
    "#16191d",
    "#4a4f56",
    "#666b72",
    "#d9d9d3",
    "#8a8d91",
)
HEAT = ("#e9eff4", "#c3d9e9", "#8dbbdb", "#4a93c4", "#0b6aa9", "#073f66")
"""None of them is another token's colour: each is replaced by its own."""
_TOKENS = {
    OK: "ok",
    LOSS: "loss",
    CTX: "ctx",
    INK: "ink",
    INK2: "ink2",
    INK3: "ink3",
    RULE: "rule",
    RULE2: "rule2",
    **{colour: f"h{step}" for step, colour in enumerate(HEAT)},
}
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def svg(chart: alt.TopLevelMixin, label: str) -> Markup:
    """Render a chart; its colours become the page's tokens, so both themes and print can set them."""
    styled = (
        chart.configure_view(stroke=None)
        .configure(background="transparent", font="system-ui")
        .configure_axis(
            gridColor=RULE,
            domainColor=RULE2,
            tickColor=RULE2,
            labelColor=INK2,
            titleColor=INK3,
            labelFontSize=12,
            titleFontSize=12,
            titleFontWeight="normal",
        )
    )
    text = vlc.vegalite_to_svg(styled.to_json())
    for colour, token in _TOKENS.items():
        text = re.sub(rf'"{colour}"', f'"var(--{token})"', text, flags=re.IGNORECASE)
    text = re.sub(
        r'<svg [^>]*?width="(\d+(?:\.\d+)?)" height="(\d+(?:\.\d+)?)" viewBox="([^"]+)"', _scaled, text, count=1
    )
    # the marks' own roles repeat every value to a screen reader; the label says the finding, the table the values
    text = re.sub(r' (role|aria-roledescription|aria-label)="[^"]*"', "", text)
    return Markup(text.replace("<svg ", f'<svg role="img" aria-label="{escape(label)}" ', 1))


def _scaled(match: re.Match[str]) -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" style="max-width:{match[1]}px" viewBox="{match[3]}"'


_DAY = "utcParse(datum.label, '%Y-%m-%d')"
_DAY_LABEL = f"[slice(utcFormat({_DAY}, '%a'), 0, 1), utcday({_DAY}) == 1 ? utcFormat({_DAY}, '%-d %b') : '']"
"""A weekday's letter under each day, the date under Mondays."""


def energy_by_day(rows: pl.DataFrame, label: str) -> Markup:
    """Bars from 0 in MWh or kWh, a tick where the same weekday stood one period before."""
    unit, scale = ("MWh", 1e6) if (rows["energy_wh"].max() or 0) >= 1_000_000 else ("kWh", 1e3)  # type: ignore[operator]
    drawn = rows.with_columns(
        label=pl.col("day").cast(pl.String),
        now=pl.col("energy_wh") / scale,
        before=pl.col("energy_before_wh") / scale,
    ).select("label", "now", "before")
    axis = alt.Axis(labelExpr=_DAY_LABEL, labelAngle=0, labelPadding=6, title=None, ticks=False)
    base = alt.Chart(drawn).encode(x=alt.X("label:O", sort=None, axis=axis))
    bars = base.mark_bar(color=OK).encode(y=alt.Y("now:Q", title=unit))
    ticks = base.mark_tick(color=INK, thickness=2, width=30).encode(y="before:Q")
    return svg((bars + ticks).properties(width=440, height=180), label)


def load_by_hour(rows: pl.DataFrame, label: str) -> Markup:
    """Heat map of mean power, weekday by hour, in six equal steps of one hue, the peak outlined; unknown is blank."""
    peak = _peak(rows)
    drawn = rows.filter(pl.col("days") > 0).with_columns(
        weekday=pl.col("weekday").replace_strict(dict(enumerate(_WEEKDAYS, 1)), return_dtype=pl.String),
        step=(pl.col("mean_kw") / (max(peak, 0.001) / len(HEAT))).floor().clip(0, len(HEAT) - 1).cast(pl.Int64),
        is_peak=pl.col("mean_kw") == peak,
    )
    grid = alt.Chart(drawn).encode(
        x=alt.X(
            "hour_of_day:O",
            scale=alt.Scale(domain=list(range(24))),
            axis=alt.Axis(
                title="hour of the day", labelAngle=0, labelPadding=6, ticks=False, values=list(range(0, 24, 3))
            ),
        ),
        y=alt.Y(
            "weekday:O",
            scale=alt.Scale(domain=list(_WEEKDAYS)),
            axis=alt.Axis(title=None, labelPadding=6, ticks=False),
        ),
    )
    cells = grid.mark_rect().encode(
        color=alt.Color("step:O", scale=alt.Scale(domain=list(range(len(HEAT))), range=list(HEAT)), legend=None)
    )
    outline = grid.transform_filter(alt.datum.is_peak).mark_rect(fillOpacity=0, stroke=INK, strokeWidth=2)
    return svg((cells + outline).properties(width=430, height=170), label)


def load_key(rows: pl.DataFrame) -> Markup:
    """What the steps of the heat map mean, in kW; nothing where nothing was charged."""
    peak = _peak(rows)
    if not peak:
        return Markup()
    digits = 0 if peak >= 10 * len(HEAT) else 1
    limits = [numbers.number(peak * step / len(HEAT), digits) for step in range(len(HEAT) + 1)]
    steps = Markup("").join(
        Markup('<li><i class="heat h{}"></i>{}\u2013{}</li>').format(step, limits[step], limits[step + 1])
        for step in range(len(HEAT))
    )
    return Markup('<ul class="key" aria-label="Shades, mean kW">{}<li>kW</li></ul>').format(steps)


def _peak(rows: pl.DataFrame) -> float:
    return float(rows["mean_kw"].max() or 0)  # type: ignore[arg-type]


def faults_by_firmware(rows: pl.DataFrame, top: float, label: str) -> Markup:
    """One panel: episodes per 1,000 sessions, a dot per day, its area the sessions; a triangle is beyond the scale."""
    drawn = rows.filter(pl.col("sessions") > 0).with_columns(
        rate=1000 * pl.col("episodes") / pl.col("sessions"), day=pl.col("day").dt.strftime("%-d %b")
    )
    shown = drawn.with_columns(y=pl.min_horizontal("rate", pl.lit(top)), beyond=pl.col("rate") > top)
    days = rows["day"].unique().sort().dt.strftime("%-d %b").to_list()
    x = alt.X(
        "day:O",
        scale=alt.Scale(domain=days),
        axis=alt.Axis(
            title=None, labelAngle=0, labelPadding=7, ticks=False, values=[days[0], days[-1]] if days else []
        ),
    )
    y = alt.Y("y:Q", title=None, scale=alt.Scale(domain=[0, top]), axis=alt.Axis(tickCount=2))
    base = alt.Chart(shown).encode(x=x, y=y)
    dots = base.transform_filter(~alt.datum.beyond).mark_circle(color=CTX, opacity=1)
    beyond = base.transform_filter(alt.datum.beyond).mark_point(color=LOSS, filled=True, shape="triangle", size=40)
    sized = dots.encode(size=alt.Size("sessions:Q", legend=None, scale=alt.Scale(rangeMin=8, rangeMax=90)))
    return svg((sized + beyond).properties(width=330, height=110), label)


def sparkline(values: list[float | None], *, tone: str = "ok", kind: str = "line") -> Markup:
    """A word-sized chart for a table cell or beneath a figure; hidden from readers, its row says the same."""
    width, height, top = 96, 20, max([v for v in values if v is not None] or [0]) or 1
    step = width / max(len(values), 1)
    if kind == "bar":
        marks = "".join(
            f'<rect x="{i * step:.1f}" y="{height - max(v / top * height, 1):.1f}" width="{step - 1.5:.1f}" '
            f'height="{max(v / top * height, 1):.1f}" fill="var(--{tone})"/>'
            for i, v in enumerate(values)
            if v
        )
    else:
        places = [
            (f"{(i + 0.5) * step:.1f}", f"{height - 2 - v / top * (height - 4):.1f}")
            for i, v in enumerate(values)
            if v is not None
        ]
        points = " ".join(f"{x},{y}" for x, y in places)
        marks = f'<polyline points="{points}" fill="none" stroke="var(--{tone})" stroke-width="1.5"/>'
        if len(places) == 1:  # a line of one point cannot be seen
            marks = f'<circle cx="{places[0][0]}" cy="{places[0][1]}" r="2" fill="var(--{tone})"/>'
    return Markup(
        f'<svg class="spark" aria-hidden="true" viewBox="0 0 {width} {height + 1}" '
        f'width="{width}" height="{height + 1}">'
        f'{marks}<line x1="0" x2="{width}" y1="{height + 0.5}" y2="{height + 0.5}" stroke="var(--rule2)"/></svg>'
    )

"""What a page is made of: figures and blocks, each with the query it came from."""

from dataclasses import dataclass, field

from markupsafe import Markup

NO_MARKUP = Markup()


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of the page; `value` is what the query said, `shown` what the reader sees."""

    kpi: str
    value: float | None
    shown: str
    unit: str = ""
    label: str = ""
    of: str = ""
    spark: Markup = NO_MARKUP
    per: str = ""
    change: str = ""
    query: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A question, its answer as chart or table, and where it comes from."""

    kpi: str
    question: str
    measure: str
    body: Markup
    query: str
    note: str = ""
    wide: bool = True
    table: Markup = NO_MARKUP


@dataclass(frozen=True, slots=True)
class Page:
    """One section of the report."""

    anchor: str
    name: str
    headline: str
    lead: str
    blocks: list[Block]
    figures: list[Figure] = field(default_factory=list)

"""The asset graph, read off the catalogue and the SQL models. Not here: what materialising an asset does (`assets`)."""

from collections.abc import Sequence
from functools import cache

import dagster as dg

from models.facts import Session
from models.tables.catalogue import CORE_DEAD_LETTERS, FACTS, FAULT_CODES, OCPI, RAW_VIEWS, SQL_MODELS
from models.tables.landed import VIOLATIONS, Table
from models.tables.metered import SESSION_CANDIDATES
from pipelines.warehouse import sql_models

REPORT_PAGE = "report_page"
_GROUPS = {"raw": "raw", "stg": "staging", "core": "core", "report": "reports"}
_FRAMES = ("raw_ocpp__frames", "raw_ocpp__connections")


def landed() -> list[dg.AssetSpec]:
    """What landing makes: the raw tables, verbatim, in the lake."""
    return [_spec(table, (), "parquet") for table in RAW_VIEWS.values()]


@cache
def built() -> tuple[dg.AssetSpec, ...]:
    """What a build makes: every staging, core and report table, each with the tables it is computed from."""
    needs = {model.name: sorted(model.needs) for model in sql_models.load()}
    return (
        _spec(CORE_DEAD_LETTERS, ("raw_ocpp__dead_letters",)),
        # The worker folds frames and connections into facts; landing brings both into the lake.
        *(_spec(table, _FRAMES) for table in FACTS if table.name != Session.table),
        # A session whose frames say no energy takes a partner's.
        *(_spec(table, (*_FRAMES, "raw_ocpi__objects")) for table in FACTS if table.name == Session.table),
        *(_spec(table, ("raw_ocpi__objects",)) for table in OCPI),
        _spec(FAULT_CODES, ()),
        _spec(VIOLATIONS, ("raw_ocpp__frames",)),
        _spec(SESSION_CANDIDATES, _FRAMES),
        *(_spec(table, needs[table.name]) for table in SQL_MODELS),
    )


def page() -> dg.AssetSpec:
    """The page people open: over the reports and what they count."""
    return dg.AssetSpec(
        REPORT_PAGE,
        deps=[spec.key for spec in built() if not spec.key.to_user_string().startswith("stg_")],
        description="One self-contained HTML page over the published warehouse.",
        group_name="reports",
        kinds={"html"},
    )


def _spec(table: Table, needs: Sequence[str], kind: str = "duckdb") -> dg.AssetSpec:
    columns = [dg.TableColumn(c.name, str(c.arrow or "any"), c.comment) for c in table.columns]
    return dg.AssetSpec(
        table.name,
        deps=list(needs),
        description=table.comment,
        group_name=_GROUPS[table.name.split("_")[0]],
        kinds={kind},
        metadata={"dagster/column_schema": dg.TableSchema(columns), "dagster/table_name": table.name},
    )

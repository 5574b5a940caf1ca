"""Assets: landing, building, the page. Each calls one function and says what it did. Not here: the graph (`graph`)."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from pipelines.home import HomeBusyError
from pipelines.orchestration import graph, liveness
from pipelines.orchestration.installation import Installation
from pipelines.settings import TokenPrivacy

WAIT_S = 10
ATTEMPTS = 30
"""A step that finds the home's writing lock taken tries again so often: five minutes."""


@dg.multi_asset(name="land", specs=graph.landed())
def land(
    context: dg.AssetExecutionContext, installation: dg.ResourceParam[Installation]
) -> Iterator[dg.MaterializeResult[None]]:
    """Kafka to Parquet: whatever the log holds and the lake does not."""
    from pipelines.lake.land import land as run

    liveness.sign(context)
    bootstrap, sentence = installation.broker()
    context.log.info(sentence)
    with _waiting_for_the_writer():
        landed = run(installation.home, bootstrap)
    for spec in graph.landed():
        table = spec.key.to_user_string().replace("raw_ocpp__dead_letters", "core__dead_letters")
        yield dg.MaterializeResult(
            asset_key=spec.key, metadata={"new_rows": landed.rows.get(table, 0), "broker": sentence}
        )


@dg.multi_asset(name="build", specs=list(graph.built()))
def build(
    context: dg.AssetExecutionContext, installation: dg.ResourceParam[Installation]
) -> Iterator[dg.MaterializeResult[None]]:
    """Parquet to a new DuckDB file, published whole."""
    from pipelines.warehouse.build import build as run

    found = installation.settings
    with _waiting_for_the_writer():
        built = run(
            installation.home,
            timezone=found.report.timezone,
            clear_tokens=found.privacy.tokens is TokenPrivacy.CLEAR,
        )
    context.log.info(f"published {built.path}")
    for spec in graph.built():
        # A staging view is not counted: that would read every frame.
        rows = built.rows.get(spec.key.to_user_string())
        counted = {} if rows is None else {"dagster/row_count": rows}
        yield dg.MaterializeResult(asset_key=spec.key, metadata={"build": built.path.name, **counted})


@dg.multi_asset(name=graph.REPORT_PAGE, specs=[graph.page()])
def report_page(installation: dg.ResourceParam[Installation]) -> dg.MaterializeResult[None]:
    """The HTML page over the published warehouse."""
    from pipelines.report import render

    path = render(installation.home, timezone=installation.settings.report.timezone)
    return dg.MaterializeResult(metadata={"page": dg.MetadataValue.path(str(path))})


@contextmanager
def _waiting_for_the_writer() -> Iterator[None]:
    """Another process of this home (such as `laddstrom up`) lands or builds for a moment: try again later."""
    try:
        yield
    except HomeBusyError as error:
        raise dg.RetryRequested(max_retries=ATTEMPTS, seconds_to_wait=WAIT_S) from error

"""Asset checks: one for each expectation of `quality`. Not here: the expectations, nor how they are run."""

from collections.abc import Iterator

import dagster as dg

from pipelines.orchestration.checking import check
from pipelines.orchestration.installation import Installation
from quality.registry import suites
from quality.results import CheckResult
from quality.rules import Severity

_SEVERITY = {
    Severity.CRITICAL: dg.AssetCheckSeverity.ERROR,
    Severity.WARNING: dg.AssetCheckSeverity.WARN,
    # Dagster has no third one; the metadata tells them apart.
    Severity.INFO: dg.AssetCheckSeverity.WARN,
}


def specs() -> list[dg.AssetCheckSpec]:
    """Every expectation under its table; those on a table's structure hold back what is made from it."""
    return [
        dg.AssetCheckSpec(
            rule.name,
            asset=table,
            description=f"Fails when {rule.finding}.",
            blocking=rule.blocking,
            metadata={"severity": rule.severity.value, "expectation": rule.expectation},
        )
        for table, suite in suites().items()
        for rule in suite.rules
    ]


@dg.multi_asset_check(name="quality", specs=specs())
def quality(
    context: dg.AssetCheckExecutionContext, installation: dg.ResourceParam[Installation]
) -> Iterator[dg.AssetCheckResult]:
    """Great Expectations over the published warehouse."""
    results = check(installation.home)
    failed = [result for result in results if not result.success]
    context.log.info(f"{len(results) - len(failed)} of {len(results)} expectations hold")
    for result in failed:
        context.log.warning(f"{result.table}, {result.severity}: {result.sentence}")
    yield from (_said(result) for result in results)


def _said(result: CheckResult) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=result.table,
        check_name=result.expectation,
        passed=result.success,
        severity=_SEVERITY[result.severity],
        description=result.sentence,
        metadata={
            "severity": result.severity.value,
            "unexpected": result.unexpected_count,
            "looked_at": result.looked_at,
            "sample_ids": list(result.sample_ids),
        },
    )

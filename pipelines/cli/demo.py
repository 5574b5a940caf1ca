"""`demo`: prints what the demonstration planted and found, the reports, and what to do next. Not here: running it."""

import os
import sys

import typer

from pipelines import settings
from pipelines.cli import logs
from pipelines.cli.feedback import Feedback
from pipelines.home import Home

_REPORTS = {
    "Energy by day": """
        SELECT day, CAST(sum(sessions) AS BIGINT) AS sessions, CAST(sum(energy_wh) AS BIGINT) AS energy_wh
        FROM report__energy_daily GROUP BY day ORDER BY day DESC LIMIT 7
    """,
    "Error trend: most episodes per model, firmware and code": """
        SELECT model, firmware, code, CAST(sum(episodes) AS BIGINT) AS episodes,
               round(avg(per_1000_sessions), 1) AS per_1000_sessions
        FROM report__error_trend_daily GROUP BY model, firmware, code HAVING sum(episodes) > 0
        ORDER BY episodes DESC, model, firmware, code LIMIT 7
    """,
    "RFID usage: heaviest cards": """
        SELECT token_id, CAST(sum(attempts) AS BIGINT) AS attempts, CAST(sum(accepted) AS BIGINT) AS accepted,
               CAST(sum(sessions) AS BIGINT) AS sessions, CAST(sum(energy_wh) AS BIGINT) AS energy_wh
        FROM report__rfid_usage_daily GROUP BY token_id ORDER BY energy_wh DESC NULLS LAST, token_id LIMIT 7
    """,
}


def demo() -> None:
    """Run the demonstration and print what it shows; exit code 1 if anything planted was not found."""
    logs.quiet()
    found = settings.load()
    from pipelines import demo as demonstration

    with Feedback() as feedback:
        outcome = demonstration.run(found, feedback)
    home = found.locate_home()
    _print_reports(home)
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    table = Table("", "planted", "found", "", title="What was planted, what was found", title_justify="left")
    for line in outcome.comparisons:
        table.add_row(line.what, f"{line.planted:,}", f"{line.found:,}", "equal" if line.is_equal else "DIFFERS")
    console.print(table)
    failed = [check for check in outcome.checks if not check.success]
    console.print(f"Quality: {len(outcome.checks) - len(failed)} of {len(outcome.checks)} expectations hold.")
    for check in failed:
        console.print(f"  {check.severity}: {check.sentence}", markup=False)
    console.print(_next_steps(home), markup=False, soft_wrap=True)
    console.print(f"Done in {outcome.seconds:.0f} s.")
    if not all(line.is_equal for line in outcome.comparisons):
        print("Error: the pipeline did not find what was planted.", file=sys.stderr)
        raise typer.Exit(1)


def _print_reports(home: Home) -> None:
    from rich.console import Console
    from rich.table import Table

    from pipelines.warehouse import read

    console = Console(highlight=False)
    with read.connect_readonly(home) as connection:
        for title, query in _REPORTS.items():
            relation = connection.sql(query)
            table = Table(title=title, title_justify="left")
            rows = relation.fetchall()
            for index, name in enumerate(relation.columns):
                is_number = any(isinstance(row[index], int | float) for row in rows)
                table.add_column(name, justify="right" if is_number else "left")
            for row in rows:
                table.add_row(*(f"{value:,}" if isinstance(value, int) else str(value) for value in row))
            console.print(table)


def _next_steps(home: Home) -> str:
    where = os.path.relpath(home.root)
    prefix = f"LADDSTROM_HOME={where} .venv/bin/"
    return "\n".join(
        (
            f"Warehouse: {os.path.relpath(home.current)}   Report: {os.path.relpath(home.report / 'index.html')}   "
            "Notebooks: notebooks/",
            "Three commands to go on with:",
            f'  {prefix}laddstrom sql "SELECT code, count(*) AS episodes FROM core__fault_episodes GROUP BY code"',
            f"  {prefix}marimo run notebooks/fault_kpis.py",
            f"  {prefix}laddstrom up",
        )
    )

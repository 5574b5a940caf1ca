"""`sql`: ask the published warehouse. Not here: how answers look (`pipelines.warehouse.answers`)."""

import sys

import typer

from pipelines import settings


def sql(query: str | None, *, as_json: bool, as_csv: bool) -> None:
    """Answer a query on stdout, or list the tables."""
    if as_json and as_csv:
        raise typer.BadParameter("choose one of --json and --csv")
    home = settings.load().locate_home()
    from pipelines.warehouse import answers, read

    if query is None:
        rows = ((info.name, info.rows, info.comment) for info in read.tables(home))
        _show(answers.Answer(["table", "rows", "meaning"], rows), as_json=as_json, as_csv=as_csv)
        return
    with read.connect_readonly(home) as opened:
        _show(read.query(opened, query), as_json=as_json, as_csv=as_csv)


def _show(answer: object, *, as_json: bool, as_csv: bool) -> None:
    from pipelines.warehouse import answers

    assert isinstance(answer, answers.Answer)
    if as_json:
        for part in answers.json_parts(answer):
            sys.stdout.write(part)
    elif as_csv:
        answers.write_csv(answer, sys.stdout)
    else:
        from rich.console import Console

        # Into a pipe or a file: as wide as the rows are.
        console = Console(width=None if sys.stdout.isatty() else 1000)
        console.print(answers.table(answer, width=console.width if sys.stdout.isatty() else None))

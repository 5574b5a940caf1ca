"""`process` and `import`. Not here: what they do (`pipelines.process`)."""

import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import typer

from pipelines import process as processing
from pipelines import settings
from pipelines.broker import address, topics
from pipelines.cli import logs
from pipelines.cli.feedback import Feedback
from pipelines.summary import Summary


def process(paths: Sequence[Path], *, again: bool, as_json: bool) -> None:
    """Process files, print the summary; exit 1 if a line is not accounted for."""
    logs.quiet()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # cleans up as Ctrl-C does
    found = settings.load()
    with Feedback() as feedback:
        summary = processing.run(paths, found, feedback, again=again)
    if as_json:
        print(json.dumps(summary.as_json(), indent=2))
    else:
        print(table(summary))
    for file in summary.files:
        if not file.is_conserved:
            arrived = file.landed + file.already_known + sum(file.refused.values())
            print(f"Error: {file.name}: {file.lines} lines went in, {arrived} came out.", file=sys.stderr)
    if not summary.is_conserved:
        raise typer.Exit(1)


def import_(paths: Sequence[Path], *, again: bool) -> None:
    """Only write files to Kafka."""
    logs.quiet()
    found = settings.load()
    with Feedback() as feedback:
        surveys = processing.read(paths, feedback)
        home = found.locate_home()
        bootstrap = address.resolve(found, home)
        home.create()
        topics.ensure(bootstrap, found.kafka.partitions)
        new, _ = processing.choose(home, surveys, feedback, again=again)
        imported = processing.send(new, bootstrap, feedback)
    for item in imported:
        refused = ", ".join(f"{count} {reason}" for reason, count in item.refused.items()) or "none"
        print(f"{item.name}: {item.lines} lines, {item.sent} sent to {bootstrap}, refused: {refused}")


def table(summary: Summary) -> str:
    """The summary as text: this run beside the whole warehouse."""
    run, whole = summary.run, summary.whole
    rows: list[tuple[str, object, object]] = [
        ("files", len(summary.files), ""),
        ("lines in", summary.total("lines"), ""),
        ("  frames", summary.total("frames"), ""),
        ("  connections opened, closed", summary.total("connections"), ""),
        ("landed", summary.total("landed"), whole.frames + whole.connections),
        ("already known", summary.total("already_known"), ""),
        *((f"refused: {reason}", count, "") for reason, count in sorted(summary.refused.items())),
        ("late frames", run.late_frames, whole.late_frames),
        ("  stations replayed for them", run.replayed, whole.replayed),
        ("  facts restated", run.restated, whole.restated),
        ("  facts taken back", run.retracted, whole.retracted),
        *((f"facts: {kind}", run.facts.get(kind, 0), count) for kind, count in whole.facts.items()),
        *(
            (f"dead letters: {reason}", run.dead_letters.get(reason, 0), count)
            for reason, count in whole.dead_letters.items()
        ),
        ("sessions", run.sessions, whole.sessions),
        ("sessions open", run.open_sessions, whole.open_sessions),
        ("energy, kWh", f"{run.energy_kwh:,.3f}", f"{whole.energy_kwh:,.3f}"),
        ("seconds", round(summary.seconds, 1), ""),
    ]
    width = max(len(name) for name, _, _ in rows)
    lines = [f"{'':{width}}  {'this run':>12}  {'whole warehouse':>15}"]
    lines += [f"{name:{width}}  {_number(this):>12}  {_number(all_):>15}".rstrip() for name, this, all_ in rows]
    if run.dead_letters or summary.refused:
        why = "SELECT reason, source, ordinal, detail FROM core__dead_letters"
        lines += ["", f'What was refused or is a dead letter (ordinal: its line, from 0): laddstrom sql "{why}"']
    return "\n".join([*lines, "", f"Warehouse: {summary.database}"])


def _number(value: object) -> str:
    return f"{value:,}" if isinstance(value, int | float) else str(value)

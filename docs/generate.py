"""Writes the pages that follow from the code: `docs/data-dictionary.md` and `docs/cli.md`.

`make docs` runs it; a test fails when a page is out of date. Not here: prose.
"""

import os
import subprocess
import sys
from pathlib import Path

from models.catalogue import TABLES
from models.reasons import Reason
from models.tables import Origin

DOCS = Path(__file__).parent
COMMANDS = (
    *("process", "up", "gateway", "ocpi", "worker", "land", "build", "report"),
    *("kafka", "import", "simulate", "sql", "doctor", "demo"),
)
HEADINGS = {
    Origin.REPORT: "Reports",
    Origin.FACT: "Facts: said by the step, landed from `charging.<kind>`",
    Origin.DERIVED: "Derived: computed at build time from landed raw or facts",
    Origin.RAW: "Raw: verbatim, views over the restricted folder of the lake",
}
MADE = "<!-- made by `make docs`; do not edit -->"


def data_dictionary() -> str:
    """Every published table with its columns and their COMMENTs, and the reasons of dead letters."""
    lines = ["# Data dictionary", "", MADE, ""]
    lines += ["Every table and column of the published warehouse, as its COMMENTs say it. Times are UTC.", ""]
    for origin, heading in HEADINGS.items():
        lines += [f"## {heading}", ""]
        for table in sorted((t for t in TABLES.values() if t.origin is origin), key=lambda t: t.name):
            lines += [f"### `{table.name}`", "", table.comment, "", "| column | type | meaning |", "|---|---|---|"]
            lines += [f"| `{c.name}` | {c.arrow or ''} | {c.comment} |" for c in table.columns]
            lines.append("")
    lines += ["## Reasons of dead letters", "", *(f"- `{reason}`" for reason in Reason), ""]
    return "\n".join(lines)


def command_line() -> str:
    """Every command's `--help`."""
    lines = ["# Command line", "", MADE, ""]
    lines += ["Results go to stdout, progress and logs to stderr. Exit code 0: done, 1: failed, 2: wrong usage.", ""]
    for command in ("", *COMMANDS):
        name = f"laddstrom {command}".strip()
        lines += [f"## `{name}`", "", "```", _help(command), "```", ""]
    return "\n".join(lines)


def _help(command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *([command] if command else []), "--help"],
        env={**os.environ, "COLUMNS": "100", "TERMINAL_WIDTH": "100"},
        capture_output=True,
        text=True,
        check=True,
    )
    return "\n".join(line.rstrip() for line in done.stdout.strip().splitlines())


PAGES = {"data-dictionary.md": data_dictionary, "cli.md": command_line}

if __name__ == "__main__":
    for name, write in PAGES.items():
        (DOCS / name).write_text(write(), encoding="utf-8")

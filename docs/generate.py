"""Writes the pages that follow from the code: tables, anomalies, quirks of the field, the command line.

`make docs` runs it; a test fails when a page is out of date. Not here: prose.
"""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

from models.anomalies import MAX_A_DAY, Severity, described
from models.reasons import Reason
from models.tables.catalogue import TABLES
from models.tables.landed import Origin

DOCS = Path(__file__).parent
COMMANDS = (
    *("process", "up", "gateway", "ocpi", "worker", "land", "replay", "build", "report"),
    *("kafka", "import", "simulate", "sql", "doctor", "demo"),
)
HEADINGS = {
    Origin.REPORT: "Reports",
    Origin.FACT: "Facts: said by the step, landed from `charging.<kind>`",
    Origin.DERIVED: "Derived: computed at build time from landed raw or facts",
    Origin.RAW: "Raw: verbatim, views over the restricted folder of the lake",
}
QUIRKS = DOCS.parent / "tests" / "models" / "quirks"
SEVERITIES = {
    Severity.CRITICAL: "A figure is unknown, or cannot be defended as it stands: look at these first.",
    Severity.WARNING: "A figure rests on a decision that somebody may question; the row says on which.",
    Severity.INFO: "Odd, and of no consequence for a figure.",
}
PROJECTS = {
    "EVerest": "EVerest/EVerest",
    "libocpp": "EVerest/libocpp",
    "MicroOcpp": "matth-x/MicroOcpp",
    "OpenEVSE": "OpenEVSE/openevse_esp32_firmware",
    "citrineos-core": "citrineos/citrineos-core",
    "evcc": "evcc-io/evcc",
    "go-eCharger": "goecharger/go-eCharger-API-v2",
    "steve": "steve-community/steve",
}
"""Where the issues of projects are that the sources name by a short name."""
_REFERENCES = re.compile(
    rf"(?<![\w/])([\w.-]+/[\w.-]+|{'|'.join(map(re.escape, PROJECTS))})((?:,| and)? (?:PR )?\d+(?![\w,.]*\d))+"
)
_NUMBER = re.compile(r"test_quirk_(\d+a?)_")
_SAID = re.compile(r"(.+?)Source: (.+?) We: (.+)")
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


def anomalies() -> str:
    """The vocabulary of `core__anomalies`."""
    lines = ["# Anomalies", "", MADE, ""]
    lines += ["The words of `core__anomalies.anomaly`. An anomaly changes no figure: it says why one is as it is.", ""]
    lines += [
        "Each row names the station, the session where there is one, what was seen (`value`), what it was held against"
        " (`expected`), and the frame it was seen in. How many there are of each:",
        "",
    ]
    lines += [
        "```sh",
        'laddstrom sql "SELECT severity, anomaly, count(*) FROM core__anomalies GROUP BY ALL ORDER BY ALL"',
    ]
    lines += ["```", "", f"At most {MAX_A_DAY} of a kind are said per station and day of the log.", ""]
    for severity in Severity:
        lines += [f"## {severity.capitalize()}", "", SEVERITIES[severity], "", "| anomaly | meaning |", "|---|---|"]
        lines += [f"| `{word}` | {meaning} |" for word, weight, meaning in described() if weight == severity]
        lines.append("")
    return "\n".join(lines)


def quirks() -> str:
    """The quirks of the field, from the docstrings of their tests: what, source, what we do."""
    lines = ["# Quirks of the field", "", MADE, ""]
    lines += ["What chargers do beside the specification, who saw it, and what becomes of it here.", ""]
    lines += [
        "A source such as `evcc 10399` is an issue or pull request (PR) of that project on GitHub; the others are"
        " clauses of specifications, files and pages. A word in code is a column, one of its values, or an anomaly: see"
        " the [data dictionary](data-dictionary.md) and the [anomalies](anomalies.md). Rows of one number are sides of"
        " one quirk. Each has a test from wire frames to facts, under `tests/models/quirks/`.",
        "",
    ]
    lines += ["| no. | quirk | source | what we do | test |", "|---|---|---|---|---|"]
    found = [row for path in sorted(QUIRKS.glob("test_*.py")) for row in _quirks_of(path)]
    lines += [f"| {' | '.join(row)} |" for row in sorted(found, key=lambda it: (int(it[0].rstrip("a")), it[0]))]
    return "\n".join([*lines, ""])


def _quirks_of(path: Path) -> list[tuple[str, str, str, str, str]]:
    found = []
    for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(function, ast.FunctionDef) and (number := _NUMBER.match(function.name)):
            said = " ".join((ast.get_docstring(function) or "").split())
            parts = _SAID.fullmatch(said)
            if parts is None:
                raise ValueError(f"{path.name}: the docstring of {function.name} is not 'quirk. Source: ... We: ...'")
            what, source, ours = (text.strip().replace("|", "\\|") for text in parts.groups())
            found.append((number[1].lstrip("0"), what, _linked(source), _capital(ours), f"`{path.name}`"))
    return found


def _linked(source: str) -> str:
    """A source whose issue numbers lead to them; GitHub leads on from an issue's address to a pull request's."""

    def links(match: re.Match[str]) -> str:
        project = PROJECTS.get(match[1], match[1])
        address = f"https://github.com/{project}/issues"
        return match[1] + re.sub(r"\d+", lambda n: f"[{n[0]}]({address}/{n[0]})", match[0].removeprefix(match[1]))

    return _REFERENCES.sub(links, source)


def _capital(sentence: str) -> str:
    """A sentence with a capital where it begins with a plain word; names such as meterStop stay."""
    first = sentence.split(maxsplit=1)[0]
    return sentence[0].upper() + sentence[1:] if first.strip(",:;").islower() and first[0].isalpha() else sentence


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


PAGES = {"data-dictionary.md": data_dictionary, "anomalies.md": anomalies, "quirks.md": quirks, "cli.md": command_line}

if __name__ == "__main__":
    for name, write in PAGES.items():
        (DOCS / name).write_text(write(), encoding="utf-8")

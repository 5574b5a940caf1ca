"""Every `--help` is quick because it imports next to nothing."""

import subprocess
import sys

import pytest

HEAVY = ("pydantic", "structlog", "duckdb", "dagster", "faust", "pyarrow", "polars", "kafka", "rich", "msgspec")
COMMANDS = (
    "process", "up", "gateway", "ocpi", "worker", "land", "replay", "build", "report", "kafka", "import", "simulate",
    "sql", "doctor",
)  # fmt: skip
PROBE = f"""
import sys
from pipelines.cli import main
try:
    main()
finally:
    heavy = [name for name in {HEAVY!r} if name in sys.modules]
    print("HEAVY", *heavy, file=sys.stderr)
"""


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_imports_nothing_heavy(command: str) -> None:
    arguments = [command, "--help"] if command else ["--help"]
    done = subprocess.run([sys.executable, "-c", PROBE, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert f"Usage: laddstrom {command}".strip() in done.stdout
    assert done.stderr.strip() == "HEAVY"


def test_every_command_of_the_contract_is_listed() -> None:
    done = subprocess.run([sys.executable, "-m", "pipelines.cli", "--help"], capture_output=True, text=True, check=True)
    listed = {line.split()[0] for line in done.stdout.partition("Commands:")[2].splitlines() if line.strip()}
    assert set(COMMANDS) <= listed


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["frob"], "No such command 'frob'"),
        (["process"], "Missing argument"),
        (["up", "--gateway-port", "70000"], "65535"),
        (["sql", "--json", "--csv", "select 1"], "choose one of"),
    ],
)
def test_wrong_usage_is_exit_code_2(arguments: list[str], sentence: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_no_line_of_the_list_is_cut_off() -> None:
    done = subprocess.run([sys.executable, "-m", "pipelines.cli", "--help"], capture_output=True, text=True, check=True)
    assert "..." not in done.stdout.partition("Commands:")[2]

"""The command line `laddstrom`. Every command imports what it needs when it runs. Not here: any work."""

import os
import sys
from typing import NoReturn

_USAGE_ERRORS = {
    "NoBrokerError",
    "UnknownFormatError",
    "NoFileError",
    "HomeUnusableError",
    "UnknownStationError",
    "DamagedFileError",
    "GatewayConfigError",
    "OcpiConfigError",
    "SettingsInvalidError",
    "UnknownTimezoneError",
    "PortsError",
}
"""Errors of ours that mean wrong usage: nothing was changed, exit code 2. By name, to import nothing."""

_CTRL_C = 130
"""What Typer makes of KeyboardInterrupt; our exit codes are 0, 1 and 2."""


def main() -> None:
    """Run the command line; errors end as one sentence on stderr."""
    from pipelines.cli.app import app

    try:
        code = app(standalone_mode=False, prog_name="laddstrom") or 0
        if code == _CTRL_C:
            _interrupted()
        sys.exit(code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # e.g. `laddstrom sql … | head`
        sys.exit(1)
    except Exception as error:
        # The edge: whatever it is, a person reads one sentence.
        if os.environ.get("LADDSTROM_DEBUG"):
            raise
        if hasattr(error, "exit_code") and hasattr(error, "show"):  # wrong usage, in Typer's own words
            error.show()
            sys.exit(error.exit_code)
        print(f"Error: {_sentence(error)}", file=sys.stderr)
        sys.exit(2 if type(error).__name__ in _USAGE_ERRORS else 1)


def _interrupted() -> NoReturn:
    print("Interrupted; run the same command again to go on.", file=sys.stderr)
    sys.exit(1)


def _sentence(error: Exception) -> str:
    ours = type(error).__module__.partition(".")[0] in ("models", "ingest", "pipelines", "quality")
    text = " ".join(str(error).split())
    if ours and text:
        return text
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror}"
    return f"{type(error).__name__}: {text} (a defect of ours: LADDSTROM_DEBUG=1 shows where)"

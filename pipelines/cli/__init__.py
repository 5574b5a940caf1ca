"""The command line `laddstrom`. Every command imports what it needs when it runs. Not here: any work."""

import os
import sys

_USAGE_ERRORS = {
    "NoBrokerError",
    "UnknownFormatError",
    "DamagedFileError",
    "GatewayConfigError",
    "OcpiConfigError",
    "SettingsInvalidError",
    "UsageError",
}
"""Errors of ours that mean wrong usage: nothing was changed, exit code 2. By name, to import nothing."""


def main() -> None:
    """Run the command line; errors end as one sentence on stderr."""
    from pipelines.cli.app import app

    try:
        app()
    except KeyboardInterrupt:
        print("Interrupted; run the same command again to go on.", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # e.g. `laddstrom sql … | head`
        sys.exit(1)
    except Exception as error:
        # The edge: whatever it is, a person reads one sentence.
        if os.environ.get("LADDSTROM_DEBUG"):
            raise
        print(f"Error: {_sentence(error)}", file=sys.stderr)
        sys.exit(2 if type(error).__name__ in _USAGE_ERRORS else 1)


def _sentence(error: Exception) -> str:
    ours = type(error).__module__.partition(".")[0] in ("models", "ingest", "pipelines", "quality")
    text = " ".join(str(error).split())
    if ours and text:
        return text
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror}"
    return f"{type(error).__name__}: {text} (a defect of ours: LADDSTROM_DEBUG=1 shows where)"

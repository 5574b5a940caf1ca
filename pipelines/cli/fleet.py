"""`simulate`: a fleet over real WebSockets. Not here: the fleet (`ingest.fleet`)."""

import sys
from pathlib import Path

import typer

from pipelines import settings
from pipelines.cli import logs
from pipelines.cli.feedback import Feedback
from pipelines.supervisor import announce


def simulate(
    url: str | None,
    *,
    stations: int,
    sessions: int,
    open_sessions: int,
    seconds: float,
    seed: int,
    truth_file: Path,
) -> None:
    """Drive the fleet and write its truth."""
    logs.quiet()
    home = settings.load().locate_home()
    target = url or str((announce.read(home, "gateway") or {}).get("url", ""))
    if not target:
        print(f"Error: no gateway runs on {home.root}; start `laddstrom up` or name a ws:// URL.", file=sys.stderr)
        raise typer.Exit(2)
    if not target.startswith(("ws://", "wss://")):
        raise typer.BadParameter(f"{target} is no gateway's URL; name one such as ws://127.0.0.1:9000/ocpp")
    from ingest.fleet import simulator

    with Feedback() as feedback:
        truth = simulator.simulate(
            target,
            seed=seed,
            stations=stations,
            sessions=sessions,
            open_sessions=open_sessions,
            seconds=seconds,
            progress=lambda done, total: feedback.progress("Driving", done, total),
        )
    truth.write(truth_file)
    print(
        f"Driven: sessions {len(truth.sessions):,}, energy {truth.energy_wh:,} Wh, faults {len(truth.faults):,}, "
        f"authorizations {len(truth.authorizations):,}; the truth is in {truth_file}"
    )

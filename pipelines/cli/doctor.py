"""`doctor`: prints the findings. Not here: looking (`pipelines.diagnosis`)."""

import json

import typer

from pipelines import diagnosis, settings
from pipelines.cli import logs


def doctor(*, as_json: bool) -> None:
    """Print the findings; exit code 1 if one is not as it should be."""
    logs.quiet()
    found = settings.load()
    findings = diagnosis.examine(found, found.locate_home())
    if as_json:
        print(json.dumps([finding._asdict() for finding in findings], indent=2))
    else:
        width = max(len(finding.name) for finding in findings)
        for finding in findings:
            print(f"{'ok   ' if finding.is_good else 'WRONG'} {finding.name:{width}}  {finding.sentence}")
    if not all(finding.is_good for finding in findings):
        raise typer.Exit(1)

"""The commands, their options and their help. Not here: what they do; each imports that when it runs."""

from pathlib import Path
from typing import Annotated

import typer

# Plain help: rich's costs more than everything else that `--help` does.
app = typer.Typer(
    name="laddstrom",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    add_help_option=False,
)


def _show_help(context: typer.Context, asked: bool) -> None:
    if asked:
        typer.echo(context.get_help())
        raise typer.Exit


def _show_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(version("laddstrom"))
        raise typer.Exit


@app.callback()
def laddstrom(
    # Typer's own option is None where absent, and for that it imports pydantic (0.2 s).
    _help: Annotated[
        bool, typer.Option("--help", is_eager=True, callback=_show_help, help="Show this message and exit.")
    ] = False,
    _version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version and exit.")
    ] = False,
) -> None:
    """Event-sourced analytics for EV charging: OCPP and OCPI in Kafka, defended numbers in DuckDB."""


Files = Annotated[list[Path], typer.Argument(metavar="FILE", help="Log files, also .gz and .xz.")]
Again = Annotated[bool, typer.Option("--again", help="Send files that are known already once more; no number changes.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout instead of text.")]
Host = Annotated[str, typer.Option(help="Address to listen on.")]
GatewayPort = Annotated[int, typer.Option(min=0, max=65535, help="OCPP port; 0 picks a free one.")]
OcpiPort = Annotated[int, typer.Option(min=0, max=65535, help="OCPI port; 0 picks a free one.")]
Upstream = Annotated[
    str | None,
    typer.Option(metavar="WS_URL", help="Stand before an existing CSMS: forward frames unchanged and record them."),
]
LOOPBACK = "127.0.0.1"


@app.command()
def process(files: Files, again: Again = False, as_json: Json = False) -> None:
    """Log files through the whole pipeline, then a summary."""
    from pipelines.cli import files as command

    command.process(files, again=again, as_json=as_json)


@app.command()
def up(
    host: Host = LOOPBACK,
    gateway_port: GatewayPort = 9000,
    ocpi_port: OcpiPort = 9001,
    land_every: Annotated[float, typer.Option(min=1, metavar="SECONDS", help="How often to land and publish.")] = 60,
    ready_file: Annotated[Path | None, typer.Option(help="Written as JSON once everything is ready.")] = None,
    upstream: Upstream = None,
) -> None:
    """Run the live pipeline until Ctrl-C or SIGTERM."""
    from pipelines.cli import live

    live.up(host, gateway_port, ocpi_port, land_every, ready_file, upstream)


@app.command()
def gateway(
    host: Host = LOOPBACK,
    port: Annotated[int, typer.Option("--port", "--gateway-port", min=0, max=65535, help="0 picks a free one.")] = 9000,
    upstream: Upstream = None,
) -> None:
    """Run the OCPP gateway alone."""
    from pipelines.cli import parts

    parts.gateway(host, port, upstream)


@app.command()
def ocpi(
    host: Host = LOOPBACK,
    port: Annotated[int, typer.Option("--port", "--ocpi-port", min=0, max=65535, help="0 picks a free one.")] = 9001,
) -> None:
    """Run the OCPI receiver alone."""
    from pipelines.cli import parts

    parts.ocpi(host, port)


@app.command()
def worker() -> None:
    """Run a stream worker alone; several share the work."""
    from pipelines.cli import parts

    parts.worker()


@app.command()
def land(
    accept_loss: Annotated[
        bool, typer.Option("--accept-loss", help="Go on without records that are gone from Kafka for good.")
    ] = False,
) -> None:
    """Land what is new in Kafka as Parquet."""
    from pipelines.cli import lake

    lake.land(accept_loss=accept_loss)


@app.command(short_help="Make all facts anew from the raw log.")
def replay(
    station: Annotated[
        list[str] | None, typer.Option("--station", metavar="ID", help="Only this station; may be repeated.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    processes: Annotated[int | None, typer.Option(min=1, help="At most so many; default: one for each core.")] = None,
    accept_loss: Annotated[
        bool, typer.Option("--accept-loss", help="Go on although frames were lost: their facts are taken back.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make all facts anew from the landed raw records; write those that differ.

    For after a change of the rules, and to mend facts. No worker, `up` or `process` may run on this home meanwhile;
    with --dry-run they may.
    """
    from pipelines.cli import replay as command

    command.replay(station or [], processes=processes, is_dry=dry_run, accept_loss=accept_loss, as_json=as_json)


@app.command()
def build() -> None:
    """Build the warehouse from the lake and publish it."""
    from pipelines.cli import lake

    lake.build()


@app.command(hidden=True)
def publish() -> None:
    """Land and, if anything is new, build: what `up` runs at every interval."""
    from pipelines.cli import lake

    lake.publish()


@app.command()
def report() -> None:
    """Write the report page from the published warehouse.

    One HTML file, report/index.html under the home; its path is printed.
    """
    from pipelines.cli import lake

    lake.report()


@app.command()
def kafka(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on loopback; 0 picks a free one.")] = 9092,
    data: Annotated[Path | None, typer.Option(help="Data folder; default: kafka under the home.")] = None,
) -> None:
    """Run Apache Kafka 4.1 here, durable, until Ctrl-C.

    KRaft, one node, on loopback; needs Java 17 and, the first time, Maven.
    """
    from pipelines.cli import live

    live.kafka(port, data)


@app.command(name="import")
def import_(files: Files, again: Again = False) -> None:
    """Only write log files to Kafka."""
    from pipelines.cli import files as command

    command.import_(files, again=again)


@app.command()
def simulate(
    url: Annotated[
        str | None, typer.Argument(metavar="WS_URL", help="Gateway; default: the one that runs on this home.")
    ] = None,
    stations: Annotated[int, typer.Option(min=1, help="How many, 1.6 and 2.0.1 mixed.")] = 20,
    sessions: Annotated[int, typer.Option(min=0, help="How many sessions in all.")] = 60,
    open_sessions: Annotated[int, typer.Option(min=0, help="How many of them get no end.")] = 0,
    seconds: Annotated[float, typer.Option(min=0, help="Spread over this time; 0: as fast as it goes.")] = 0,
    seed: Annotated[int, typer.Option(help="Same seed, same fleet.")] = 1,
    truth: Annotated[Path, typer.Option(help="Where to write what really happened, as JSON.")] = Path("truth.json"),
) -> None:
    """Drive a simulated fleet over real WebSockets."""
    from pipelines.cli import fleet

    fleet.simulate(
        url,
        stations=stations,
        sessions=sessions,
        open_sessions=open_sessions,
        seconds=seconds,
        seed=seed,
        truth_file=truth,
    )


@app.command()
def sql(
    query: Annotated[str | None, typer.Argument(help="A query; without one, the tables are listed.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON array of objects.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV with a header.")] = False,
) -> None:
    """Ask the published warehouse, read-only.

    Without a query, the tables are listed. On a terminal too narrow for its columns, a row is a block of lines.
    """
    from pipelines.cli import query as command

    command.sql(query, as_json=as_json, as_csv=as_csv)


@app.command()
def doctor(as_json: Json = False) -> None:
    """Say what is configured, reachable and behind.

    Exit code 1 if something is wrong.
    """
    from pipelines.cli import doctor as command

    command.doctor(as_json=as_json)


@app.command(short_help="Run everything on a made-up network.")
def demo() -> None:
    """Run everything on a made-up network; compare what was planted with what was found.

    It needs a home of its own, as `make demo` gives it, and empties what it left there before.
    """
    from pipelines.cli import demo as command

    command.demo()

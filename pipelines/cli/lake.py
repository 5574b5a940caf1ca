"""`land`, `build`, `publish`, `report`. Not here: what they do (`pipelines.lake`, `warehouse`, `report`)."""

from pipelines import settings
from pipelines.broker import address, topics
from pipelines.cli import logs
from pipelines.cli.feedback import Feedback
from pipelines.home import Home
from pipelines.settings import Settings, TokenPrivacy


def land(*, accept_loss: bool) -> None:
    """Land what is new."""
    logs.quiet()
    found = settings.load()
    home = found.locate_home()
    print(_land(found, home, accept_loss=accept_loss)[0])


def build() -> None:
    """Build and publish."""
    logs.quiet()
    found = settings.load()
    print(_build(found, found.open_home()))


def publish() -> None:
    """Land, and build if there is anything new."""
    logs.quiet()
    found = settings.load()
    home = found.locate_home()
    sentence, rows = _land(found, home, accept_loss=False)
    print(sentence)
    if rows or not home.current.exists():
        print(_build(found, home))


def report() -> None:
    """Write the report page."""
    logs.quiet()
    found = settings.load()
    home = found.locate_home()
    from pipelines.report import render

    print(render(home, timezone=found.report.timezone))


def _land(found: Settings, home: Home, *, accept_loss: bool) -> tuple[str, int]:
    from pipelines.lake.land import land as run

    bootstrap = address.resolve(found, home)
    topics.ensure(bootstrap, found.kafka.partitions)
    with Feedback() as feedback:
        landed = run(
            home,
            bootstrap,
            progress=lambda topic, done, total: feedback.progress(f"Landing {topic}", done, total),
            accept_loss=accept_loss,
        )
    tables = ", ".join(f"{count:,} {table}" for table, count in sorted(landed.rows.items()) if count)
    return f"Landed {tables or 'nothing new'} in {landed.seconds:.1f} s", landed.total_rows


def _build(found: Settings, home: Home) -> str:
    from pipelines.warehouse.build import build as run

    with Feedback() as feedback:
        built = run(
            home,
            timezone=found.report.timezone,
            clear_tokens=found.privacy.tokens is TokenPrivacy.CLEAR,
            progress=lambda name, done, total: feedback.progress("Building", done, total),
        )
    return f"Published {built.path} ({sum(built.rows.values()):,} rows in {len(built.rows)} tables)"

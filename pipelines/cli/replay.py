"""`laddstrom replay`. Not here: what it does (`pipelines.replay`)."""

import json
import signal
from collections.abc import Sequence

import msgspec

from pipelines import settings
from pipelines.broker import address, topics
from pipelines.broker.errors import NoBrokerError
from pipelines.cli import logs
from pipelines.cli.feedback import Feedback
from pipelines.replay import run as replaying
from pipelines.replay.run import Outcome
from pipelines.settings import Settings, TokenPrivacy


def replay(stations: Sequence[str], *, processes: int | None, is_dry: bool, accept_loss: bool, as_json: bool) -> None:
    """Replay, then say what differed."""
    logs.quiet()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # cleans up as Ctrl-C does
    found = settings.load()
    home = found.locate_home()
    is_clear = found.privacy.tokens is TokenPrivacy.CLEAR
    with Feedback() as feedback:
        outcome = replaying.replay(
            home,
            token_key=None if is_clear else home.token_key(),
            bootstrap=None if is_dry else _bootstrap(found),
            stations=stations or None,
            processes=processes,
            is_dry=is_dry,
            accept_loss=accept_loss,
            progress=feedback.progress,
        )
    print(json.dumps(_as_json(outcome), indent=2) if as_json else table(outcome))


def table(outcome: Outcome) -> str:
    """What differed, by kind of fact, and what to do next."""
    sentence = (
        f"{outcome.frames:,} records of {outcome.stations:,} stations in {outcome.seconds:.1f} s "
        f"({outcome.processes} process{'es' * (outcome.processes > 1)})"
    )
    if not (outcome.differing or outcome.dead_letters or outcome.states_changed):
        return f"{'Nothing would change' if outcome.is_dry else 'Nothing changed'}: {sentence}"
    width = max(len(kind) for kind in outcome.facts)
    lines = [f"{'facts':{width}}  {'as landed':>10}  {'new':>8}  {'changed':>8}  {'retracted':>9}"]
    lines += [
        f"{kind:{width}}  {counts.same:>10,}  {counts.new:>8,}  {counts.changed:>8,}  {counts.retracted:>9,}"
        for kind, counts in outcome.facts.items()
    ]
    if outcome.is_dry:
        end = "Dry run, nothing was written."
    elif outcome.differing or outcome.dead_letters:
        end = f"The lake is of edition {outcome.edition} now; `laddstrom build` publishes it."
    else:
        end = f"The lake is of edition {outcome.edition} now; no fact differed, so nothing is to be published."
    news = f"New dead letters: {outcome.dead_letters:,}. States renewed: {outcome.states_changed:,} stations."
    return "\n".join([f"Replayed {sentence}", "", *lines, "", news, end])


def _bootstrap(found: Settings) -> str | None:
    """Where frames and facts may wait to be landed; null where there is no broker at all."""
    try:
        bootstrap = address.resolve(found, found.locate_home())
    except NoBrokerError:
        return None
    topics.ensure(bootstrap, found.kafka.partitions)
    return bootstrap


def _as_json(outcome: Outcome) -> dict[str, object]:
    said: dict[str, object] = msgspec.to_builtins(outcome)
    return {**said, "seconds": round(outcome.seconds, 3)}

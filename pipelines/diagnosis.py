"""What is configured, reachable and behind: the findings of `laddstrom doctor`. Not here: printing, repairing."""

import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import NamedTuple

from models.log import DEAD_LETTERS, FRAMES, OBJECTS
from pipelines.broker import address, topics
from pipelines.broker.errors import BrokerError, NoBrokerError
from pipelines.home import Home
from pipelines.lake.errors import LakeError
from pipelines.lake.manifest import Manifest
from pipelines.settings import Settings, changed
from pipelines.supervisor import announce

_PACKAGES = ("laddstrom", "faust-streaming", "kafka-python", "duckdb", "pyarrow", "polars", "dagster")
_LANDED = (FRAMES, OBJECTS, DEAD_LETTERS)

_REACH_S = 3.0


class Finding(NamedTuple):
    """One thing looked at: whether it is as it should be, and a sentence."""

    name: str
    is_good: bool
    sentence: str


def examine(settings: Settings, home: Home) -> list[Finding]:
    """Look at everything; changes nothing and starts nothing."""
    findings = [
        Finding("versions", True, _versions()),
        Finding("settings", True, _configured(settings)),
        *_home(home),
        *_parts(home),
    ]
    if home.root.exists() and not home.root.is_dir():
        return findings
    try:
        bootstrap = address.resolve(settings, home)
    except NoBrokerError:
        findings.append(Finding("kafka", True, "none is set and no embedded one lives: `process` and `up` start one"))
        bootstrap = None
    if bootstrap is not None:
        found = _guarded("kafka", lambda: _kafka(settings, home, str(bootstrap)))
        findings += found
        bootstrap = bootstrap if found[0].is_good else None
    findings += _guarded("lake", lambda: _lake(home, bootstrap))
    findings.append(_warehouse(home))
    return findings


def _versions() -> str:
    return ", ".join([f"Python {sys.version.split()[0]}", *(f"{name} {version(name)}" for name in _PACKAGES)])


def _configured(settings: Settings) -> str:
    found = [f"{name}={value}" for name, value in changed(settings).items()]
    return ", ".join(found) if found else "all at their defaults"


def _home(home: Home) -> Iterator[Finding]:
    if home.root.exists() and not home.root.is_dir():
        yield Finding("home", False, f"{home.root} is no folder; set LADDSTROM_HOME to one")
        return
    if not home.root.is_dir():
        yield Finding("home", True, f"{home.root} does not exist yet")
        return
    yield Finding("home", True, str(home.root))
    for folder in (home.restricted, home.keys):
        if folder.is_dir() and folder.stat().st_mode & 0o077:
            yield Finding("privacy", False, f"{folder} can be read by others; run `chmod 700 {folder}`")
    for name in ("pipeline", "lake", "warehouse"):
        if (pid := home.holder(name)) is not None:
            yield Finding("lock", True, f"{name} is held by process {pid}")


def _parts(home: Home) -> Iterator[Finding]:
    for name in ("gateway", "ocpi", "worker"):
        said = announce.read(home, name)
        if said is not None:
            what = said.get("url") or ("ready" if said.get("ready") else "not ready yet")
            yield Finding(name, True, f"process {said['pid']}, {what}")
        elif (home.run / f"{name}.json").exists():
            yield Finding(name, False, f"it died without a word to its supervisor; see {home.logs / name}.log")
        else:
            yield Finding(name, True, "does not run on this machine for this home")


def _kafka(settings: Settings, home: Home, bootstrap: str) -> Iterator[Finding]:
    with topics.admin(bootstrap, timeout_s=_REACH_S):
        pass
    ends = topics.end_offsets(bootstrap, topics.ALL)
    yield Finding("kafka", True, f"{bootstrap} answers ({'set' if settings.kafka.bootstrap_servers else 'embedded'})")
    counts = {name: sum(1 for topic, _ in ends if topic == name) for name in topics.ALL}
    missing = [name for name, count in counts.items() if not count]
    if missing:
        yield Finding("topics", True, f"not made yet: {', '.join(missing)}; any part makes them when it starts")
    elif len(set(counts.values())) > 1:
        yield Finding("topics", False, f"they differ in partitions ({counts}); make them anew with one number")
    else:
        yield Finding("topics", True, f"{len(counts)} with {counts[FRAMES]} partitions")
    behind = sum(topics.lag(bootstrap).values())
    has_worker = announce.read(home, "worker") is not None
    hint = "" if has_worker or not behind else "; no worker runs here: `laddstrom worker`"
    yield Finding("lag", has_worker or not behind, f"{behind} records wait for the worker{hint}")


def _lake(home: Home, bootstrap: str | None) -> Iterator[Finding]:
    manifest = Manifest(home)
    if manifest.is_empty:
        yield Finding("lake", True, "nothing was landed yet")
    else:
        yield Finding("lake", True, f"last landing {_ago(home.manifest.stat().st_mtime)}")
    if bootstrap is None:
        return
    waiting = 0
    for topic in _LANDED:
        ends = topics.end_offsets(bootstrap, [topic])
        generation = manifest.generations.get((topic, topics.topic_id(bootstrap, topic))) if ends else None
        for (_, partition), end in ends.items():
            landed = manifest.next_offset(topic, generation.generation, partition) if generation else 0
            waiting += end - landed
    yield Finding("landing", True, f"{waiting} records wait to be landed")


def _warehouse(home: Home) -> Finding:
    if not home.current.exists():
        has_landed = home.manifest.exists() and home.holder("pipeline") is None
        hint = "; run `laddstrom build`" if has_landed else ""
        return Finding("warehouse", not has_landed, f"nothing is published at {home.current}{hint}")
    from pipelines.warehouse import read

    try:
        read.connect_readonly(home).close()
    except read.NoWarehouseError as error:
        return Finding("warehouse", False, str(error))
    built = home.current.stat().st_mtime
    is_old = home.manifest.exists() and home.manifest.stat().st_mtime > built
    hint = "; something was landed since: `laddstrom build`" if is_old else ""
    return Finding("warehouse", True, f"{home.current.resolve()}, built {_ago(built)}{hint}")


def _guarded(name: str, look: Callable[[], Iterator[Finding]]) -> list[Finding]:
    try:
        return list(look())
    except (BrokerError, LakeError) as error:
        return [Finding(name, False, str(error))]


def _ago(moment: float) -> str:
    seconds = max(0, int(time.time() - moment))
    for size, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} seconds ago"

"""Versioned warehouse files and the pointer to the published one. Not here: what a build writes into a file.

A build appears under its own name only once it is whole and on disk; then `current.duckdb`, a relative
symlink, flips to it in one rename. Readers keep the file they opened.
"""

import os
import re
import time
from pathlib import Path

from pipelines.home import Home

KEEP_BUILDS = 3
KEEP_S = 24 * 3600
UNFINISHED = ".building"
_NAME = re.compile(r"laddstrom\.(\d+)\.duckdb")


def builds(home: Home) -> dict[int, Path]:
    """Finished builds by id, oldest first."""
    found = {}
    for path in home.builds.iterdir() if home.builds.is_dir() else ():
        if match := _NAME.fullmatch(path.name):
            found[int(match[1])] = path
    return dict(sorted(found.items()))


def published(home: Home) -> Path | None:
    """The published file by its versioned, absolute path; null before the first build or when it is gone."""
    try:
        return home.current.resolve(strict=True)
    except OSError:
        return None


def next_id(home: Home) -> int:
    """One above every build that is there or that the pointer names."""
    known = [*builds(home), 0]
    if home.current.is_symlink() and (match := _NAME.fullmatch(home.current.readlink().name)):
        known.append(int(match[1]))
    return max(known) + 1


def unfinished(home: Home, build_id: int) -> Path:
    """Where a build is written until it is whole."""
    return home.builds / f"laddstrom.{build_id:06d}.duckdb{UNFINISHED}"


def clear_unfinished(home: Home) -> None:
    """Delete what a build that died left behind; the caller holds the warehouse lock."""
    for path in home.builds.glob(f"laddstrom.*{UNFINISHED}*"):
        path.unlink()


def publish(home: Home, written: Path) -> Path:
    """Make a finished build durable and current; returns its final path."""
    _sync(written)
    final = written.with_name(written.name.removesuffix(UNFINISHED))
    written.replace(final)
    _sync(home.builds)
    pointer = home.current.with_name(f".{home.current.name}.{os.getpid()}")
    pointer.unlink(missing_ok=True)
    pointer.symlink_to(final.relative_to(home.root))
    pointer.replace(home.current)
    _sync(home.root)
    return final


def prune(home: Home, *, now: float | None = None) -> list[Path]:
    """Delete builds that are neither among the newest three, nor younger than a day, nor published."""
    current = published(home)
    age_from = (time.time() if now is None else now) - KEEP_S
    old = [
        path
        for path in list(builds(home).values())[:-KEEP_BUILDS]
        if path.resolve() != current and path.stat().st_mtime < age_from
    ]
    for path in old:
        path.unlink()
    return old


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""How a part says that it is ready: `run/<part>.json`, which its supervisor and `doctor` read."""

import json
import os

from pipelines.broker import ports
from pipelines.home import Home


def ready(home: Home, part: str, **what: object) -> None:
    """Say that this process serves as `part` now."""
    file = home.run / f"{part}.json"
    temporary = file.with_suffix(f".{os.getpid()}.tmp")
    temporary.write_text(json.dumps({"pid": os.getpid(), "ready": True, **what}), encoding="utf-8")
    temporary.replace(file)


def gone(home: Home, part: str) -> None:
    """Take it back."""
    (home.run / f"{part}.json").unlink(missing_ok=True)


def read(home: Home, part: str) -> dict[str, object] | None:
    """What the living process of a part says; a file left by a dead one counts as none."""
    try:
        said = json.loads((home.run / f"{part}.json").read_text(encoding="utf-8"))
        return said if ports.alive(int(said["pid"])) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None

"""Run as a program: replays copies of a home, killed before each durable step in turn."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

from dying import sweep

from pipelines.home import Home
from pipelines.replay.run import replay

if __name__ == "__main__":
    pristine, work = map(Path, sys.argv[1:])
    sweep(pristine, work, lambda root: replay(Home(root), token_key=Home(root).token_key()), again=False)

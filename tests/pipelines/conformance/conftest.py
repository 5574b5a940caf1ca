"""Lets these tests import `captures`, the reader of public logs beside the engine's tests."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "models"))

"""Lets the engine's tests import `captures`, the reader beside them (pytest's importlib mode adds no path)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

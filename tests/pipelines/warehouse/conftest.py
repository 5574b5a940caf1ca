"""Makes `small_lake` importable (importlib mode puts no test folder on the path) and hands out a lake."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import small_lake


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[small_lake.Lake]:
    """An empty lake."""
    made = small_lake.Lake(tmp_path)
    yield made
    made.close()

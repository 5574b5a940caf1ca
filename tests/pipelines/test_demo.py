"""What the demonstration may delete: only what a demonstration made."""

from pathlib import Path

import pytest

from pipelines import demo
from pipelines.home import HomeBusyError
from pipelines.settings import Settings


def emptied(root: Path) -> None:
    demo._emptied(Settings.model_validate({"home": root}))


def test_a_second_demonstration_empties_the_first_ones_home(tmp_path: Path) -> None:
    root = tmp_path / "demo"
    emptied(root)
    (root / "history.jsonl").write_text("old")
    (root / "lake" / "manifest.jsonl").write_text("old")
    emptied(root)
    assert not (root / "history.jsonl").exists()
    assert list((root / "lake").iterdir()) == [root / "lake" / "restricted"]


@pytest.mark.parametrize("file", ["thesis.odt", "demo", "keys/token.key", "lake/manifest.jsonl"])
def test_a_folder_of_anybodys_own_is_left_alone(tmp_path: Path, file: str) -> None:
    mine = tmp_path / file
    mine.parent.mkdir(exist_ok=True)
    mine.write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(demo.DemoError, match="LADDSTROM_HOME"):
        emptied(tmp_path)
    assert sorted(tmp_path.rglob("*")) == before
    assert mine.read_text() == "mine"


def test_a_kafka_of_anybodys_own_gets_no_made_up_data(tmp_path: Path) -> None:
    settings = Settings.model_validate({"home": tmp_path / "demo", "kafka": {"bootstrap_servers": "kafka:9092"}})
    with pytest.raises(demo.DemoError, match="unset LADDSTROM_KAFKA__BOOTSTRAP_SERVERS"):
        demo.run(settings, None)  # type: ignore[arg-type]
    assert not (tmp_path / "demo").exists()


def test_a_home_in_use_is_left_alone(tmp_path: Path) -> None:
    root = tmp_path / "demo"
    emptied(root)
    (root / "history.jsonl").write_text("in use")
    with Settings.model_validate({"home": root}).open_home().lock("pipeline"), pytest.raises(HomeBusyError):
        emptied(root)
    assert (root / "history.jsonl").exists()

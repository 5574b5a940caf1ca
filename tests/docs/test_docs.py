"""What the documents say is what the code does."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


def _generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["data-dictionary.md", "anomalies.md", "quirks.md", "cli.md"])
def test_generated_pages_are_current(page: str) -> None:
    written = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert written == _generator().PAGES[page](), "run `make docs`"


@pytest.mark.parametrize(
    "page", [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/**/*.md"))], ids=lambda path: path.name
)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_issues_that_quirks_rest_on_are_links() -> None:
    linked = _generator()._linked
    assert linked("evcc 10399 (Growatt); OCPP 1.6 errata 3.18.") == (
        "evcc [10399](https://github.com/evcc-io/evcc/issues/10399) (Growatt); OCPP 1.6 errata 3.18."
    )
    two = linked("EVerest/libocpp PR 298 and 688; x (EN+: 10,798 Wh).")
    assert two.startswith("EVerest/libocpp PR [298](https://github.com/EVerest/libocpp/issues/298) and [688](https://")
    assert two.endswith("/688); x (EN+: 10,798 Wh).")


def test_every_decision_is_listed() -> None:
    listed = (ROOT / "docs" / "adr" / "README.md").read_text(encoding="utf-8")
    for path in sorted((ROOT / "docs" / "adr").glob("0*.md")):
        assert f"({path.name})" in listed


def test_the_readme_names_only_commands_that_exist() -> None:
    from typer.main import get_command

    from pipelines.cli.app import app

    known = set(get_command(app).commands)  # type: ignore[attr-defined]
    named = set(re.findall(r"laddstrom ([a-z]+)", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert named <= known


def test_make_help_lists_every_target() -> None:
    targets = set(re.findall(r"^\.PHONY: (\w+)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    explained = set(re.findall(r"^(\w+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert targets == explained
    assert {"setup", "demo", "test", "check", "e2e", "bench", "docs", "help"} <= targets

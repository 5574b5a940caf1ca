"""Errors are one sentence on stderr; settings that cannot be used name their variable."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines import ocpi_tokens
from pipelines.home import Home
from pipelines.settings import Settings, SettingsInvalidError, listed


def run(tmp_path: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *arguments],
        env={**os.environ, "LADDSTROM_HOME": str(tmp_path / "home"), **settings},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("LADDSTROM_KAFKA__PARTITIONS", "many"),
        ("LADDSTROM_PRIVACY__TOKENS", "open"),
        ("LADDSTROM_GATEWAY__HEARTBEAT_S", "0"),
    ],
)
def test_a_bad_setting_names_its_variable(tmp_path: Path, variable: str, value: str) -> None:
    done = run(tmp_path, "doctor", **{variable: value})
    assert done.returncode == 2
    assert done.stderr.startswith(f"Error: {variable} cannot be used")
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_bad_toml_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "laddstrom.toml").write_text("kafka = [")
    done = run(tmp_path, "doctor")
    assert done.returncode == 2
    assert "laddstrom.toml" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_toml_file_sets_what_the_environment_does_not(tmp_path: Path) -> None:
    (tmp_path / "laddstrom.toml").write_text('[kafka]\nbootstrap_servers = "127.0.0.1:1"\n')
    assert "nothing listens at 127.0.0.1:1" in run(tmp_path, "doctor").stdout
    other = run(tmp_path, "doctor", LADDSTROM_KAFKA__BOOTSTRAP_SERVERS="127.0.0.1:2")
    assert "nothing listens at 127.0.0.1:2" in other.stdout


def test_no_warehouse_names_the_path_and_what_to_run(tmp_path: Path) -> None:
    done = run(tmp_path, "sql", "select 1")
    assert done.returncode == 1
    assert str(tmp_path / "home" / "current.duckdb") in done.stderr
    assert "laddstrom process" in done.stderr
    assert not (tmp_path / "home").exists()


def test_debug_shows_where_an_error_came_from(tmp_path: Path) -> None:
    assert "Traceback" in run(tmp_path, "sql", "select 1", LADDSTROM_DEBUG="1").stderr


def test_a_list_is_words_or_the_lines_of_a_file(tmp_path: Path) -> None:
    assert listed(None) is None
    assert listed("a, b,,c") == {"a", "b", "c"}
    file = tmp_path / "stations"
    file.write_text("# ours\nCP-1\n\nCP 2 \n")
    assert listed(str(file)) == {"CP-1", "CP 2"}


def test_the_ocpi_token_is_made_once_and_kept_private(home: Home) -> None:
    nothing_set = Settings.model_validate({"home": home.root})
    [token] = ocpi_tokens.resolve(nothing_set, home, "127.0.0.1")
    assert ocpi_tokens.resolve(nothing_set, home, "localhost") == {token}
    assert (home.keys / "ocpi.token").stat().st_mode & 0o777 == 0o600
    with pytest.raises(SettingsInvalidError, match="LADDSTROM_OCPI__TOKENS"):
        ocpi_tokens.resolve(nothing_set, home, "0.0.0.0")
    is_set = Settings.model_validate({"home": home.root, "ocpi": {"tokens": "one,two"}})
    assert ocpi_tokens.resolve(is_set, home, "0.0.0.0") == {"one", "two"}


def test_a_lock_names_its_holder(home: Home) -> None:
    assert home.holder("pipeline") is None
    with home.lock("pipeline"):
        assert home.holder("pipeline") == str(os.getpid())
    assert home.holder("pipeline") is None


def test_a_home_that_is_a_file_is_said_and_left_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.write_text("mine")
    log = tmp_path / "log.txt"
    log.write_text('CP-1 : [2,"1","Heartbeat",{}]\n')
    for command in (("process", str(log)), ("build",), ("replay",)):
        done = run(tmp_path, *command)
        assert done.returncode == 2, command
        assert "set LADDSTROM_HOME to a folder that you can write" in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
    assert home.read_text() == "mine"
    looked = run(tmp_path, "doctor")
    assert looked.returncode == 1
    assert f"WRONG home      {home} is no folder; set LADDSTROM_HOME to one" in looked.stdout
    assert looked.stderr == ""


def test_doctor_opens_the_warehouse(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").create()
    build = home.builds / "laddstrom.000001.duckdb"
    build.write_text("no database")
    home.current.symlink_to(build.relative_to(home.root))
    done = run(tmp_path, "doctor")
    assert done.returncode == 1
    [said] = [line for line in done.stdout.splitlines() if line.startswith("WRONG")]
    assert "cannot be opened as a DuckDB file" in said
    assert said.endswith("run `laddstrom build`")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("none.jsonl", "does not exist; correct the path"), ("folder", "is a folder; name the files in it")],
)
def test_without_a_file_the_formats_are_not_recited(tmp_path: Path, name: str, sentence: str) -> None:
    (tmp_path / "folder").mkdir()
    done = run(tmp_path, "process", name)
    assert done.returncode == 2
    assert done.stderr == f"Error: {name} {sentence}\n"
    assert not (tmp_path / "home").exists()


def test_a_url_that_is_no_websocket_is_wrong_usage(tmp_path: Path) -> None:
    done = run(tmp_path, "simulate", "http://127.0.0.1:9000")
    assert done.returncode == 2
    assert "name one such as ws://127.0.0.1:9000/ocpp" in done.stderr
    assert "defect" not in done.stderr

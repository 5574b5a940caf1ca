"""Settings out of the environment and `laddstrom.toml`: every form of a list, and nothing misspelt passes silently."""

from pathlib import Path

import pytest

from pipelines import settings
from pipelines.settings import SettingsInvalidError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, in which `laddstrom.toml` is looked for."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def stations() -> frozenset[str] | None:
    return settings.listed(settings.load().gateway.stations)


@pytest.mark.parametrize("value", ["A,B", " A , B,", '["A", "B"]'])
def test_a_list_in_the_environment(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("LADDSTROM_GATEWAY__STATIONS", value)
    assert stations() == {"A", "B"}


@pytest.mark.parametrize("value", ['"A,B"', '["A", "B"]'])
def test_a_list_in_the_file(folder: Path, value: str) -> None:
    (folder / "laddstrom.toml").write_text(
        f"[gateway]\nstations = {value}\ntokens = {value}\n[ocpi]\ntokens = {value}\n"
        '[kafka]\nbootstrap_servers = ["one:9092", "two:9092"]\n'
    )
    found = settings.load()
    secret = found.ocpi.tokens.get_secret_value() if found.ocpi.tokens else None
    assert [settings.listed(it) for it in (found.gateway.stations, found.gateway.tokens, secret)] == [{"A", "B"}] * 3
    assert found.kafka.bootstrap_servers == "one:9092,two:9092"


def test_a_list_longer_than_a_file_name_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [f"STATION-{number}" for number in range(5_000)]
    monkeypatch.setenv("LADDSTROM_GATEWAY__STATIONS", ",".join(many))
    assert stations() == set(many)


def test_a_list_in_a_file_of_its_own_as_windows_writes_it(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    (folder / "stations.txt").write_bytes(b"\xef\xbb\xbfA\r\n# not yet\r\nB\r\n")
    monkeypatch.setenv("LADDSTROM_GATEWAY__STATIONS", "stations.txt")
    assert stations() == {"A", "B"}


@pytest.mark.parametrize("value", ["/no/such/stations", "stations.txt", "."])
def test_a_file_that_is_not_there_is_no_station(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("LADDSTROM_GATEWAY__STATIONS", f"{value}/" if value == "." else value)
    with pytest.raises(SettingsInvalidError, match="LADDSTROM_GATEWAY__STATIONS cannot be used: there is no file"):
        settings.load()


def test_a_misspelt_setting_is_refused_with_the_nearest(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    (folder / "laddstrom.toml").write_text('[kafka]\nbootstrap_server = "one:9092"\n')
    with pytest.raises(SettingsInvalidError, match=r"no setting .*; did you mean LADDSTROM_KAFKA__BOOTSTRAP_SERVERS\?"):
        settings.load()
    (folder / "laddstrom.toml").unlink()
    monkeypatch.setenv("LADDSTROM_OCPI__TOKEN", "secret")
    with pytest.raises(SettingsInvalidError, match=r"LADDSTROM_OCPI__TOKENS\?") as refused:
        settings.load()
    assert "secret" not in str(refused.value)


def test_an_unknown_time_zone_is_refused_before_anything_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LADDSTROM_REPORT__TIMEZONE", "Mars/Olympus")
    with pytest.raises(SettingsInvalidError, match=r"LADDSTROM_REPORT__TIMEZONE cannot be used: .*Europe/Stockholm"):
        settings.load()


def test_an_empty_variable_is_none_set(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    for name in settings.names():
        monkeypatch.setenv(name, "")
    found = settings.load()
    assert found.gateway.stations is None
    assert found.locate_home().root == folder / ".laddstrom"
    assert found.kafka.bootstrap_servers is None


def test_a_tilde_in_the_home_is_the_users_folder(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("LADDSTROM_HOME", "~/charging")
    assert settings.load().locate_home().root == folder / "charging"


def test_changed_settings_are_told_and_tokens_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings.changed(settings.load()) == {}
    monkeypatch.setenv("LADDSTROM_REPORT__TIMEZONE", "Europe/Stockholm")
    monkeypatch.setenv("LADDSTROM_GATEWAY__TOKENS", "04D1E108D72F9F")
    monkeypatch.setenv("LADDSTROM_OCPI__TOKENS", "partner-secret")
    assert settings.changed(settings.load()) == {
        "LADDSTROM_REPORT__TIMEZONE": "Europe/Stockholm",
        "LADDSTROM_GATEWAY__TOKENS": "***",
        "LADDSTROM_OCPI__TOKENS": "***",
    }

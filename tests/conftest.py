"""Fixtures that every test may use: a home, the shared input data, and real brokers of both makes."""

import os
from collections import defaultdict
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from planted import History, process

from pipelines.broker import apache, embedded
from pipelines.broker.errors import BrokerError
from pipelines.home import Home

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"
REQUIRE_KAFKA = bool(os.environ.get("LADDSTROM_REQUIRE_KAFKA"))
_passed: dict[str, set[str]] = defaultdict(set)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("LADDSTROM_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty home folder of this test."""
    return Home(tmp_path / "home").create()


@pytest.fixture
def shared_data() -> Path:
    """The folder with other people's captures, beside the repository."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"the shared input data is not at {SHARED_DATA}")
    return SHARED_DATA


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    """Two weeks of a small network, processed and published once for all tests that only read."""
    return process(tmp_path_factory.mktemp("history"))


@pytest.fixture
def embedded_broker(tmp_path: Path) -> Iterator[str]:
    """The address of a fresh embedded broker with no topics."""
    broker = embedded.start(Home(tmp_path / "embedded-broker"))
    yield broker.address
    broker.stop()


@pytest.fixture(scope="session")
def _kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[apache.ApacheKafka]:
    try:
        kafka = apache.start(tmp_path_factory.mktemp("kafka"))
    except BrokerError as error:
        if REQUIRE_KAFKA:
            pytest.fail(f"LADDSTROM_REQUIRE_KAFKA is set: {error}", pytrace=False)
        pytest.skip(f"no Apache Kafka: {error}")
    yield kafka
    kafka.stop()


@pytest.fixture
def apache_broker(_kafka: apache.ApacheKafka) -> str:
    """The address of the session's Apache Kafka, emptied of topics and groups."""
    apache.empty(_kafka.address)
    return _kafka.address


@pytest.fixture(params=["embedded", "apache"])
def broker(request: pytest.FixtureRequest) -> str:
    """The address of a broker without topics; the test runs once on each make."""
    address: str = request.getfixturevalue(f"{request.param}_broker")
    return address


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note on which broker a test ran; the note travels with the report to the process that counts."""
    report = yield
    make = getattr(item, "callspec", None) and item.callspec.params.get("broker")  # type: ignore[attr-defined]
    if make:
        report.user_properties.append(("broker", make))
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Count what passed on which broker; a test once, however many subtests it reports."""
    make = dict(report.user_properties).get("broker")
    if make and report.when == "call" and report.passed:
        _passed[str(make)].add(report.nodeid)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Say it as the very last line, after pytest's own; nothing where no test asked for a broker."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if terminal is not None and _passed and not hasattr(config, "workerinput"):
        terminal.write_line(f"real Kafka: {len(_passed['apache'])} tests, embedded: {len(_passed['embedded'])}")

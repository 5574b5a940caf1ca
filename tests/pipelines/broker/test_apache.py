"""Apache Kafka on this machine."""

from pathlib import Path

import pytest
import yaml
from kafka import KafkaProducer

from models.log import FRAMES
from pipelines.broker import apache, topics
from pipelines.broker.errors import BrokerStartError


def test_what_was_written_survives_a_restart(tmp_path: Path, apache_broker: str) -> None:
    # apache_broker: only to skip where Java or Maven is missing
    kafka = apache.start(tmp_path)
    topics.ensure(kafka.address, 1)
    identity = topics.topic_id(kafka.address, FRAMES)
    producer = KafkaProducer(bootstrap_servers=kafka.address, acks="all")
    producer.send(FRAMES, b"frame").get(10)
    producer.close()
    kafka.stop()
    kafka.stop()
    again = apache.start(tmp_path)
    try:
        assert topics.topic_id(again.address, FRAMES) == identity
        assert topics.end_offsets(again.address, [FRAMES]) == {(FRAMES, 0): 1}
        assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    finally:
        again.stop()


def test_a_second_one_on_the_same_port_is_refused(tmp_path: Path, apache_broker: str) -> None:
    port = int(apache_broker.rpartition(":")[2])
    with pytest.raises(BrokerStartError, match="listens at"):
        apache.start(tmp_path, port=port)


def test_a_second_one_on_the_same_folder_is_refused_before_it_touches_anything(
    tmp_path: Path, apache_broker: str
) -> None:
    kafka = apache.start(tmp_path)
    try:
        with pytest.raises(BrokerStartError, match="another Kafka runs on"):
            apache.start(tmp_path)
    finally:
        kafka.stop()
    apache.start(tmp_path).stop()


def test_a_kafka_that_cannot_start_says_its_last_words(tmp_path: Path, apache_broker: str) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "meta.properties").write_text("version=1\ncluster.id=x\nnode.id=99\n")
    with pytest.raises(BrokerStartError, match=r"Kafka did not start: .*99"):
        apache.start(tmp_path)


@pytest.mark.parametrize(("missing", "sentence"), [("java", "install Java 17"), ("mvn", "install Maven")])
def test_missing_programs_are_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str, sentence: str
) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in {"java", "mvn"} - {missing}:
        (tools / name).write_text("#!/bin/sh\nexit 1\n")
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tools))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(BrokerStartError, match=sentence):
        apache.start(tmp_path / "kafka")


def test_jars_that_cannot_be_fetched_are_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "java").write_text("#!/bin/sh\nexit 0\n")
    (tools / "mvn").write_text("#!/bin/sh\necho '[ERROR] Could not transfer artifact'\nexit 1\n")
    for tool in tools.iterdir():
        tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(BrokerStartError, match=r"Maven could not fetch .* Could not transfer artifact"):
        apache.start(tmp_path / "kafka")


def test_the_compose_file_has_the_same_settings_and_version() -> None:
    deploy = apache.POM.parents[1]
    service = yaml.safe_load((deploy / "compose.yaml").read_text())["services"]["kafka"]
    said = {name: value for name, value in service["environment"].items() if name.startswith("KAFKA_")}
    expected = {f"KAFKA_{name.upper().replace('.', '_')}": value for name, value in apache.SETTINGS.items()}
    assert said | expected == said
    version = service["image"].rpartition(":")[2]
    assert f"<artifactId>kafka_2.13</artifactId>\n      <version>{version}</version>" in apache.POM.read_text()

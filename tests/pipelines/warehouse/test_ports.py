from pathlib import Path

import pytest

from pipelines.warehouse import ports


def test_no_file_joins_nothing(tmp_path: Path) -> None:
    assert ports.read(tmp_path) == ()


def test_connectors_are_read_with_either_name_of_the_station(tmp_path: Path) -> None:
    (tmp_path / ports.FILE).write_text(
        "\ufeffcharge_point_id,port_id,connector_id,type\nCP1,1,2,CCS\n", encoding="utf-8"
    )
    assert ports.read(tmp_path) == ({"station_id": "CP1", "connector_id": 2, "port_id": "1"},)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"station,connector_id,port_id\n", "needs the columns"),
        (b"", "needs the columns"),
        (b"station_id,connector_id,port_id\nCP1,one,1\n", "line 2: connector_id 'one' is no whole number"),
        (b"station_id,connector_id,port_id\nCP1,1,\n", "line 2: a station and a port are needed"),
        (b"station_id,connector_id,port_id\n\xff,1,1\n", "no CSV file in UTF-8"),
    ],
)
def test_what_is_no_map_of_ports_is_refused_with_the_place(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / ports.FILE).write_bytes(content)
    with pytest.raises(ports.PortsError, match=said):
        ports.read(tmp_path)

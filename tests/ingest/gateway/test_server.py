"""The gateway over real WebSockets: who gets in, what is recorded, how it ends."""

import contextlib
import json
import time

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from ingest.gateway.config import GatewayConfigError
from ingest.gateway.csms import Csms

BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}


def status_of(gateway, path, **options):
    with pytest.raises(InvalidStatus) as refused:
        connect(gateway.url.removesuffix("/ocpp") + path, **options)
    return refused.value.response.status_code


def test_records_open_call_answer_and_close_in_order_byte_for_byte(gateway, log):
    frame = '[2, "b-1" ,"BootNotification",{"chargePointVendor":"Ångström","chargePointModel":"M"}]'
    with gateway.connect("recorded", user_agent_header="Charger/1.0") as station:
        station.send(frame)
        answer = station.recv(10)
        station.close(1000, "bye")
    opened, asked, answered, closed = log.wait_for_close("recorded")
    assert [entry.meta.ordinal for entry in (opened, asked, answered, closed)] == [0, 1, 2, 3]
    assert [entry.meta.kind for entry in (opened, asked, answered, closed)] == ["open", "frame", "frame", "close"]
    assert asked.value == frame.encode()
    assert answered.value.decode() == answer
    assert (asked.meta.direction, answered.meta.direction) == ("cp-to-csms", "csms-to-cp")
    assert opened.note["subprotocols"] == ["ocpp1.6"]
    assert opened.note["user_agent"] == "Charger/1.0"
    assert opened.note["remote"].startswith("127.0.0.1:")
    assert closed.note == {"code": 1000, "reason": "bye", "by": "station"}
    assert len({entry.meta.source for entry in (opened, asked, answered, closed)}) == 1
    assert opened.meta.source.startswith("live-")
    assert opened.meta.source.endswith(f"-{opened.meta.connection}")
    assert asked.meta.protocol == "ocpp1.6"
    times = [entry.meta.received_at_us for entry in (opened, asked, answered, closed)]
    assert times == sorted(times)
    assert abs(times[0] / 1e6 - time.time()) < 60


def test_each_connection_has_a_source_of_its_own(gateway, log):
    for _ in range(2):
        gateway.connect("twice").close()
        time.sleep(0.1)
    entries = log.wait_for_close("twice", 2)
    assert len({entry.meta.source for entry in entries}) == 2
    assert [entry.meta.ordinal for entry in entries] == [0, 1, 0, 1]


@pytest.mark.parametrize(
    ("typed", "station_id"),
    [("CP%20%C3%85", "CP Å"), ("site/CP1", "site/CP1"), ("a%2Fb", "a/b"), ("slashed/", "slashed"), ("q?token=x", "q")],
)
def test_station_id_is_the_percent_decoded_rest_of_the_path(gateway, log, typed, station_id):
    gateway.connect(typed).close()
    assert log.wait_for_close(station_id)


@pytest.mark.parametrize(
    "path", ["/ocpp/", "/ocpp", "/", "/other/CP1", "/ocpp/" + "x" * 256, "/ocpp/%ff", "/ocpp/a%00b", "/ocpp/%0a"]
)
def test_paths_without_a_station_id_are_404(gateway, path):
    assert status_of(gateway, path, subprotocols=["ocpp1.6"]) == 404


def test_unknown_subprotocols_or_none_are_refused(gateway):
    assert status_of(gateway, "/ocpp/CP", subprotocols=["ocpp2.0", "mqtt"]) == 400
    assert status_of(gateway, "/ocpp/CP") == 400


def test_a_list_with_a_known_subprotocol_picks_the_stations_first(gateway):
    with connect(f"{gateway.url}/several", subprotocols=["ocpp9", "ocpp2.1", "ocpp1.6"]) as station:
        assert station.subprotocol == "ocpp2.1"


def test_a_setting_lets_stations_without_subprotocol_in_as_16(start, log):
    gateway = start(allow_no_subprotocol=True)
    with connect(f"{gateway.url}/silent") as station:
        assert station.subprotocol is None
        station.send(json.dumps([2, "1", "BootNotification", BOOT]))
        assert json.loads(station.recv(10))[2]["status"] == "Accepted"
    assert log.wait_for_close("silent")[1].meta.protocol == "ocpp1.6"
    assert status_of(gateway, "/ocpp/CP", subprotocols=["ocpp2.0"]) == 400


def test_station_list_refuses_others(start):
    gateway = start(stations=frozenset({"known"}))
    gateway.connect("known").close()
    assert status_of(gateway, "/ocpp/stranger", subprotocols=["ocpp1.6"]) == 404
    assert status_of(gateway, "/ocpp/KNOWN", subprotocols=["ocpp1.6"]) == 404


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.0.2.1"])
def test_listening_beyond_loopback_without_a_station_list_refuses_to_start(start, host):
    with pytest.raises(GatewayConfigError, match="LADDSTROM_GATEWAY__STATIONS"):
        start(host=host)


def test_beyond_loopback_no_token_is_good_unless_listed(start):
    gateway = start(host="0.0.0.0", stations=frozenset({"outside"}))
    url = gateway.url.replace("0.0.0.0", "127.0.0.1")
    with connect(f"{url}/outside", subprotocols=["ocpp1.6"]) as station:
        station.send('[2,"1","Authorize",{"idTag":"CARD"}]')
        assert json.loads(station.recv(10))[2] == {"idTagInfo": {"status": "Invalid"}}


def test_plain_http_is_turned_away_with_a_status(gateway):
    base = gateway.url.replace("ws://", "http://")
    assert httpx.get(f"{base}/CP", headers={"Sec-WebSocket-Protocol": "ocpp1.6"}).status_code == 426
    assert httpx.get(f"{base}/CP").status_code == 400


def test_stopping_closes_stations_with_1012_and_records_it(start, log):
    gateway = start()
    with gateway.connect("stopped") as station:
        assert gateway.call(station, "BootNotification", BOOT)[0] == 3
        gateway.stop()
        with pytest.raises(ConnectionClosed) as closed:
            station.recv(10)
    assert closed.value.rcvd.code == 1012
    assert log.station("stopped")[-1].note["code"] == 1012
    with pytest.raises(ConnectionRefusedError):
        gateway.connect("late")


def test_what_was_read_before_a_stop_is_still_answered(start, log):
    gateway = start()
    with gateway.connect("busy") as station:
        for number in range(200):
            station.send(json.dumps([2, str(number), "Heartbeat", {}]))
        answers = [json.loads(station.recv(10))]
        gateway.stop()
        with contextlib.suppress(ConnectionClosed):
            while True:
                answers.append(json.loads(station.recv(10)))
    entries = log.station("busy")
    asked = [entry for entry in entries if entry.meta.direction == "cp-to-csms"]
    assert len(answers) == len(asked)
    assert len([entry for entry in entries if entry.meta.direction == "csms-to-cp"]) == len(answers)


def test_compression_is_spoken_and_what_is_recorded_is_not_compressed(gateway, log):
    with gateway.connect("deflated", compression="deflate") as station:
        assert "permessage-deflate" in station.response.headers["Sec-WebSocket-Extensions"]
        assert "server_no_context_takeover" in station.response.headers["Sec-WebSocket-Extensions"]
        frame = json.dumps([2, "1", "DataTransfer", {"vendorId": "v", "data": "x" * 3000}])
        station.send(frame)
        assert json.loads(station.recv(10))[2] == {"status": "UnknownVendorId"}
    assert log.wait_for_close("deflated")[1].value == frame.encode()


def test_a_fragmented_message_is_one_frame(gateway, log):
    with gateway.connect("fragments") as station:
        station.send(iter(['[2,"1",', '"Heart', 'beat",{}]']))
        assert json.loads(station.recv(10))[0] == 3
    assert log.wait_for_close("fragments")[1].value == b'[2,"1","Heartbeat",{}]'


def test_a_defect_of_ours_ends_no_connection_and_logs_no_card_number(start, log, monkeypatch, caplog):
    card, whole = "04D1E108D72F9F", Csms.answer

    async def planted_defect(self, station_id, protocol, frame):
        if card.encode() in frame:
            raise ValueError(f"cannot read {card}")
        return await whole(self, station_id, protocol, frame)

    monkeypatch.setattr(Csms, "answer", planted_defect)
    with start().connect("unlucky") as station:
        station.send(json.dumps([2, "1", "Authorize", {"idTag": card}]))
        station.send('[2,"2","Heartbeat",{}]')
        assert json.loads(station.recv(10))[1] == "2"
    assert "answering a frame failed" in caplog.text
    assert "ValueError" in caplog.text
    assert card not in caplog.text
    assert card.encode() in log.station("unlucky")[1].value

"""Quirks 1 to 13 of the field: identity, ids and retries."""

from captures import Wire, at


def test_quirk_01_an_offline_station_says_minus_one_for_all_of_a_session() -> None:
    """A station that was offline never learns the transactionId and says -1 in all of its messages.

    Source: OCPP 1.6 errata 3.18; EVerest/libocpp 495; MicroOcpp 50; c-jimenez/open-ocpp 24.
    We: -1 is no key; samples and stop are bound by connector, time and meter, so two such sessions stay two.
    """
    wire = Wire()
    for begin, meter in ((0, 1000), (4000, 5000)):
        wire.start(seconds=begin, timestamp=at(begin), meterStart=meter)
        wire.meter(meter + 500, seconds=begin + 60, transaction_id=-1)
        wire.stop(-1, seconds=begin + 3600, timestamp=at(begin + 3600), meterStop=meter + 1500)
    assert [(s.energy_wh, s.is_open) for s in wire.sessions()] == [(1500, False), (1500, False)]


def test_quirk_02_negative_ids_tell_offline_sessions_apart_and_outlive_the_answer() -> None:
    """Negative local ids tell several offline sessions apart; some stations keep theirs although they were answered.

    Source: EVerest/libocpp PR 551; lbbrhzn/ocpp 1000 (Etrel Inch).
    We: a negative id is no key; it is bound by connector, time and meter, also beside the id of the answer.
    """
    wire = Wire()
    wire.start(77, timestamp=at(0))
    wire.meter(1500, seconds=60, transaction_id=-5)
    wire.stop(-5, seconds=3600, meterStop=3000)
    wire.start(78, seconds=4000, timestamp=at(4000), meterStart=3000)
    wire.stop(-6, seconds=5000, timestamp=at(5000), meterStop=3700)
    assert [(s.energy_wh, s.is_open) for s in wire.sessions()] == [(2000, False), (700, False)]


def test_quirk_03_the_largest_integer_as_an_id_means_none() -> None:
    """Idle MeterValues carry transactionId 9223372036854775807.

    Source: lbbrhzn/ocpp 45 (Alfen).
    We: the largest integers of 32 and 64 bits mean no transaction.
    """
    wire = Wire()
    wire.meter(900, seconds=0, transaction_id=9223372036854775807)
    wire.start(7, seconds=10, timestamp=at(10))
    wire.stop(7, seconds=3600)
    wire.meter(3000, seconds=3700, transaction_id=9223372036854775807)
    assert [(s.transaction_id, s.energy_wh) for s in wire.sessions()] == [("7", 2000)]


def test_quirk_04_zero_is_no_key() -> None:
    """A system hands transactionId 0 to everyone; Delta sends 0 in its stops.

    Source: sap-labs-france/ev-server `bypassStopTransaction`; woopstar/hsem PR 907.
    We: 0 is no key: the stop ends the session that its card, time and meter fit.
    """
    wire = Wire()
    wire.start(0, connectorId=1, idTag="A", meterStart=1000)
    wire.start(0, connectorId=2, idTag="B", meterStart=8000, seconds=20, timestamp=at(20))
    wire.stop(0, idTag="B", meterStop=9000, seconds=1800, timestamp=at(1800))
    wire.stop(0, idTag="A", meterStop=3000, seconds=3600)
    assert {(s.connector_id, s.energy_wh) for s in wire.sessions()} == {(1, 2000), (2, 1000)}


def test_quirk_05_a_system_that_always_answers_one_does_not_merge_sessions() -> None:
    """The CSMS answers transactionId 1 to every start, or begins its sequence again.

    Source: citrineos-core 172.
    We: the session's identity is station, connector and start; an id met again is a new session's.
    """
    wire = Wire()
    for number in range(3):
        begin = number * 4000
        wire.start(1, seconds=begin, timestamp=at(begin), meterStart=1000 * number)
        wire.stop(1, seconds=begin + 3600, timestamp=at(begin + 3600), meterStop=1000 * number + 400)
    assert [s.energy_wh for s in wire.sessions()] == [400, 400, 400]
    assert len({s.session_id for s in wire.sessions()}) == 3


def test_quirk_07_a_retry_with_the_same_message_id_is_the_same_message() -> None:
    """A message is sent again with the same id and payload.

    Source: MicroOcpp 50; OCPP 2.1 Part 4 section 4.1.4 (a retry may use the id again).
    We: equal start and equal stop count once.
    """
    wire = Wire()
    asked = {"connectorId": 1, "idTag": "CARD", "meterStart": 1000, "timestamp": at(0)}
    ended = {"transactionId": 7, "meterStop": 3000, "timestamp": at(3600), "reason": "Remote"}
    for _ in range(2):
        wire.started(wire.call("StartTransaction", asked, "m-1"), 7)
    for _ in range(3):
        wire.answer(wire.call("StopTransaction", ended, "m-2"), {})
    assert [(s.energy_wh, s.is_open) for s in wire.sessions()] == [(2000, False)]

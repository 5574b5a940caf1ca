"""Samples that wait for others say the same as samples that are folded one by one, whatever comes between them."""

import msgspec
import pytest
from captures import KEY, Folded, Wire, at
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.sessions import steady
from models.state import StationState, UndrainedError, encode
from models.step import Context, drain, step

IDS = {1: 7, 2: 8}
PLAIN = {"registers": "{:.4f}", "unit": "kWh", "power": "108.0", "interval": "0.2851"}


def sampled(value: str, measurand: str | None, unit: str | None, **fields: str) -> dict:
    named = {"measurand": measurand, "unit": unit, "context": "Sample.Periodic", "format": "Raw"} | fields
    return {"value": value} | {key: value for key, value in named.items() if value is not None}


def message(wire: Wire, seconds: float, connector: int, wh: float, **how: object) -> None:
    """One message of samples, as most chargers write them; `how` says what is odd about it."""
    how = PLAIN | how
    value = how.get("text") or how["registers"].format(wh / 1000 if how["unit"] == "kWh" else wh)
    samples = [
        sampled("625.4", "Voltage", "V"),
        sampled(value, how.get("measurand", "Energy.Active.Import.Register"), how["unit"], **how.get("fields", {})),
    ]
    if how["interval"] is not None:
        samples.append(sampled(how["interval"], "Energy.Active.Import.Interval", "kWh"))
    if how["power"] is not None:
        samples.append(sampled(how["power"], "Power.Active.Import", "kW"))
    values = [{"timestamp": how.get("timestamp", at(seconds)), "sampledValue": samples}] * how.get("times", 1)
    payload = {"connectorId": connector, "transactionId": how.get("id", IDS[connector]), "meterValue": values}
    wire.call("MeterValues", payload, seconds=seconds + how.get("lag", 0.2))


def begun(boots: bool = False) -> tuple[Wire, float]:
    """Two sessions, sampled for a while: from then on their samples may wait."""
    wire = Wire()
    for connector, transaction_id in IDS.items():
        wire.start(transaction_id, connectorId=connector, meterStart=1000, timestamp=at(0), seconds=0.2)
    seconds = 0.0
    for number in range(1, 13):
        seconds = 10.0 * number
        for connector in IDS:
            message(wire, seconds, connector, 1000 + 285 * number)
    return wire, seconds


def run(wire: Wire, *, drain_every: int = 0) -> tuple[list[bytes], list, list]:
    """Every fact that was said, with its version, in any order; the refusals; the state."""
    state, context = StationState(station_id=wire.station), Context(KEY)
    said, refused = [], []
    for number, record in enumerate(wire.records, 1):
        refused.append(step(state, record, context))
        if drain_every and number % drain_every == 0:
            said += [msgspec.json.encode(fact) for fact in drain(state)]
    said += [msgspec.json.encode(fact) for fact in drain(state)]
    return sorted(said), refused, msgspec.msgpack.decode(encode(state), strict=False)


def declined(*_: object) -> bool:
    return False


def assert_same(wire: Wire, *, drain_every: int = 0) -> None:
    waited = run(wire, drain_every=drain_every)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(steady, "queue", declined)
        assert waited == run(wire, drain_every=drain_every)


TEXTS = ["NaN", "inf", "-3", "0", "1_0", " 1 ", "1e400", "1e-60", "x", "9" * 45, "0.00", "17.0e0"]
ODD = st.one_of(
    st.builds(lambda value: {"power": value}, st.sampled_from([None, *TEXTS])),
    st.builds(lambda value: {"interval": value}, st.sampled_from([None, *TEXTS])),
    st.builds(lambda value: {"text": value}, st.sampled_from(TEXTS)),
    st.sampled_from(
        [
            {"unit": "Wh"},
            {"unit": None},
            {"unit": "kwh"},
            {"unit": "furlong"},
            {"measurand": None},
            {"measurand": ""},
            {"measurand": "Power.Active.Import"},
            {"fields": {"context": "Transaction.Begin"}},
            {"fields": {"context": "Sample.Clock"}},
            {"fields": {"phase": "L1"}},
            {"fields": {"format": "SignedData"}},
            {"fields": {"location": "Body"}},
            {"timestamp": "2023-11-14T22:13:20"},
            {"timestamp": "yesterday"},
            {"timestamp": at(9000)},
            {"timestamp": at(30)},
            {"id": 99},
            {"id": None},
            {"times": 2},
            {"times": 0},
            {"lag": 45},
        ]
    ),
)
BETWEEN = st.sampled_from(["heartbeat", "status", "fault", "boot", "profile", "stop", "start", "remote", "odd answer"])
STEPS = st.lists(
    st.tuples(
        st.sampled_from([1, 2]),
        st.sampled_from([0.0, 1.0, 9.5, 10.0, 61.0, 400.0, 4000.0]),
        st.sampled_from([0, 1, 285, 285, 285, 21_000, 90_000, -50, -3000]),
        st.one_of(st.just({}), st.just({}), ODD),
        st.one_of(st.none(), st.none(), st.none(), BETWEEN),
    ),
    min_size=1,
    max_size=30,
)


def said_between(wire: Wire, what: str, connector: int, seconds: float, wh: float) -> None:
    if what == "heartbeat":
        wire.answer(wire.call("Heartbeat", {}, seconds=seconds), {"currentTime": at(seconds)}, seconds=seconds)
    elif what == "status":
        wire.status("SuspendedEV", connector=connector, seconds=seconds)
    elif what == "fault":
        wire.status("Faulted", "GroundFailure", connector=connector, seconds=seconds)
    elif what == "boot":
        wire.call("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}, seconds=seconds)
    elif what == "profile":
        wire.add([2, f"p{len(wire.records)}", "SetChargingProfile", {"connectorId": connector}], "csms-to-cp", seconds)
    elif what == "stop":
        wire.stop(IDS[connector], seconds=seconds, meterStop=int(wh), timestamp=at(seconds))
    elif what == "start":
        wire.start(
            IDS[connector] + 10, seconds=seconds, connectorId=connector, meterStart=int(wh), timestamp=at(seconds)
        )
    elif what == "remote":
        wire.add([2, f"r{len(wire.records)}", "RemoteStartTransaction", {"idTag": "CARD"}], "csms-to-cp", seconds)
    else:
        wire.answer(f"m{len(wire.records) - 1}", {}, seconds=seconds)


@settings(deadline=None, max_examples=150)
@given(STEPS, st.sampled_from([0, 0, 1, 3, 7]))
@example([(1, 10.0, 285, {"text": "NaN"}, None), (1, 10.0, 285, {}, None)], 0)
@example([(1, 10.0, 285, {"text": "NaN"}, None), (1, 400.0, 285, {}, None)], 0)
@example([(1, 10.0, 285, {}, "status"), (1, 10.0, 285, {"text": "NaN"}, None)], 0)
@example([(1, 10.0, 285, {"times": 0}, None)], 0)
@example([(1, 10.0, 285, {"lag": 45}, None), (1, 10.0, 285, {"timestamp": "yesterday"}, None)], 0)
@example([(1, 10.0, 285, {"text": "9" * 45}, None), (1, 10.0, 285, {"unit": "furlong"}, None)], 0)
@example([(1, 10.0, 285, {}, "status"), (1, 1.0, 0, {"timestamp": at(129), "power": None, "interval": None}, None)], 0)
@example([(1, 10.0, 285, {}, "status"), (1, 10.0, 285, {"measurand": "Power.Active.Import"}, None)], 0)
def test_waiting_changes_nothing(steps: list[tuple], drain_every: int) -> None:
    wire, seconds = begun()
    wh = {1: 4420.0, 2: 4420.0}
    for connector, pause, rise, how, between in steps:
        seconds += pause
        wh[connector] += rise
        message(wire, seconds, connector, wh[connector], **how)
        if between is not None:
            said_between(wire, between, connector, seconds + 0.3, wh[connector])
    assert_same(wire, drain_every=drain_every)


@pytest.mark.parametrize("power", [None, "108.0", "0"])
@pytest.mark.parametrize("interval", [None, "0.2851", "0"])
@pytest.mark.parametrize("unit", ["kWh", "Wh"])
@pytest.mark.parametrize("context", ["Sample.Periodic", "Sample.Clock"])
def test_a_plain_session_waits_whatever_is_beside_its_register(
    power: str | None, interval: str | None, unit: str, context: str
) -> None:
    how = {"power": power, "interval": interval, "unit": unit, "fields": {"context": context}}
    wire = Wire()
    wire.start(7, meterStart=1000, timestamp=at(0), seconds=0.2)
    for number in range(1, 40):
        message(wire, 10.0 * number, 1, 1000 + 285 * number, **how)
    state, most = StationState(station_id="CP"), 0
    for record in wire.records:
        step(state, record, Context(KEY))
        most = max(most, sum(len(rising.queued) for rising in state.queued.values()))
    assert most > 15
    with pytest.raises(UndrainedError):
        encode(state)
    drain(state)
    assert encode(state)
    assert_same(wire)


def test_a_session_lets_no_more_than_so_many_wait() -> None:
    wire = Wire()
    wire.start(7, meterStart=1000, timestamp=at(0), seconds=0.2)
    for number in range(1, 280):
        message(wire, float(number), 1, 1000 + 28 * number)
    state, most = StationState(station_id="CP"), 0
    for record in wire.records:
        step(state, record, Context(KEY))
        most = max(most, *(len(rising.queued) for rising in state.queued.values()), 0)
    assert most == steady.MAX_QUEUED
    assert_same(wire)


def test_a_unit_that_turns_out_to_be_wrong_is_said_at_its_sample() -> None:
    """The register is in kWh but labelled Wh: only minutes of power beside it show that."""
    wire = Wire()
    wire.start(7, meterStart=0, timestamp=at(0), seconds=0.2)
    for number in range(1, 90):
        message(wire, 10.0 * number, 1, 285 * number, power="0" if number < 12 else "102.6")
    assert_same(wire)
    assert_same(wire, drain_every=5)


def test_facts_are_asked_for_between_any_two() -> None:
    wire, seconds = begun()
    for number in range(1, 30):
        message(wire, seconds + 10.0 * number, 1, 4420 + 285 * number)
    once, often = Folded().fold(wire.records), Folded().fold(wire.records, drain_every=1)
    assert once.rows() == often.rows()

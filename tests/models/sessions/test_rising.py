"""Sessions whose energy is counted later: whenever facts are drained, they say the same, and so do the states."""

from decimal import Decimal

import pytest
from captures import Folded, Wire, at
from hypothesis import given, settings
from hypothesis import strategies as st

from models.state import StationState, UndrainedError, decode, encode
from models.step import Context, drain, step

HOUR = 3600
EVSE = {"id": 1, "connectorId": 1}


def equal_however_drained(wire: Wire) -> Folded:
    whole = wire.fold()
    for every in (1, 3):
        often = wire.fold(drain_every=every)
        assert often.rows() == whole.rows()
        assert {name: encode(state) for name, state in often.states.items()} == {
            name: encode(state) for name, state in whole.states.items()
        }
    return whole


def metered(seconds: float, wh: int) -> list:
    """A 2.x meter value, its unit named."""
    return [{"timestamp": at(seconds), "sampledValue": [{"value": wh, "unitOfMeasure": {"unit": "Wh"}}]}]


SAMPLES = st.lists(
    st.tuples(
        st.integers(1, 2),  # the connector
        st.sampled_from([1, 60, 900, 3600, 4000, 100_000]),  # seconds later
        st.sampled_from([0, 0.4, 1, 500, 19_000, 25_000, 900_000, -300]),  # Wh more
        st.sampled_from([None, "Wh", "Wh", "Wh", "kWh", "power"]),
        st.sampled_from(["sample"] * 12 + ["fault", "available", "start", "boot", "no time"]),
    ),
    max_size=40,
)


@settings(deadline=None, max_examples=150)
@given(SAMPLES, st.sampled_from([None, 0, 1000, 400_000]))
def test_the_rhythm_of_drains_changes_nothing(samples: list, meter_start: int | None) -> None:
    wire = Wire()
    for connector in (1, 2):
        wire.start(connector, connectorId=connector, meterStart=meter_start)
    seconds, register = 10, Decimal(meter_start or 0)
    for connector, later, rise, unit, what in samples:
        seconds, register = seconds + later, register + Decimal(str(rise))
        if what in ("fault", "available"):
            wire.status("Faulted" if what == "fault" else "Available", "OtherError", connector, seconds)
        elif what == "start":
            wire.start(None, connectorId=connector, meterStart=int(register), timestamp=at(seconds), seconds=seconds)
        elif what == "boot":
            wire.call("BootNotification", {"chargePointVendor": "V"}, seconds=seconds)
        else:
            sampled = {"value": str(register / 1000 if unit == "kWh" else register)}
            if unit:
                sampled["unit"] = "W" if unit == "power" else unit
            if unit == "power":
                sampled["measurand"] = "Power.Active.Import"
            time = {} if what == "no time" else {"timestamp": at(seconds)}
            payload = {"connectorId": connector, "meterValue": [time | {"sampledValue": [sampled]}]}
            wire.call("MeterValues", payload, seconds=seconds)
    equal_however_drained(wire)


def test_energy_counts_in_the_hours_of_its_samples() -> None:
    wire = Wire()
    wire.start(7, meterStart=1000)
    for number in range(1, 13):
        wire.meter(1000 + 100 * number, seconds=600 * number, transaction_id=7, unit="Wh")
    found = equal_however_drained(wire).of("rates")
    # 22:13 to 00:13; the seventh sample is the first one after 23:00.
    assert [rate.energy_wh for rate in sorted(found, key=lambda rate: rate.hour)] == [400, 600, 200]


def test_two_sessions_that_rise_into_a_new_hour_both_count_in_it() -> None:
    wire = Wire()
    for connector in (1, 2):
        wire.start(connector, connectorId=connector, meterStart=1000)
    # The hour is begun by samples that add nothing to it, and by what is not sure to rise.
    for seconds, wh in ((60, 1100), (1000, 1100), (3000, 1100), (3010, 1200), (3020, 1300), (3030, 900), (3040, 1400)):
        for connector in (1, 2):
            sampled = [{"value": str(wh + connector), "unit": "Wh"}]
            meter = [{"timestamp": at(seconds), "sampledValue": sampled}]
            wire.call("MeterValues", {"connectorId": connector, "meterValue": meter}, seconds=seconds)
    found = equal_however_drained(wire).of("rates")
    assert sum(rate.energy_wh for rate in found) == 803


def test_an_hour_s_version_is_that_of_the_sample_that_raised_it_last() -> None:
    wire = Wire()
    wire.start(7, meterStart=1000)
    for number in range(1, 5):
        wire.meter(1000 + 100 * number, seconds=10 * number, transaction_id=7, unit="Wh")
    last = wire.records[-1]
    wire.status("Available", connector=2, seconds=60)
    (rate,) = wire.fold().of("rates")
    assert (rate.energy_wh, rate.version_offset) == (400, last.offset)


def test_a_request_that_is_tied_to_a_session_late_is_energised_with_the_next_sample() -> None:
    wire = Wire("ocpp2.0.1")
    wire.transaction("Started", wh=100, evse=EVSE)
    for seconds in (10, 20, 30):
        wire.transaction("Updated", seconds=seconds, evse=EVSE, meterValue=metered(seconds, 100 + seconds))
    token = {"idToken": "CARD", "type": "ISO14443"}
    wire.call("Authorize", {"idToken": token}, seconds=40)
    wire.transaction("Updated", seconds=50, evse=EVSE, idToken=token)
    wire.transaction("Updated", seconds=60, evse=EVSE, meterValue=metered(60, 160))
    (request,) = equal_however_drained(wire).of("authorizations")
    assert request.is_energised


@pytest.mark.parametrize("seconds", [-7200, 25])
def test_a_start_that_is_told_late_is_weighed_with_what_came_before_it(seconds: int) -> None:
    wire = Wire("ocpp2.0.1")
    for number in range(6):
        meter = metered(10 * number, 100 + 19_000 * number)
        wire.transaction("Updated", seconds=10 * number, evse=EVSE, meterValue=meter)
    wire.transaction("Started", seconds=seconds, evse=EVSE)
    wire.transaction("Updated", seconds=70, evse=EVSE, meterValue=metered(70, 110_000))
    equal_however_drained(wire)


def test_a_state_with_energy_that_is_not_counted_yet_is_not_encoded() -> None:
    wire = Wire()
    wire.start(7, meterStart=1000)
    for number in range(1, 4):
        wire.meter(1000 + 100 * number, seconds=10 * number, transaction_id=7, unit="Wh")
    state = StationState(station_id="CP")
    for record in wire.records:
        step(state, record, Context())
    assert state.rising
    with pytest.raises(UndrainedError):
        encode(state)
    drain(state)
    assert not decode(encode(state)).rising

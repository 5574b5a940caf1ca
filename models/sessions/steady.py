"""Samples of 1.6 sessions that only go on: they wait, and are taken up together. Not here: any rule.

Most of a charger's bytes are that: a register that rises in a named unit, perhaps a power and an interval beside it, an
open session, a sound clock. They wait until something else is told of the station or its facts are asked for, a few
minutes at most. Where one is not that plain after all, its session's go the way of other events, one by one; the
result is the same.
"""

import itertools
import operator
from collections.abc import Sequence
from typing import Any, cast

from msgspec import Raw

from models.energy import layout, metering, power, registers
from models.moment import Context, Moment
from models.ocpp import whole
from models.ocpp.v16 import read_meter_values
from models.ocpp.versions import V16
from models.ocpp.whole import MeterCall
from models.record import Record
from models.sessions import binding, ends, v16
from models.sessions import rising as energy
from models.state import Rising, StationState
from models.stations import clock, timing
from models.times import HOUR_US, parse

MAX_QUEUED = 64
"""Of a session; more are taken up before another one waits."""
_arrivals = itertools.count()


def queue(state: StationState, call: MeterCall, record: Record, received_us: int | None, context: Context) -> bool:
    """Let a message of samples wait; False where it must be folded now."""
    values = call.payload
    key = values.connector_id, values.transaction_id
    rising = state.queued.get(key) or _ready(state, *key)
    if rising is None or received_us is None or len(values.meter_value) != 1:
        return False
    value = values.meter_value[0]
    at_us = parse(value.timestamp)
    if at_us is None or not 0 <= received_us - at_us - rising.least_us <= clock.AGREEING_US:
        return False
    form, waiting = rising.layout, rising.queued
    if received_us // HOUR_US != rising.hour:
        return False
    texts = None if form is None else layout.texts(form, value.sampled_value)
    if texts is None:
        texts = _relaid(rising, value.sampled_value)
    if texts is None:
        return False
    if (at_us >= rising.until_us or len(waiting) >= MAX_QUEUED) and not _look_back(state, key, rising, at_us):
        return False
    clock.learn(rising.clock, at_us, received_us, is_own=False)
    if not waiting:
        state.queued[key] = rising
        state.touch(rising.session.session_id, rising.session)
    # Not the samples themselves: many stations' would fill the processor's cache.
    waiting.append((next(_arrivals), (state.generation, state.offset), at_us, *texts, record, received_us, context))
    return True


def settle(state: StationState) -> None:
    """Take up all samples that wait."""
    waiting, state.queued = state.queued, {}
    others = [one for rising in waiting.values() if not _take(state, rising) for one in rising.queued]
    for rising in waiting.values():
        rising.queued = []
    if others:
        _take_one_by_one(state, others)


def _ready(state: StationState, connector_id: int, transaction_id: int | None) -> Rising | None:
    """The session whose samples may wait: whatever changes what is asked here settles first.

    Open faults want to know of every sample, so there must be none.
    """
    session = binding.named_on(state, str(transaction_id), connector_id)
    if session is None or state.faults or session.due is not None or not metering.is_plain(session.meter):
        return None
    rising, known = state.rising.get(session.session_id), timing.sound(state)
    if rising is None or known is None:
        return None
    rising.until_us, rising.clock, rising.least_us = session.meter.trail_due_us, known, known.base_us or 0
    return rising


def _relaid(rising: Rising, samples: Sequence[Any]) -> tuple[str, str | None, str | None] | None:
    """Let samples that are written otherwise be the first of the next ones to wait, if none does."""
    if rising.queued:
        return None
    rising.layout = form = layout.of(samples)
    return None if form is None else layout.texts(form, samples)


def _look_back(state: StationState, key: tuple[int, int | None], rising: Rising, at_us: int) -> bool:
    """Take up what waits for a session before newer samples, and look back if it is time to; False if not plain."""
    session: Any = rising.session
    if rising.queued and not _take(state, rising):
        return False
    rising.queued.clear()
    state.queued.pop(key, None)
    if at_us >= rising.until_us:
        metering.look_back(session, session.meter)
        rising.until_us = session.meter.trail_due_us
    return not session.meter.shift


def _take_one_by_one(state: StationState, waiting: list[Any]) -> None:
    """Fold samples as they came, whosever they are."""
    newest = state.generation, state.offset
    for _, (state.generation, state.offset), *_, record, received_us, context in sorted(
        waiting, key=operator.itemgetter(0)
    ):
        call = cast(MeterCall, whole.decode(V16, record.payload))
        event = read_meter_values(cast(Raw, call.payload), context.token_key)
        if event is not None:
            moment = Moment(record, received_us, V16, call.message_id, context.token_key, knowledge=context.knowledge)
            v16.meter(state, event, moment)
    state.generation, state.offset = newest


def _take(state: StationState, rising: Rising) -> bool:
    """Take up a session's waiting samples together; False, and nothing done, where that might not be the same."""
    session: Any = rising.session
    memory = session.meter
    _, positions, times_us, registered, powers, intervals, records, *_ = zip(*rising.queued, strict=True)
    told = layout.numbers(rising.layout, registered, powers, intervals)
    if told is None or state.rising.get(session.session_id) is not rising or told.registers_wh[-1] > rising.ceiling_wh:
        return False
    if not all(map(operator.lt, times_us, times_us[1:])) or not power.are_later(memory, told, times_us):
        return False
    place = records[-1].generation, records[-1].partition, records[-1].offset
    if not registers.rise(session, memory, told, times_us, place, state.boots):
        return False
    power.take(session, memory, told, times_us, place)
    state.changed[session.session_id] = (session, *positions[-1])
    ends.alive(session, times_us[-1])
    energy.rise(rising, told.registers_wh, positions)
    return True

"""Ids of facts: the same for the same frame, and no way back to what it holds."""

import json

import pytest

from models import ids
from models.record import Kind, Record
from models.state import StationState
from models.step import Context, drain, step

ACTIONS = {
    "Authorize": {"idTag": "04A2B3C4D5E6F7"},
    "StatusNotification": {
        "connectorId": 1,
        "errorCode": "ReaderFailure",
        "status": "Faulted",
        "info": "04A2B3C4D5E6F7",
    },
}


def record(action: str) -> Record:
    payload = json.dumps([2, "m1", action, ACTIONS[action]]).encode()
    return Record("CP", Kind.FRAME, "cp-to-csms", "ocpp1.6", 1_790_000_000_000_000, "a" * 16, 0, payload, 1, 0, 0)


def fact_ids(action: str, key: bytes | None) -> set[str]:
    state = StationState()
    assert step(state, record(action), Context(token_key=key)) is None
    return {fact.fact_id for fact in drain(state) if fact.kind != "rates"}


@pytest.mark.parametrize("action", ACTIONS)
def test_an_id_cannot_be_guessed_from_a_card_number_without_the_key(action: str) -> None:
    found = fact_ids(action, b"k" * 32)
    assert found == fact_ids(action, b"k" * 32)
    assert found.isdisjoint(fact_ids(action, b"x" * 32))
    assert found.isdisjoint(fact_ids(action, None))


def test_a_frame_without_a_time_is_named_by_its_line() -> None:
    assert ids.mark(record("Authorize"), None, b"k") == f"{'a' * 16}:0"

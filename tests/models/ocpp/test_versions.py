"""Action lists against the official schemas that the `ocpp` package ships, and who sends what."""

import json
from pathlib import Path

import ocpp
import pytest
from captures import Wire

from models.ocpp.versions import ACTIONS, ADAPTERS, COMMANDS, V16, V21, V201, infer_direction
from models.reasons import Reason
from models.record import Direction

FOLDERS = {V16: "v16", V201: "v201", V21: "v21"}


@pytest.mark.parametrize("protocol", FOLDERS)
def test_the_actions_are_those_of_the_official_schemas(protocol: str) -> None:
    schemas = Path(ocpp.__file__).parent / FOLDERS[protocol] / "schemas"
    names = {path.stem for path in schemas.glob("*.json")}
    answered = {name.removesuffix("Response") for name in names if name.endswith("Response")}
    assert answered == ACTIONS[protocol]
    unanswered = {name.removesuffix("Request") for name in names} - answered - {f"{name}Response" for name in answered}
    assert unanswered <= ADAPTERS[protocol].SENDS


@pytest.mark.parametrize("protocol", FOLDERS)
@pytest.mark.parametrize("direction", [*Direction, None])
def test_no_action_of_a_version_is_refused_for_its_name(protocol: str, direction: Direction | None) -> None:
    adapter = ADAPTERS[protocol]
    wire = Wire(protocol)
    for action in sorted(ACTIONS[protocol]):
        wire.add([2, action, action, {}], direction)
    for action in sorted(adapter.SENDS):
        wire.add([6, action, action, {}], direction)
    refused = wire.fold().refusals
    assert {refusal.reason for _, refusal in refused} <= {Reason.INVALID_PAYLOAD}
    assert {json.loads(record.payload)[1] for record, _ in refused} <= set(adapter.READERS) | set(adapter.COMMANDS)


@pytest.mark.parametrize("protocol", FOLDERS)
def test_only_data_transfer_goes_both_ways(protocol: str) -> None:
    adapter = ADAPTERS[protocol]
    assert {"DataTransfer"} == adapter.CP_ACTIONS & adapter.CSMS_ACTIONS
    assert set(adapter.READERS) <= adapter.CP_ACTIONS
    assert set(adapter.ANSWERS) <= set(adapter.READERS)


@pytest.mark.parametrize("protocol", FOLDERS)
def test_a_command_that_is_folded_is_read_by_every_version_that_knows_it(protocol: str) -> None:
    known = COMMANDS & ACTIONS[protocol]
    assert known
    assert known == set(ADAPTERS[protocol].COMMANDS)


def test_the_direction_follows_from_the_action() -> None:
    assert infer_direction("StartTransaction", V16) is Direction.CP_TO_CSMS
    assert infer_direction("RemoteStartTransaction", V16) is Direction.CSMS_TO_CP
    assert infer_direction("NotifyPeriodicEventStream", V21) is Direction.CP_TO_CSMS
    assert infer_direction("DataTransfer", V16) is None
    assert infer_direction("heartbeat", V16) is None
    assert infer_direction("Heartbeat", "ocpp2.0") is None

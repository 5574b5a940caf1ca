"""What answers say of presented tokens, from wire frames to facts."""

import pytest
from captures import Wire

CARD_A, CARD_B = ({"idToken": token, "type": "ISO14443"} for token in ("04A2B3C4D5E6F7", "11223344"))
PLACE = {"evse": {"id": 1, "connectorId": 1}}


def answered(wire: Wire, status: str) -> None:
    message_id = f"m{len(wire.records) - 1}"
    wire.answer(message_id, {"idTokenInfo": {"status": status}}, seconds=len(wire.records))


@pytest.mark.parametrize("phase", ["Updated", "Ended"])
def test_a_wrong_second_card_says_nothing_of_the_card_that_began_the_session(phase: str) -> None:
    wire = Wire("ocpp2.0.1")
    wire.call("Authorize", {"idToken": CARD_A}, seconds=0)
    answered(wire, "Accepted")
    wire.transaction("Started", seconds=2, wh=1000, idToken=CARD_A, **PLACE)
    answered(wire, "Accepted")
    wire.transaction(phase, seconds=60, wh=1700, idToken=CARD_B)
    answered(wire, "Invalid")
    wire.transaction("Ended", seconds=90, wh=1700)
    folded = wire.fold()
    (session,), (asked,) = folded.of("sessions"), folded.of("authorizations")
    assert (session.start_status, session.energy_wh) == ("Accepted", 700)
    assert (asked.start_status, asked.is_rejected_later) == ("Accepted", False)
    assert "offline_accept_rejected" not in {row.anomaly for row in folded.of("anomalies")}


def test_the_session_s_own_card_rejected_in_a_later_event_is_at_risk() -> None:
    wire = Wire("ocpp2.0.1")
    wire.transaction("Started", seconds=0, wh=1000, **PLACE)
    wire.transaction("Updated", seconds=10, idToken=CARD_A)
    answered(wire, "Invalid")
    folded = wire.fold()
    assert [session.start_status for session in folded.of("sessions")] == ["Invalid"]
    assert "offline_accept_rejected" in {row.anomaly for row in folded.of("anomalies")}

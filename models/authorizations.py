"""Authorize requests and their answers. Not here: what tokens are worth, offline acceptance."""

from models import ids
from models.events import Answer, AuthorizationAsked
from models.facts import Authorization
from models.moment import Moment
from models.state import AwaitedCall, StationState
from models.times import as_utc


def ask(state: StationState, event: AuthorizationAsked, moment: Moment) -> AwaitedCall:
    """Fold a request; the returned call waits for its answer."""
    authorization_id = ids.digest("authorization", state.station_id, moment.message_id, moment.mark)
    call = AwaitedCall("Authorize", authorization_id, event.token, moment.received_us)
    _say(state, call, moment, None, None)
    return call


def answer(state: StationState, call: AwaitedCall, event: Answer, moment: Moment) -> None:
    """Fold the answer to a request."""
    _say(state, call, moment, event.status, moment.received_us)


def _say(state: StationState, call: AwaitedCall, moment: Moment, status: str | None, answered_us: int | None) -> None:
    row = Authorization(
        version_generation=state.generation,
        version_offset=state.offset,
        authorization_id=call.target,
        station_id=state.station_id,
        protocol=moment.protocol,
        token_id=call.token,
        asked_at=as_utc(call.asked_us),
        answered_at=as_utc(answered_us),
        status=status,
    )
    state.touch(call.target, row)

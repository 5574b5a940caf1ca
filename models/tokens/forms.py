"""Under which other forms a token may be known: said once per station and token. Not here: the forms (`aliases`)."""

from models import anomalies, ids
from models.facts import TokenKey
from models.moment import Moment
from models.state import MAX_TOKENS, StationState, trim
from models.times import as_utc
from models.tokens.aliases import CONTROL, SUFFIX, SURE
from models.tokens.pseudonyms import Token


def show(state: StationState, token: Token, moment: Moment) -> None:
    """Say a token's forms where the station has not shown it lately; states hold a digest of its pseudonym."""
    if token.token_id is None or not token.forms:
        return
    number = ids.short(ids.digest(token.token_id))
    is_known = state.tokens.pop(number, False)
    state.tokens[number] = True
    trim(state.tokens, MAX_TOKENS)
    if is_known:
        return
    token_id = ids.bounded(token.token_id) or ""
    for rule, score, form in token.forms:
        form_id = ids.bounded(form) or ""
        row = TokenKey(
            version_generation=state.generation,
            version_offset=state.offset,
            token_key_id=ids.digest("token_key", state.station_id, token_id, rule, form_id),
            station_id=state.station_id,
            token_id=token_id,
            token_kind=token.kind,
            form_id=form_id,
            rule=rule,
            score=score,
            seen_at=as_utc(moment.received_us),
        )
        state.touch(row.token_key_id, row)
        if rule == CONTROL or (rule == SUFFIX and score >= SURE):
            kind = anomalies.Kind.TOKEN_REPAIRED
            anomalies.say(state, kind, moment, value=rule, subject=f"{token_id}/{rule}")

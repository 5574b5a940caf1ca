"""Tables about presented tokens: which are one card, and how far each presentation came. Names, columns, COMMENTs.

Each has a file of its name under `sql`. Not here: the facts they are made of (`facts`).
"""

import pyarrow as pa

from models.tables.landed import Column, Origin, Table

_TEXT, _BIGINT, _DOUBLE = pa.string(), pa.int64(), pa.float64()

TOKEN_ALIASES = Table(
    "core__token_aliases",
    "Tokens that may be one card: suffixed, truncated, padded or turned round. Suggested with a score, never merged.",
    Origin.DERIVED,
    (
        Column("token_id", "Pseudonym of the token that is the other one's alias.", _TEXT),
        Column("alias_of", "Pseudonym of the token that it may be.", _TEXT),
        Column("rule", "suffix, truncated (_crc, _uid, _text), prefix, zero_padding or byte_order.", _TEXT),
        Column("score", "How likely they are one card, 0 to 1; shared among all that it may be.", _DOUBLE),
        Column("evidence", "shown: both were; shared form: the same but for their suffix.", _TEXT),
        Column("stations", "Stations that met the alias.", _BIGINT),
        Column("uses", "Requests and sessions of the alias.", _BIGINT),
    ),
)
FUNNEL_DAILY = Table(
    "report__authorization_funnel_daily",
    "How far presented tokens came, per day and kind: answered, accepted, started, energised; and rejected later.",
    Origin.REPORT,
    (
        Column(
            "day",
            "Calendar day in the report's time zone (`meta__build.report_timezone`) of the request, or of the start "
            "that no request came before; null where it is unknown.",
            pa.date32(),
        ),
        Column("token_kind", "Kind of the token (`core__sessions.token_kind`); null = no token in the request.", _TEXT),
        Column("presented", "Requests that did not end a session, and starts without a request.", _BIGINT),
        Column("presented_by_start", "Of these, starts without a request (a card that the station knew).", _BIGINT),
        Column("answered", "Of all, answered; a start counts if its answer says what the token is worth.", _BIGINT),
        Column("accepted", "Of these, answered Accepted.", _BIGINT),
        Column("started", "Presentations that began a session, accepted or not.", _BIGINT),
        Column("energised", "Of these, sessions in which energy flowed.", _BIGINT),
        Column("rejected_later", "Starts whose own answer rejects a token that the station had let in.", _BIGINT),
        Column("energy_at_risk_wh", "Energy of those sessions, Wh; null where none of it is known.", _BIGINT),
    ),
)

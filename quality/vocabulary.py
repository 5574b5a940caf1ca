"""Rules that several suites share, and the words OCPP allows. Not here: what one table alone demands."""

from datetime import UTC, datetime, timedelta
from typing import Final

from models.tokens.pseudonyms import KINDS
from quality.rules import Rule, Severity, between, matches, not_before, one_of

PROTOCOLS: Final = ("ocpp1.6", "ocpp2.0.1", "ocpp2.1")
DIRECTIONS: Final = ("cp-to-csms", "csms-to-cp")
STATUSES: Final = (
    # OCPP 1.6, section 7.7 (ChargePointStatus)
    *("Available", "Preparing", "Charging", "SuspendedEVSE", "SuspendedEV", "Finishing", "Reserved", "Unavailable"),
    "Faulted",
    # OCPP 2.x adds one (ConnectorStatusEnumType)
    "Occupied",
)
AUTHORIZATION_STATUSES: Final = (
    # OCPP 1.6, section 7.2 (AuthorizationStatus)
    *("Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx"),
    # OCPP 2.x adds five (AuthorizationStatusEnumType)
    *("NoCredit", "NotAllowedTypeEVSE", "NotAtThisLocation", "NotAtThisTime", "Unknown"),
)
FIRST_DAY: Final = datetime(2010, 1, 1, tzinfo=UTC)
"""OCPP did not exist before; a clock that lost its battery says 1970 or 2000."""
AHEAD: Final = timedelta(days=1)
"""A clock may run ahead by less: a local time sent as UTC is at most 14 h off."""


def protocol(severity: Severity = Severity.CRITICAL) -> Rule:
    """The protocols that can be decoded."""
    return one_of("protocol_supported", "protocol", PROTOCOLS, severity, "the protocol is not one that we decode")


def direction(column: str = "direction") -> Rule:
    """Who spoke."""
    return one_of("direction_valid", column, DIRECTIONS, Severity.CRITICAL, "the direction is neither of the two")


def pseudonym(column: str = "token_id") -> Rule:
    """A token stands in the warehouse only as a pseudonym."""
    return matches(
        f"{column}_pseudonym",
        column,
        "^tok_[0-9a-f]{16}$",
        Severity.CRITICAL,
        f"{column} is not a pseudonym",
        about_pseudonyms=True,
    )


def token_kind() -> Rule:
    """What a token is."""
    finding = "the kind of token is none of the documented ones"
    return one_of("token_kind_documented", "token_kind", KINDS, Severity.CRITICAL, finding)


def plausible(column: str, severity: Severity = Severity.CRITICAL) -> Rule:
    """A time after OCPP's first days and not in the future."""
    finding = f"{column} is in the future or before {FIRST_DAY:%Y}"
    return between(f"{column}_plausible", column, FIRST_DAY, AHEAD, severity, finding)


def connector(severity: Severity = Severity.CRITICAL) -> Rule:
    """Connector 0 is the station; no station has a thousand."""
    return between("connector_id_plausible", "connector_id", 0, 999, severity, "the connector number is impossible")


def party() -> Rule:
    """Who owns an OCPI object: country and party."""
    finding = "the owner is not a country and a party such as NL-TNM"
    return matches("party_shaped", "party", "^[A-Z]{2}-[A-Z0-9]{3}$", Severity.WARNING, finding)


def currency() -> Rule:
    """ISO 4217."""
    return matches("currency_shaped", "currency", "^[A-Z]{3}$", Severity.WARNING, "the currency is no ISO 4217 code")


def energy() -> tuple[Rule, Rule]:
    """What one charging session can take."""
    return (
        between("energy_not_negative", "energy_wh", 0, None, Severity.CRITICAL, "the energy is negative"),
        between("energy_possible", "energy_wh", None, 1_000_000, Severity.CRITICAL, "the energy is above 1,000 kWh"),
    )


def ends_after_start() -> Rule:
    """A session has no negative duration."""
    finding = "the session ends before it starts"
    return not_before("ended_after_start", "ended_at", "started_at", Severity.CRITICAL, finding)


def coordinates() -> tuple[Rule, Rule]:
    """On Earth."""
    return (
        between("latitude_possible", "latitude", -90, 90, Severity.WARNING, "the latitude is not on Earth"),
        between("longitude_possible", "longitude", -180, 180, Severity.WARNING, "the longitude is not on Earth"),
    )

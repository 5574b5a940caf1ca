"""The vocabulary of the energy ladder: kinds of evidence, doubts about them, what one says. Not here: which counts."""

from decimal import Decimal
from enum import StrEnum

import msgspec


class Rung(StrEnum):
    """Kinds of evidence, best first; all but signed can be an `energy_basis`."""

    SIGNED = "signed"
    METER_STOP = "meter_stop"
    BEGIN_END = "begin_end"
    REGISTER = "register"
    INTERVAL = "interval"
    POWER = "power"


class Why(StrEnum):
    """Why a rung was not chosen."""

    NOT_VERIFIED = "not_verified"
    BETTER_EVIDENCE = "better_evidence"
    NEGATIVE = "negative"
    OVER_CAPACITY = "over_capacity"
    """More than 4 MW on average, over a minute at least: no register, or of another base, or of another time."""
    RESET_BETWEEN = "reset_between"
    BASE_DIFFERS = "base_differs"
    """Its two registers do not count from the same zero."""
    MISSING_START = "missing_start"
    MISSING_END = "missing_end"
    ONE_SAMPLE = "one_sample"
    UNIT_FAULT = "unit_fault"
    """meterStart and meterStop are in kWh; the value is what they mean in Wh, to the nearest 1,000."""
    AFTER_END = "after_end"
    """Its last sample was taken after the session's end."""
    GAPS = "gaps"
    """More than an hour without a sample."""
    BELOW_SAMPLES = "below_samples"
    """Two samples at least, taken before the end, stand above meterStop."""


SOFT = frozenset({Why.UNIT_FAULT, Why.AFTER_END, Why.GAPS})
"""Doubts under which a value still counts where no other is better. What no connector delivers never counts."""


class PartnerRung(StrEnum):
    """The last rungs: what a roaming partner's documents say (OCPI), matched at build and never known to the step."""

    CDR = "cdr"
    """total_energy of a charge detail record."""
    OCPI_SESSION = "ocpi_session"
    """kwh of a COMPLETED session."""


PARTNER_CONFIDENCE = {PartnerRung.CDR: 0.3, PartnerRung.OCPI_SESSION: 0.2}
"""Below every rung of the station's own: how the partner came to the number, nobody can see from here."""


class PartnerWhy(StrEnum):
    """Why a partner's document was not chosen, beside `negative`, `over_capacity` and `better_evidence`."""

    AMBIGUOUS_MATCH = "ambiguous_match"
    """It may speak of several sessions, or several documents of its kind of this one."""
    CREDIT_NOTE = "credit_note"
    """It takes another CDR back."""
    CREDITED = "credited"
    """A credit note takes it back."""
    NOT_FINAL = "not_final"
    """An OCPI session that is not COMPLETED."""
    ZERO = "zero"
    """OCPI demands a number: 0 is also what a partner sends who knows none."""


class Found(msgspec.Struct, frozen=True, gc=False):
    """What one rung says: energy in Wh, the doubt about it, its registers in Wh where it has any."""

    wh: int | None
    why: Why | None = None
    start_wh: Decimal | None = None
    end_wh: Decimal | None = None


class Relation(StrEnum):
    """How the samples' register stands to meterStart."""

    NONE = ""
    SAME = "same"
    """They count from the same zero."""
    BELOW = "below"
    """The samples count from a later zero: the session's or the boot's (Grizzl-E, lbbrhzn/ocpp #2093)."""
    ABOVE = "above"
    """meterStart counts from a later zero."""


SAME_ZERO = frozenset({Relation.NONE, Relation.SAME})
"""Nothing shows that samples and meterStart count from different zeros."""

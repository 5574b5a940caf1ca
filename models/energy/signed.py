"""Signed meter records, read without being verified: the registers at begin and end. Not here: signatures, keys.

Records stand in 1.6's `value` (format SignedData) and in 2.x's `signedMeterValue.signedMeterData`: OCMF as it is, in
Base64, or within a JSON envelope (solidstudio). Begin and end go by the letters of `TX`, never by the place: one record
may hold both (SAFE-eV/OCMF #8). Other formats (EDL, ALFEN) give nothing.
"""

import base64
import binascii
from decimal import Decimal

import msgspec

_LONGEST = 65_536
_MARK = "OCMF|"
_UNITS = {"wh": 0, "kwh": 3}
_BEGIN = frozenset("B")
_END = frozenset("ELRAPS")
"""End, local, remote, abort, power failure, suspend: all are ends of what was begun (OCMF 1.0, table 7)."""


class _Reading(msgspec.Struct):
    TX: str | None = None
    RV: Decimal | None = None
    RU: str | None = None


class _Record(msgspec.Struct):
    RD: list[_Reading] = []


class _Envelope(msgspec.Struct, rename="camel"):
    signed_meter_data: str | None = None
    signed_data: str | None = None


_record = msgspec.json.Decoder(_Record, strict=False)
_envelope = msgspec.json.Decoder(_Envelope)


def registers(text: str) -> tuple[Decimal | None, Decimal | None]:
    """The registers in Wh at begin and end that a record names; None for what it does not say or what is no OCMF."""
    body = _body(text)
    if body is None:
        return None, None
    try:
        readings = _record.decode(body).RD
    except (ValueError, RecursionError):
        return None, None
    begin = end = None
    letter = unit = None
    for reading in readings:
        # What a reading leaves out is as in the one before it (OCMF 1.0, section 6.4).
        letter, unit = reading.TX or letter, reading.RU or unit
        value = _watt_hours(reading.RV, unit)
        if value is None or letter is None:
            continue
        if letter in _BEGIN and begin is None:
            begin = value
        elif letter in _END:
            end = value
    return begin, end


def _body(text: str) -> str | None:
    """The JSON between OCMF's first two bars."""
    for _ in range(3):
        if len(text) > _LONGEST:
            return None
        start = -1 if text.lstrip().startswith("{") else text.find(_MARK)
        if start >= 0:
            # A value holds no bar: it ends the record and begins the signature.
            return text[start + len(_MARK) :].split("|", 1)[0]
        inner = _unwrapped(text)
        if inner is None:
            return None
        text = inner
    return None


def _unwrapped(text: str) -> str | None:
    if text.lstrip().startswith("{"):
        try:
            envelope = _envelope.decode(text)
        except (ValueError, RecursionError):
            return None
        return envelope.signed_meter_data or envelope.signed_data
    try:
        return base64.b64decode(text, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return None


def _watt_hours(value: Decimal | None, unit: str | None) -> Decimal | None:
    exponent = _UNITS.get((unit or "").casefold())
    if value is None or exponent is None:
        return None
    if not value.is_finite() or not -40 <= value.adjusted() <= 12:
        return None
    return value.scaleb(exponent)

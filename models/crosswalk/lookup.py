"""Raw codes to rows of the crosswalk. Not here: taking a message apart into codes (`named`)."""

import re

import msgspec

from models.crosswalk.rows import ROWS, Row

_DIALECTS = (
    ("chargex.inl.gov", "mrec"),
    ("com.evgo.mrec", "evgo_mrec"),
    ("org.charin.uec", "uec"),
    ("urn:uec", "uec"),
    ("99003", "uec"),  # DIN DKE SPEC 99003, whose names the unified error codes took over
)
"""What a vendorId holds where its vendorErrorCode is of a taxonomy of its own."""
_MREC = re.compile(r"(?:cx0*|mrec)(\d{1,2})(?:\D.*)?", re.IGNORECASE)
"""`CX017`, `CX17`, and EVerest's `MREC17EVSEContactorFault`."""
_SPELLING = re.compile(r"[\s_\-.]+")
_BY_NAME_ONLY = 0.9
"""How much a row is believed where only the name of its code says which taxonomy is meant."""
_OTHER_MODEL = 0.8
"""How much a row is believed for a model of its vendor that it does not name."""


def _key(text: str) -> str:
    return _SPELLING.sub("", text).casefold()


def _index(taxonomy: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in ROWS:
        if row.taxonomy == taxonomy:
            found.setdefault(_key(row.raw_key), []).append(row)
    return found


_ERROR_CODES = {key: rows[0] for key, rows in _index("ocpp16").items()}
_PAIRS = {row.raw_key: row for row in ROWS if row.taxonomy == "ocpp2_cv"}
_DIALECT_ROWS = {taxonomy: _index(taxonomy) for taxonomy in ("mrec", "evgo_mrec", "uec")}
_VENDOR_ROWS = _index("vendor")
_NAMES = {_key(row.name): row for row in ROWS if row.taxonomy == "mrec"} | {
    key: rows[0] for key, rows in _DIALECT_ROWS["uec"].items()
}


def by_error_code(code: str) -> Row | None:
    """A 1.6 errorCode; None where the enumeration has no such value."""
    return _ERROR_CODES.get(_key(code))


def by_pair(origin: str) -> Row | None:
    """A 2.x `Component.Variable`, case-sensitive as the device model is."""
    return _PAIRS.get(origin)


def dialect_of(vendor_id: str | None) -> str | None:
    """The taxonomy that a vendorId announces; None for a vendor's own."""
    if vendor_id is None:
        return None
    folded = vendor_id.casefold()
    return next((taxonomy for part, taxonomy in _DIALECTS if part in folded), None)


def by_vendor_code(
    code: str, vendor_id: str | None = None, vendor: str | None = None, model: str | None = None
) -> Row | None:
    """A vendorErrorCode or techCode; `vendor` and `model` are the station's as it last booted."""
    dialect = dialect_of(vendor_id)
    if dialect is not None and (row := _in_dialect(code, dialect)) is not None:
        return row
    if (mrec := _MREC.fullmatch(code)) is not None and (row := _in_dialect(f"CX{int(mrec[1]):03}", "mrec")) is not None:
        return row
    return _of_vendor(code, (vendor_id, vendor), model) or _by_name(code)


def _in_dialect(code: str, dialect: str) -> Row | None:
    rows = _DIALECT_ROWS[dialect]
    found = rows.get(_key(code)) or rows.get(f"{_key(code)[:1]}*")
    return found[0] if found else None


def _of_vendor(code: str, vendors: tuple[str | None, ...], model: str | None) -> Row | None:
    """The narrowest row of a vendor's dictionary: `type/subtype` before its type alone, a model's before a vendor's.

    What a vendor writes of one model is believed of its others too, but less.
    """
    for key in (_key(code), _key(code.partition("/")[0]), _key(code.rpartition("/")[2])):
        fitting = [row for row in _VENDOR_ROWS.get(key, ()) if _is_of_vendor(row, vendors)]
        if not fitting:
            continue
        own = [row for row in fitting if not row.model or _begins(model, row.model)]
        if own:
            return max(own, key=lambda row: (bool(row.model), bool(row.vendor_id)))
        return _believed(fitting[0], _OTHER_MODEL)
    return None


def _is_of_vendor(row: Row, vendors: tuple[str | None, ...]) -> bool:
    return not row.vendor_id or any(_begins(name, row.vendor_id) for name in vendors)


def _begins(name: str | None, known: str) -> bool:
    """Whether a name is a known one, or goes on behind it (`Delta Electronics`, `AC MAX 22`)."""
    return name is not None and _key(name).startswith(_key(known))


def _by_name(code: str) -> Row | None:
    """Some stations write the name of another taxonomy's code, or of 1.6's enumeration, where their own should be."""
    key = _key(code)
    row = _NAMES.get(key) or _ERROR_CODES.get(key)
    return None if row is None else _believed(row, _BY_NAME_ONLY)


def _believed(row: Row, share: float) -> Row:
    """The row, believed less than its own taxonomy says."""
    return msgspec.structs.replace(row, confidence=row.confidence * share)

"""DataTransfer of both versions: faults in it, where the crosswalk knows the vendorId and the code. Nothing else of it.

DIN DKE SPEC 99003 and some stations say beside a status, or only here, what is wrong: JSON, or JSON in a text.
"""

import re

import msgspec
from msgspec import Raw

from models import times, wording
from models.crosswalk import by_vendor_code, codes_in
from models.crosswalk.lookup import dialect_of
from models.events import Alarm, Notified, UnusableError
from models.ids import bounded
from models.ocpp.lenient import Payload, present, small

_DIALECT = re.compile(rb"chargex|evgo|charin|urn:uec|99003", re.IGNORECASE)
"""Looked for before anything is decoded: most vendors' data is none of ours."""
_MAX_TEXT = 10_000


class _Transfer(msgspec.Struct, rename="camel", gc=False):
    vendor_id: str | None = None
    message_id: str | None = None
    data: Raw = Raw(b"")


class _Text(msgspec.Struct):
    data: str | None = None


class _Data(msgspec.Struct, rename="camel", gc=False):
    evse_id: int | None = None
    connector_id: int | None = None
    vendor_error_code: str | None = None
    error_code: str | None = None
    code: str | None = None
    info: str | None = None
    timestamp: str | None = None
    cleared: bool | None = None


_transfer = Payload(_Transfer)
_data = Payload(_Data)
_text = Payload(_Text)


def read_data_transfer(payload: Raw, key: bytes | None) -> Notified | None:
    """A fault raised or cleared by a vendor's message; None for any other."""
    if _DIALECT.search(payload) is None:
        return None
    transfer = _transfer.read(payload)
    vendor_id = wording.id_shown(present(transfer.vendor_id))
    said = _decoded(_text.read(payload).data or bytes(transfer.data))
    if said is None or dialect_of(vendor_id) is None:
        return None
    codes = (present(said.vendor_error_code), present(said.code), present(said.error_code))
    code = next((code for code in codes if any(by_vendor_code(one, vendor_id) for one in codes_in(code))), None)
    if code is None:
        return None
    alarm = Alarm(
        small(said.evse_id),
        small(said.connector_id),
        code[:_MAX_TEXT],
        bounded(f"DataTransfer.{wording.shown(transfer.message_id) or '-'}") or "-",
        not said.cleared,
        times.parse(said.timestamp),
        info=wording.shown(present(said.info)),
        vendor_id=vendor_id,
    )
    return Notified((alarm,))


def _decoded(data: str | bytes) -> _Data | None:
    """The object in `data`, which may stand in a text."""
    raw = data[:_MAX_TEXT].encode("utf-8", "replace") if isinstance(data, str) else data
    try:
        return _data.read(Raw(raw))
    except UnusableError:
        return None

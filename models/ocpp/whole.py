"""Frames that are read in one pass, payload and all: what most of a charger's bytes are. Not here: what they mean.

Elsewhere a frame is read first, and its payload once its action is known, which reads every byte twice. What does not
fit here, say a measurand that the specification does not name, is no error: it is read that way, with the same result.
"""

from typing import Any, ClassVar, Literal, TypeAlias, cast, final

import msgspec
from msgspec import Raw
from msgspec.json import Decoder

from models import frames
from models.frames import Call, Frame, FrameError
from models.ocpp import v201
from models.ocpp.versions import V16, V21, V201

SHORTEST = 200
"""Bytes; shorter frames hold too little to gain by it."""
_HEAD = 96
"""The action stands within so many bytes, unless the message id is long."""

_Measurand: TypeAlias = Literal[
    "Current.Export",
    "Current.Import",
    "Current.Offered",
    "Energy.Active.Export.Register",
    "Energy.Active.Import.Register",
    "Energy.Reactive.Export.Register",
    "Energy.Reactive.Import.Register",
    "Energy.Active.Export.Interval",
    "Energy.Active.Import.Interval",
    "Energy.Reactive.Export.Interval",
    "Energy.Reactive.Import.Interval",
    "Frequency",
    "Power.Active.Export",
    "Power.Active.Import",
    "Power.Factor",
    "Power.Offered",
    "Power.Reactive.Export",
    "Power.Reactive.Import",
    "RPM",
    "SoC",
    "Temperature",
    "Voltage",
]
_Unit: TypeAlias = Literal[
    "Wh",
    "kWh",
    "varh",
    "kvarh",
    "W",
    "kW",
    "VA",
    "kVA",
    "var",
    "kvar",
    "A",
    "V",
    "Celsius",
    "Celcius",
    "Fahrenheit",
    "K",
    "Percent",
]
_Context: TypeAlias = Literal[
    "Interruption.Begin",
    "Interruption.End",
    "Other",
    "Sample.Clock",
    "Sample.Periodic",
    "Transaction.Begin",
    "Transaction.End",
    "Trigger",
]
_Phase: TypeAlias = Literal["L1", "L2", "L3", "N", "L1-N", "L2-N", "L3-N", "L1-L2", "L2-L3", "L3-L1"]
_Location: TypeAlias = Literal["Body", "Cable", "EV", "Inlet", "Outlet"]
_Format: TypeAlias = Literal["Raw", "SignedData"]


class _Sampled(msgspec.Struct, rename="camel", gc=False):
    """As in `v16`, with the texts of section 7 only (they are not made anew for every sample), in its order."""

    value: str
    context: _Context | None = None
    format: _Format | None = None
    measurand: _Measurand | None = None
    phase: _Phase | None = None
    location: _Location | None = None
    unit: _Unit | None = None
    multiplier: ClassVar[int] = 0
    signed_meter_value: ClassVar[None] = None


class _MeterValue(msgspec.Struct, rename="camel", gc=False):
    timestamp: str
    sampled_value: list[_Sampled]


class MeterValues(msgspec.Struct, rename="camel", gc=False):
    """1.6 MeterValues of the usual shape."""

    connector_id: int
    meter_value: list[_MeterValue]
    transaction_id: int | None = None


@final
class MeterCall(msgspec.Struct, array_like=True, tag=2, forbid_unknown_fields=True, gc=False):
    """A 1.6 call of MeterValues of the usual shape."""

    message_id: str
    action: Literal["MeterValues"]
    payload: MeterValues

    def as_call(self) -> Call:
        """The call as any other."""
        return Call(self.message_id, self.action, cast(Raw, self.payload))


class _Transaction(msgspec.Struct, array_like=True, tag=2, forbid_unknown_fields=True, gc=False):
    message_id: str
    action: Literal["TransactionEvent"]
    payload: v201.Transaction


_TRANSACTION = b'"TransactionEvent"', Decoder(_Transaction)
_DECODERS: dict[str, tuple[bytes, Decoder[Any]]] = {
    V16: (b'"MeterValues"', Decoder(MeterCall)),
    V201: _TRANSACTION,
    V21: _TRANSACTION,
}


def decode(protocol: str, data: bytes) -> Frame | FrameError | MeterCall:
    """As `frames.decode`; the payload of a call of the usual kind and shape is the struct that its reader wants."""
    if protocol in _DECODERS:
        action, decoder = _DECODERS[protocol]
        if data.find(action, 0, _HEAD) > 0 and data.isascii():
            try:
                call = decoder.decode(data)
            except (ValueError, RecursionError):
                pass
            else:
                return call if type(call) is MeterCall else Call(call.message_id, call.action, call.payload)
    return frames.decode(data)

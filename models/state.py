"""What the step remembers of one station. Not here: how it changes (`step` and the parts it calls)."""

import msgspec

STATE_VERSION = 1


class StationState(msgspec.Struct, array_like=True):
    """One station's memory, flat and bounded; `(generation, offset)` is the newest record it has seen."""

    version: int = STATE_VERSION
    station_id: str = ""
    generation: int = 0
    offset: int = -1


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(StationState)


def encode(state: StationState) -> bytes:
    """The state as bytes, for the changelog and the lake's snapshots."""
    return _encoder.encode(state)


def decode(data: bytes) -> StationState:
    """Read a state back; raises `msgspec.DecodeError` on bytes that are not one."""
    return _decoder.decode(data)

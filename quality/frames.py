"""Arithmetic on the columns of a pandas frame. Not here: reading frames, judging them.

Columns come as Arrow arrays, whose checked arithmetic also looks at what lies under a null and then raises for an
overflow: so numbers and times are turned into floats first.
"""

from datetime import UTC, datetime
from typing import Any

PORT = ("station_id", "evse_id", "connector_id")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def number(column: Any) -> Any:
    """A column of numbers as floats, NaN where null."""
    # Not by Arrow's cast: it refuses integers that a float holds only nearly.
    return column.to_frame().assign(number=column.to_numpy(dtype="float64", na_value=float("nan")))["number"]


def epoch_s(column: Any) -> Any:
    """A column of times as seconds since the Unix epoch, NaN where null."""
    return (column.astype("datetime64[us, UTC]") - _EPOCH).dt.total_seconds()


def seconds(later: Any, earlier: Any) -> Any:
    """Seconds from one column of times to another, NaN where either is null."""
    return epoch_s(later) - epoch_s(earlier)


def port(frame: Any) -> Any:
    """The port of each row as one text: EVSE is null in 1.6, and rows with nulls are left out of pairs."""
    evse, connector = (frame[name].fillna(-1).astype("int64").astype(str) for name in PORT[1:])
    return frame["station_id"] + "/" + evse + "/" + connector


def key(frame: Any, names: tuple[str, ...]) -> Any:
    """The values of some columns as one text; null is a value of its own, and not the text of any other."""
    texts = [frame[name].astype("string[pyarrow]").fillna("\x1e") for name in names]
    joined = texts[0]
    for text in texts[1:]:
        joined = joined + "\x1f" + text
    return joined

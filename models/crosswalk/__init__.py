"""The crosswalk: fault codes of every taxonomy to one canonical code, as versioned data. Not here: episodes (`faults`).

The CSV files beside this page are the data, `version` names their state: who changes a row raises it, and a replay
maps the history anew. They are read once, at import.
"""

from models.crosswalk.lookup import by_error_code, by_pair, by_vendor_code
from models.crosswalk.named import Named, codes_in, of_alarm, of_status, singles
from models.crosswalk.rows import (
    CODES,
    NO_ROW,
    OTHER,
    ROWS,
    SEVERITIES,
    STATUS_ROW,
    UNKNOWN,
    VERSION,
    Row,
    family_of,
)

__all__ = [
    "CODES",
    "NO_ROW",
    "OTHER",
    "ROWS",
    "SEVERITIES",
    "STATUS_ROW",
    "UNKNOWN",
    "VERSION",
    "Named",
    "Row",
    "by_error_code",
    "by_pair",
    "by_vendor_code",
    "codes_in",
    "family_of",
    "of_alarm",
    "of_status",
    "singles",
]

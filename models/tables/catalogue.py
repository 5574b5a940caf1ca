"""Every table and view of a published warehouse: landed ones (`tables`) and those that a build computes.

Names, order, types and COMMENTs; tests compare them with what a build really makes. Not here: how a table
is computed (`sql/`, one file per name; the OCPI tables by `ocpi.fold`).
"""

import pyarrow as pa

from models.ocpi.rows import ROWS, OcpiRow
from models.tables.derived import DERIVED
from models.tables.exchange import EXCHANGE
from models.tables.landed import (
    DEAD_LETTERS,
    HIDDEN_COLUMNS,
    LANDED,
    TIMESTAMP,
    VERSION_COLUMNS,
    VIOLATIONS,
    Column,
    Origin,
    Table,
    columns_of,
)
from models.tables.metered import METERED, SESSION_CANDIDATES
from models.tables.presented import FUNNEL_DAILY, TOKEN_ALIASES

INTEGER, BIGINT, DOUBLE = pa.int32(), pa.int64(), pa.float64()
TEXT, BOOLEAN, DATE = pa.string(), pa.bool_(), pa.date32()

PAYLOAD_TEXT = Column("payload_text", "The payload as text; null when it is not UTF-8.", TEXT)
_STATION = Column("station_id", "Charging station, as in its connection URL.", TEXT)
_PROTOCOL = Column("protocol", "ocpp1.6, ocpp2.0.1 or ocpp2.1.", TEXT)
_SOURCE = Column("source", "The log file (sha256, 16 hex digits) or the live connection.", TEXT)
_DAY = "Calendar day in the report's time zone (`meta__build.report_timezone`)"


def _with_text(table: Table) -> Table:
    columns = []
    for column in table.columns:
        columns += [column, PAYLOAD_TEXT] if column.name == "payload" else [column]
    return Table(table.name, table.comment, table.origin, tuple(columns))


RAW_VIEWS: dict[str, Table] = {t.name: _with_text(t) for t in LANDED.values() if t.name.startswith("raw_")}
"""Views over the restricted folder; the key is the landed table's own name."""
RAW_VIEWS["raw_ocpp__dead_letters"] = Table(
    "raw_ocpp__dead_letters",
    "Dead letters with their raw bytes. Holds card numbers: restricted.",
    Origin.RAW,
    _with_text(DEAD_LETTERS).columns,
)

CORE_DEAD_LETTERS = Table(
    DEAD_LETTERS.name,
    f"{DEAD_LETTERS.comment} The bytes: raw_ocpp__dead_letters.",
    Origin.RAW,
    tuple(c for c in DEAD_LETTERS.columns if c.name != "payload"),
)


def published_fact(table: Table) -> Table:
    """A fact table as published: newest version of each id, version columns left out."""
    columns = tuple(c for c in table.columns if c.name not in VERSION_COLUMNS + HIDDEN_COLUMNS)
    return Table(table.name, table.comment, table.origin, columns)


FACTS: tuple[Table, ...] = tuple(published_fact(t) for t in LANDED.values() if t.origin is Origin.FACT)

STAGED_FRAMES = Table(
    "stg_ocpp__frames",
    "OCPP frames, each once, however many lines hold it: equal in station, received_at, direction and payload.",
    Origin.RAW,
    (
        *RAW_VIEWS["raw_ocpp__frames"].columns,
        Column("message", "The frame as JSON; null when it is not JSON.", TEXT),
        Column("message_type", "OCPP-J type: 2 call, 3 result, 4 error, 5 result error, 6 send.", INTEGER),
        Column("message_id", "Message id, as text.", TEXT),
    ),
)

LATE_FRAMES = Table(
    "core__late_frames",
    "Landed frames that came after newer ones of their station; a replay of the station folds them in their place.",
    Origin.DERIVED,
    (
        _STATION,
        _PROTOCOL,
        Column("direction", "cp-to-csms or csms-to-cp.", TEXT),
        Column("received_at", "Receiver's clock, UTC.", TIMESTAMP),
        Column("newest_before_at", "Newest receipt that the station's log held before it, UTC.", TIMESTAMP),
        _SOURCE,
        Column("ordinal", "Ordinal of the frame in its source.", BIGINT),
        Column("generation", "Generation of its position in the log.", INTEGER),
        Column("partition", "Partition.", INTEGER),
        Column("offset", "Offset.", BIGINT),
        Column("is_replayed", "Their station was replayed since, with them.", BOOLEAN),
    ),
)


def _anomalies() -> Table:
    """The step's own table with one column more: who found it."""
    (said,) = (table for table in FACTS if table.name == "stg_ocpp__anomalies")
    columns = list(said.columns)
    columns.insert(3, Column("found_by", "step: said while folding; sql: found at build time.", TEXT))
    comment = "Everything that does not add up, with its evidence, in the words of docs/anomalies.md."
    return Table("core__anomalies", comment, Origin.DERIVED, tuple(columns))


ANOMALIES = _anomalies()

FAULT_CODES = Table(
    "core__fault_codes",
    "The crosswalk: every raw fault code that is known, and what it means. Part of the program, not of the data.",
    Origin.DERIVED,
    (
        Column("taxonomy", "ocpp16, mrec, evgo_mrec, uec, ocpp2_cv or vendor.", TEXT),
        Column("raw_key", "The code as that taxonomy writes it; `A*` stands for all that begin so.", TEXT),
        Column("name", "Its name there, where that is not the code itself.", TEXT),
        Column("vendor_id", "Only for this vendorId or vendor; null = any.", TEXT),
        Column("model", "Only for this model; null = any.", TEXT),
        Column("canonical_code", "What it is in every taxonomy.", TEXT),
        Column("meaning", "The canonical code as a sentence.", TEXT),
        Column("family", "Group of the canonical code.", TEXT),
        Column("actor", "Who it comes from: evse, ev, driver, grid, network, vandal or unknown.", TEXT),
        Column("severity", "info, warning, error or critical, unless the station says otherwise.", TEXT),
        Column("confidence", "0 to 1: how sure the row is.", DOUBLE),
        Column("source", "What the row rests on.", TEXT),
        Column("mapping_version", "Version of the crosswalk.", TEXT),
    ),
)
UNMAPPED_CODES = Table(
    "core__unmapped_codes",
    "Fault codes that the crosswalk does not know, by the time they cost.",
    Origin.DERIVED,
    (
        Column("unmapped_code", "The code as sent (vendorErrorCode, techCode, errorCode or Component.Variable).", TEXT),
        Column("code", "What the protocol's own field said beside it.", TEXT),
        Column("canonical_code", "What the episode counts as until then.", TEXT),
        Column("vendor_id", "vendorId beside it (1.6).", TEXT),
        _PROTOCOL,
        Column("vendor", "Vendor as booted when the fault opened; null = unknown.", TEXT),
        Column("model", "Model as booted when the fault opened; null = unknown.", TEXT),
        Column("firmware", "Firmware version as booted when the fault opened; null = unknown.", TEXT),
        Column("episodes", "Episodes.", BIGINT),
        Column("episodes_open", "Of these, still open.", BIGINT),
        Column(
            "minutes",
            "Minutes they lasted, open ones to the end of what their station's own logs cover; null = nobody can tell.",
            DOUBLE,
        ),
        Column("stations", "Stations that reported it.", BIGINT),
        Column("first_seen_at", "Receipt of the first report, UTC.", TIMESTAMP),
        Column("last_seen_at", "Receipt of the last report or clearing, UTC.", TIMESTAMP),
        Column("info", "One of the texts beside it.", TEXT),
    ),
)

OCPI_REJECTS = Table(
    "core__ocpi_rejects",
    "OCPI documents kept in raw but not used, each with the reason; look the bytes up by position.",
    Origin.DERIVED,
    (
        Column("party", "country_code and party_id of the owner; null when that is no such thing.", TEXT),
        Column("module", "OCPI module; null when there is no such module.", TEXT),
        Column("method", "put, patch, post or delete.", TEXT),
        Column("reason", "Typed reason.", TEXT),
        Column("detail", "The reason as a sentence; never quotes the document.", TEXT),
        Column("received_at", "Receiver's clock, UTC.", TIMESTAMP),
        _SOURCE,
        Column("ordinal", "Ordinal of the document in its source.", BIGINT),
        Column("generation", "Generation of its position in the log.", INTEGER),
        Column("partition", "Partition.", INTEGER),
        Column("offset", "Offset.", BIGINT),
    ),
)


def ocpi_table(row: type[OcpiRow]) -> Table:
    """The table of an OCPI row struct."""
    return Table(row.table, row.comment, Origin.DERIVED, columns_of(row))


OCPI: tuple[Table, ...] = (*(ocpi_table(row) for row in ROWS), OCPI_REJECTS)

ENERGY_DAILY = Table(
    "report__energy_daily",
    "Energy and sessions per day of start, station and protocol; open sessions count with what is known so far.",
    Origin.REPORT,
    (
        Column("day", f"{_DAY} of the session's start; null where no start is known.", DATE),
        _STATION,
        _PROTOCOL,
        Column("sessions", "Sessions that started that day.", BIGINT),
        Column("sessions_without_energy", "Of these, ended sessions with 0 Wh.", BIGINT),
        Column("sessions_energy_unknown", "Of these, sessions whose energy nobody reported (yet).", BIGINT),
        Column(
            "energy_wh", "Energy of these sessions, Wh; null where none of it is known. Sums to core__sessions.", BIGINT
        ),
        Column("energy_mean_wh", "Mean energy of the ended ones with known energy, Wh.", DOUBLE),
        Column("charging_s", "Seconds of charging of these sessions; null where none is known.", BIGINT),
        Column("sessions_open", "Of these, sessions without an end yet: their energy may still grow.", BIGINT),
        Column("energy_open_wh", "Part of energy_wh that belongs to open sessions, Wh.", BIGINT),
    ),
)
ERROR_TREND_DAILY = Table(
    "report__error_trend_daily",
    "Fault episodes per day, model, firmware and codes, up to six days after the last one (for the mean).",
    Origin.REPORT,
    (
        Column("day", f"{_DAY} of the episode's opening; null where it is unknown.", DATE),
        Column("vendor", "Vendor as booted when the fault opened; null = unknown.", TEXT),
        Column("model", "Model as booted when the fault opened; null = unknown.", TEXT),
        Column("firmware", "Firmware version as booted when the fault opened; null = unknown.", TEXT),
        Column("canonical_code", "What the fault is in every taxonomy (`core__fault_codes`).", TEXT),
        Column("code", "Code as sent (`core__fault_episodes.code`); sums over it give the canonical code's.", TEXT),
        Column("episodes", "Episodes opened that day.", BIGINT),
        Column("sessions", "Sessions started that day on stations of that vendor, model and firmware.", BIGINT),
        Column("per_1000_sessions", "episodes per 1,000 of these sessions; null without sessions.", DOUBLE),
        Column(
            "episodes_7d_mean",
            "Mean of episodes over this calendar day and the six before. Days without episodes count as 0, "
            "days before the first session or episode of the warehouse do not count.",
            DOUBLE,
        ),
    ),
)
RFID_USAGE_DAILY = Table(
    "report__rfid_usage_daily",
    "Use of each token per day: attempts by answer, sessions, energy.",
    Origin.REPORT,
    (
        Column("day", f"{_DAY} of the request or the session's start; null where it is unknown.", DATE),
        Column("token_id", "Pseudonym of the token; null where an Authorize request had none.", TEXT),
        Column("attempts", "Authorize requests: accepted + rejected + unanswered.", BIGINT),
        Column("accepted", "Answered Accepted.", BIGINT),
        Column("rejected", "Answered otherwise: the next five together.", BIGINT),
        Column("blocked", "Answered Blocked.", BIGINT),
        Column("expired", "Answered Expired.", BIGINT),
        Column("invalid", "Answered Invalid or Unknown.", BIGINT),
        Column("concurrent_tx", "Answered ConcurrentTx.", BIGINT),
        Column("other", "Answered with any other status, or with an error.", BIGINT),
        Column("unanswered", "No answer seen.", BIGINT),
        Column("sessions", "Sessions started with the token, open ones included.", BIGINT),
        Column("energy_wh", "Energy of these sessions, Wh; null where none of it is known.", BIGINT),
    ),
)
REPORTS = (ENERGY_DAILY, ERROR_TREND_DAILY, RFID_USAGE_DAILY, FUNNEL_DAILY)

BUILD = Table(
    "meta__build",
    "How this file was made: one row.",
    Origin.DERIVED,
    (
        Column("build_id", "Number of the build; rises within a home.", BIGINT),
        Column("built_at", "When the build began, UTC.", TIMESTAMP),
        Column("report_timezone", "Zone of the `day` columns.", TEXT),
        Column("is_tokens_clear", "True: OCPI card numbers are shown in clear (a setting).", BOOLEAN),
        Column("files", "Landed Parquet files it was made from.", BIGINT),
        Column("ocpi_rejects", "OCPI documents that were not used (`core__ocpi_rejects`).", BIGINT),
        Column("code_version", "Version of laddstrom.", TEXT),
        Column("models_sha256", "Hash of the SQL models, 16 hex digits.", TEXT),
        Column("duckdb_version", "Version of DuckDB that wrote it.", TEXT),
    ),
)
POSITIONS = Table(
    "meta__positions",
    "How far this file has read the raw log.",
    Origin.DERIVED,
    (
        Column("topic", "Kafka topic.", TEXT),
        Column("generation", "Number of the topic's identity within this home.", INTEGER),
        Column("log_id", "Identity of the topic (Kafka's topic id).", TEXT),
        Column("partition", "Partition.", INTEGER),
        Column("first_offset", "Lowest offset landed.", BIGINT),
        Column("last_offset", "Highest offset landed.", BIGINT),
        Column("rows", "Records landed.", BIGINT),
    ),
)

SQL_MODELS: tuple[Table, ...] = (
    STAGED_FRAMES,
    *EXCHANGE,
    *DERIVED,
    *METERED,
    LATE_FRAMES,
    ANOMALIES,
    UNMAPPED_CODES,
    TOKEN_ALIASES,
    *REPORTS,
)
"""Each has a file of its name under `sql/`."""

TABLES: dict[str, Table] = {
    t.name: t
    for t in (
        *RAW_VIEWS.values(),
        VIOLATIONS,
        SESSION_CANDIDATES,
        CORE_DEAD_LETTERS,
        *FACTS,
        *OCPI,
        FAULT_CODES,
        *SQL_MODELS,
        BUILD,
        POSITIONS,
    )
}
"""Everything a published warehouse holds, by name."""

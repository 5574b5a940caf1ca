"""What must hold of `core__call_anomalies`: answers to no call. A big table: the newest rows are looked at."""

from models.anomalies import Kind
from models.tables.catalogue import TABLES
from quality.rules import Severity, figure, one_of
from quality.suite import suite
from quality.vocabulary import plausible, protocol

_SHARE = "count(*) / (SELECT nullif(count(*), 0) FROM core__calls)"

_RULES = (
    protocol(),
    plausible("happened_at"),
    one_of(
        "anomaly_is_of_calls", "anomaly", (Kind.ANSWER_ORPHAN.value,), Severity.CRITICAL, "the anomaly is none of calls"
    ),
    figure("share_of_calls", None, 0.01, Severity.WARNING, "answers without a call for each call"),
)

SUITE = suite(
    TABLES["core__call_anomalies"],
    _RULES,
    ids=("anomaly_id",),
    required=("anomaly_id", "anomaly", "severity", "station_id"),
    newest_by="happened_at",
    metrics={"share_of_calls": _SHARE},
)

"""What must hold of `core__anomalies`: words of the vocabulary, each with evidence. A big table: newest rows first."""

from models.anomalies import Kind
from models.anomalies import Severity as Weight
from models.tables.catalogue import TABLES
from quality.rules import Severity, figure, matches, one_of
from quality.suite import suite
from quality.vocabulary import connector, plausible, protocol

_CRITICAL_SHARE = (
    "count(DISTINCT session_id) FILTER (severity = 'critical') / (SELECT nullif(count(*), 0) FROM core__sessions)"
)
_KINDS = tuple(kind.value for kind in Kind)
_WEIGHTS = tuple(weight.value for weight in Weight)

_RULES = (
    protocol(),
    connector(),
    plausible("happened_at"),
    one_of("anomaly_in_vocabulary", "anomaly", _KINDS, Severity.CRITICAL, "the anomaly is no word of the vocabulary"),
    one_of("severity_valid", "severity", _WEIGHTS, Severity.CRITICAL, "the severity is none of the three"),
    one_of("found_by_valid", "found_by", ("step", "sql"), Severity.CRITICAL, "the finder is neither step nor sql"),
    matches("detail_is_a_sentence", "detail", r"\.$", Severity.WARNING, "the detail is no sentence"),
    figure("share_critical", None, 0.05, Severity.WARNING, "share of sessions with a critical anomaly"),
)

SUITE = suite(
    TABLES["core__anomalies"],
    _RULES,
    ids=("anomaly_id",),
    required=("anomaly_id", "anomaly", "severity", "found_by", "station_id"),
    newest_by="happened_at",
    metrics={"share_critical": _CRITICAL_SHARE},
)

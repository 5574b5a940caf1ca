"""What must hold of `core__measurement_anomalies`. A big table: the newest rows are looked at."""

from models.anomalies import Kind
from models.tables.catalogue import TABLES
from quality.rules import Severity, figure, matches, one_of
from quality.suite import suite
from quality.vocabulary import connector, plausible, protocol

KINDS = (
    *(Kind.UNDERVOLTAGE, Kind.OVERVOLTAGE, Kind.FREQUENCY_DEVIATION, Kind.PHASE_IMBALANCE, Kind.DERATING),
    *(Kind.REGISTER_GAP, Kind.VALUE_UNREADABLE, Kind.METER_ON_CONNECTOR_0),
    *(Kind.ENERGY_DISAGREES, Kind.POWER_DISAGREES),
)
_WEIGHED = " OR ".join(f"(anomaly = '{kind.value}' AND severity = '{kind.severity.value}')" for kind in KINDS)

_RULES = (
    protocol(),
    connector(),
    plausible("happened_at"),
    one_of(
        "anomaly_is_of_samples",
        "anomaly",
        tuple(kind.value for kind in KINDS),
        Severity.CRITICAL,
        "the anomaly is none of sampled values",
    ),
    matches("detail_is_a_sentence", "detail", r"\.$", Severity.WARNING, "the detail is no sentence"),
    figure("weights_wrong", None, 0, Severity.CRITICAL, "rows whose severity is not the vocabulary's"),
)

SUITE = suite(
    TABLES["core__measurement_anomalies"],
    _RULES,
    ids=("anomaly_id",),
    required=("anomaly_id", "anomaly", "severity", "station_id", "value", "expected"),
    newest_by="happened_at",
    metrics={"weights_wrong": f"count(*) FILTER (NOT ({_WEIGHED}))"},
)

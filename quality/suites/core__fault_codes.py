"""What must hold of `core__fault_codes`: it came with the program, whole."""

from models.crosswalk import ROWS, SEVERITIES
from models.crosswalk.rows import ACTORS, TAXONOMIES
from models.tables.catalogue import TABLES
from quality.rules import Severity, between, figure, one_of
from quality.suite import suite

_RULES = (
    one_of("taxonomy_valid", "taxonomy", TAXONOMIES, Severity.CRITICAL, "the taxonomy is none that is known"),
    one_of("severity_valid", "severity", SEVERITIES, Severity.CRITICAL, "the severity is none of the four"),
    one_of("actor_valid", "actor", tuple(sorted(ACTORS)), Severity.CRITICAL, "the actor is none of the seven"),
    between("confidence_possible", "confidence", 0, 1, Severity.CRITICAL, "the confidence is impossible"),
    figure("rows_missing", 0, 0, Severity.CRITICAL, "rows of the program's crosswalk that are not in the table"),
)

SUITE = suite(
    TABLES["core__fault_codes"],
    _RULES,
    ids=("taxonomy", "raw_key", "vendor_id", "model"),
    required=("taxonomy", "raw_key", "canonical_code", "family", "actor", "severity", "confidence", "mapping_version"),
    metrics={"rows_missing": f"{len(ROWS)} - count(*)"},
)

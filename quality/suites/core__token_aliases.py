"""What must hold of `core__token_aliases`: pairs of pseudonyms, never a token of its own."""

from typing import Any

from models.tables.catalogue import TABLES
from models.tokens.aliases import RULES
from quality.rules import Severity, between, figure, one_of
from quality.suite import suite
from quality.vocabulary import pseudonym

_SHARE = "count(DISTINCT token_id) / (SELECT nullif(count(DISTINCT token_id), 0) FROM core__sessions)"


def _with_itself(frame: Any) -> Any:
    return frame.assign(is_itself=(frame["token_id"] == frame["alias_of"]).astype("int64"))


_RULES = (
    pseudonym(),
    pseudonym("alias_of"),
    one_of("rule_documented", "rule", RULES, Severity.CRITICAL, "the rule is none of the documented ones"),
    one_of(
        "evidence_documented", "evidence", ("shown", "shared form"), Severity.CRITICAL, "the evidence is none we know"
    ),
    between("score_possible", "score", 0, 1, Severity.CRITICAL, "the score is not between 0 and 1"),
    between("not_its_own_alias", "is_itself", 0, 0, Severity.CRITICAL, "a token is an alias of itself"),
    figure("share_of_tokens", None, 0.5, Severity.WARNING, "aliases to each token of core__sessions"),
)

SUITE = suite(
    TABLES["core__token_aliases"],
    _RULES,
    ids=("token_id", "alias_of"),
    required=("rule", "score", "evidence"),
    metrics={"share_of_tokens": _SHARE},
    derive=_with_itself,
    tokens=("token_id", "alias_of"),
)

"""Energies that only a partner knows, taken over into `core__sessions`. Not here: which document counts (SQL).

The landed fact stays as the step said it: what is null there, and only that, is filled in the published table.
"""

import duckdb

from models.energy.rungs import PARTNER_CONFIDENCE
from pipelines.warehouse.sql import literal

_CONFIDENCE = " ".join(f"WHEN {literal(rung)} THEN {share}" for rung, share in PARTNER_CONFIDENCE.items())
_RUNGS = ", ".join(literal(rung) for rung in PARTNER_CONFIDENCE)
_TAKE_OVER = f"""
UPDATE core__sessions AS s
SET energy_wh = c.energy_wh, energy_basis = c.rung, energy_confidence = CASE c.rung {_CONFIDENCE} END
FROM core__session_energy_candidates AS c
WHERE c.session_id = s.session_id AND c.is_chosen AND c.rung IN ({_RUNGS}) AND s.energy_wh IS NULL
"""


def take_over(connection: duckdb.DuckDBPyConnection) -> None:
    """Give each session whose own frames say no energy the partner's, where one was chosen."""
    connection.execute(_TAKE_OVER)

"""Energies that only a partner knows, taken over into `core__sessions`. Not here: which document counts (SQL).

The landed fact stays as the step said it: the energy that is null there is filled in the published table, and the
class that follows from it (`models.sessions.lifecycle.session_class`, the same rule) goes with it.
"""

import duckdb

from models.energy.rungs import PARTNER_CONFIDENCE
from models.sessions.lifecycle import LOW_WH
from pipelines.warehouse.sql import literal

_CONFIDENCE = " ".join(f"WHEN {literal(rung)} THEN {share}" for rung, share in PARTNER_CONFIDENCE.items())
_RUNGS = ", ".join(literal(rung) for rung in PARTNER_CONFIDENCE)
_TAKE_OVER = f"""
UPDATE core__sessions AS s
SET
  energy_wh = c.energy_wh,
  energy_basis = c.rung,
  energy_confidence = CASE c.rung {_CONFIDENCE} END,
  session_class = CASE
    WHEN s.session_class = 'phantom' THEN 'short'
    WHEN c.energy_wh < {LOW_WH} AND s.session_class NOT IN ('open', 'short') THEN 'low_energy'
    ELSE s.session_class
  END
FROM core__session_energy_candidates AS c
WHERE c.session_id = s.session_id AND c.is_chosen AND c.rung IN ({_RUNGS}) AND s.energy_wh IS NULL
"""


def take_over(connection: duckdb.DuckDBPyConnection) -> None:
    """Give each session whose own frames say no energy the partner's, where one was chosen."""
    connection.execute(_TAKE_OVER)

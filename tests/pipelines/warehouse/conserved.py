"""What a build may neither lose nor make: intervals are their session, sessions and gaps the travel of their meter."""

from decimal import Decimal

import duckdb
from small_lake import rows

_UNEQUAL = """SELECT s.session_id, s.energy_wh, sum(i.energy_wh) FROM core__sessions AS s
  LEFT JOIN core__energy_intervals AS i ON i.session_id = s.session_id
  GROUP BY ALL HAVING s.energy_wh IS DISTINCT FROM sum(i.energy_wh)"""
_METERS = """WITH sessions AS (
    SELECT *, coalesce(evse_id, connector_id) AS meter,
      coalesce(register_start_wh, register_end_wh) AS from_wh, coalesce(register_end_wh, register_start_wh) AS to_wh
    FROM core__sessions WHERE started_at IS NOT NULL AND coalesce(evse_id, connector_id) IS NOT NULL
  ), gaps AS (
    SELECT station_id, coalesce(evse_id, connector_id) AS meter, sum(gap_wh) AS gaps_wh
    FROM core__register_gaps GROUP BY ALL
  )
  SELECT station_id, meter, count(*), coalesce(sum(energy_wh), 0), coalesce(any_value(gaps_wh), 0),
    arg_max(to_wh, (started_at, session_id)) FILTER (to_wh IS NOT NULL)
      - arg_min(from_wh, (started_at, session_id)) FILTER (from_wh IS NOT NULL)
  FROM sessions LEFT JOIN gaps USING (station_id, meter) GROUP BY station_id, meter ORDER BY ALL"""
_HALF = Decimal("0.5")


def unequal(opened: duckdb.DuckDBPyConnection) -> list[tuple[str, int | None, int | None]]:
    """Sessions whose quarter hours are not their energy."""
    return rows(opened, _UNEQUAL)


def meters(opened: duckdb.DuckDBPyConnection) -> list[tuple[str, int]]:
    """Every meter (station, EVSE or connector) that a session showed; sessions and gaps are its travel, or this fails.

    Each session's energy is rounded by itself, so half a Wh a session is all that may be between the two.
    """
    found = []
    for station, meter, sessions, energy_wh, gaps_wh, travel_wh in rows(opened, _METERS):
        if travel_wh is None:
            continue
        missing_wh = abs(Decimal(energy_wh) + gaps_wh - travel_wh)
        assert missing_wh <= _HALF * sessions, f"{station}/{meter}: {missing_wh} Wh are in no session and no gap"
        found.append((station, meter))
    return found

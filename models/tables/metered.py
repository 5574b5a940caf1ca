"""Tables that a build derives of sessions' energy evidence and of stations' meters: names, columns, COMMENTs.

Each but the staged view has a file of its name under `sql/core`. Not here: how the step finds them (`evidence`).
"""

import pyarrow as pa

from models.tables.landed import REGISTER, Column, Origin, Table

INTEGER, BIGINT, DOUBLE, TEXT, BOOLEAN = pa.int32(), pa.int64(), pa.float64(), pa.string(), pa.bool_()
_SESSION = Column("session_id", "The session (`core__sessions`).", TEXT)
_STATION = Column("station_id", "Charging station, as in its connection URL.", TEXT)

SESSION_CANDIDATES = Table(
    "stg_ocpp__session_candidates",
    "The newest version of each session's energy evidence, as the step said it; see core__session_energy_candidates.",
    Origin.DERIVED,
    (_SESSION, _STATION, Column("energy_candidates", "Every kind of evidence, as a JSON array.", TEXT)),
)


def _place(which: str) -> tuple[Column, ...]:
    words = f"of the frame that holds the evidence of the {which}; null = none, or from before places were kept."
    return (
        Column(f"{which}_generation", f"Generation {words}", INTEGER),
        Column(f"{which}_partition", f"Partition {words}", INTEGER),
        Column(f"{which}_offset", f"Offset {words}", BIGINT),
    )


ENERGY_CANDIDATES = Table(
    "core__session_energy_candidates",
    "Every kind of evidence for a session's energy, one row per session and rung, best rung first (ADR 0015).",
    Origin.DERIVED,
    (
        _SESSION,
        _STATION,
        Column("rung", "signed, meter_stop, begin_end, register, interval or power.", TEXT),
        Column("rank", "Place on the ladder: 1 is the best kind of evidence.", INTEGER),
        Column("energy_wh", "What it says, Wh; null where it says nothing or is negative.", BIGINT),
        Column("is_chosen", "core__sessions.energy_wh is this value.", BOOLEAN),
        Column(
            "reason",
            "Why it was not chosen: not_verified, better_evidence, negative, over_capacity, below_samples, "
            "reset_between, base_differs, missing_start, missing_end, one_sample, unit_fault, after_end or gaps; of "
            "the chosen one, its doubt.",
            TEXT,
        ),
        Column(
            "register_start_wh", "Register it begins with, Wh, unit faults corrected; null = no register.", REGISTER
        ),
        Column("register_end_wh", "Register it ends with, Wh, resets stitched; null = no register.", REGISTER),
        *_place("begin"),
        *_place("end"),
        Column("difference_wh", "energy_wh minus that of the chosen rung, Wh.", BIGINT),
    ),
)
METER_FINGERPRINTS = Table(
    "core__meter_fingerprints",
    "How makes meter: habits that their stations showed, summed per vendor, model and firmware; nothing is assumed.",
    Origin.DERIVED,
    (
        Column("vendor", "Vendor as booted; null = unknown.", TEXT),
        Column("model", "Model as booted; null = unknown.", TEXT),
        Column("firmware", "Firmware version as booted; null = unknown.", TEXT),
        Column("stations", "Stations that ended sessions with it.", BIGINT),
        Column("sessions", "Ended sessions.", BIGINT),
        Column(
            "register_base",
            "Where the register counts from in most sessions: lifetime, session, boot; null = unknown.",
            TEXT,
        ),
        Column("samples_base", "Where samples count from beside it: session or boot; null = from the same zero.", TEXT),
        Column("resets", "Within sessions: boot, transaction (elsewhere), both or never.", TEXT),
        Column("unit_habit", "sound, kwh_as_wh, wh_as_kwh or mixed, by sessions with proof; null = no proof.", TEXT),
        Column("unit_naming", "always, never or partly.", TEXT),
        Column("phase_tagging", "total, one_phase (a tag on the total), phases, or null without samples.", TEXT),
        Column("contexts", "begin_end, begin_repeated, clock_aligned: contexts met, by comma; null = none.", TEXT),
        Column("share_signed", "Share of sessions with signed registers.", DOUBLE),
        Column("share_power", "Share of sessions with power.", DOUBLE),
        Column("share_intervals", "Share of sessions with interval energy.", DOUBLE),
        Column("share_no_register", "Share of sessions without a register but the start's.", DOUBLE),
        Column("share_phases_disagree", "Share of sessions whose total differs from its phases.", DOUBLE),
        Column("glitches", "Single samples that nothing supported.", BIGINT),
        Column("negative", "Sessions whose meterStop is below meterStart.", BIGINT),
    ),
)
METERED = (ENERGY_CANDIDATES, METER_FINGERPRINTS)

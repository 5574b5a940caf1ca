"""Tables that a build derives of sessions' energy evidence and of stations' meters: names, columns, COMMENTs.

Each but the staged view has a file of its name under `sql/core`. Not here: how the step finds them (`evidence`).
"""

import pyarrow as pa

from models.tables.landed import REGISTER, TIMESTAMP, Column, Origin, Table

INTEGER, BIGINT, DOUBLE, TEXT, BOOLEAN = pa.int32(), pa.int64(), pa.float64(), pa.string(), pa.bool_()
_SESSION = Column("session_id", "The session (`core__sessions`).", TEXT)
_STATION = Column("station_id", "Charging station, as in its connection URL.", TEXT)
_PARTY = Column("party", "country_code and party_id of the partner, such as NL-TNM; null = no partner.", TEXT)
_MATCHED_BY = Column("matched_by", "What agrees beside the times: two or all of place, token, transaction.", TEXT)

SESSION_CANDIDATES = Table(
    "stg_ocpp__session_candidates",
    "The newest version of each session's energy evidence, as the step said it; see core__session_energy_candidates.",
    Origin.DERIVED,
    (_SESSION, _STATION, Column("energy_candidates", "Every kind of evidence, as a JSON array.", TEXT)),
)
MATCHES = Table(
    "stg_ocpi__matches",
    "Which partner's CDR or OCPI session may speak of which charging session: two of place, token and transactionId "
    "agree, and the times (ADR 0015). What comes of it: core__session_energy_candidates.",
    Origin.DERIVED,
    (
        _SESSION,
        _STATION,
        Column("rung", "cdr or ocpi_session.", TEXT),
        _PARTY,
        Column("ocpi_id", "Id of the CDR (`core__cdrs`) or OCPI session (`core__ocpi_sessions`).", TEXT),
        _MATCHED_BY,
        Column("overlap_share", "Shared time over the time that both cover together; 1 = the same.", DOUBLE),
        Column("started_at", "Start by the document, UTC.", TIMESTAMP),
        Column("ended_at", "End by the document, else its last update, UTC.", TIMESTAMP),
        Column("energy_wh", "What the document says, Wh.", BIGINT),
        Column("void", "credit_note, credited or not_final: the document counts nowhere; null = it may.", TEXT),
        Column("power_max_w", "What the EVSE gives by the partner's word (`core__evses`), W; null = unknown.", BIGINT),
        Column("energy_generation", "Generation of the document that says the energy (raw_ocpi__objects).", INTEGER),
        Column("energy_partition", "Partition of it.", INTEGER),
        Column("energy_offset", "Offset of it.", BIGINT),
    ),
)


def _place(which: str) -> tuple[Column, ...]:
    words = (
        f"of the frame that holds the evidence of the {which} (of a cdr or ocpi_session: of the document that says "
        "its energy, in raw_ocpi__objects, at the end); null = none, or from before places were kept."
    )
    return (
        Column(f"{which}_generation", f"Generation {words}", INTEGER),
        Column(f"{which}_partition", f"Partition {words}", INTEGER),
        Column(f"{which}_offset", f"Offset {words}", BIGINT),
    )


ENERGY_CANDIDATES = Table(
    "core__session_energy_candidates",
    "Every kind of evidence for a session's energy, one row per session and rung (of a partner's: and document), best "
    "rung first (ADR 0015).",
    Origin.DERIVED,
    (
        _SESSION,
        _STATION,
        Column("rung", "signed, meter_stop, begin_end, register, interval, power, cdr or ocpi_session.", TEXT),
        Column("rank", "Place on the ladder: 1 is the best kind of evidence.", INTEGER),
        Column("energy_wh", "What it says, Wh; null where it says nothing or is negative.", BIGINT),
        Column("is_chosen", "core__sessions.energy_wh is this value.", BOOLEAN),
        Column(
            "reason",
            "Why it was not chosen: not_verified, better_evidence, negative, over_capacity, below_samples, "
            "reset_between, base_differs, missing_start, missing_end, one_sample, unit_fault, after_end or gaps; of a "
            "partner's also ambiguous_match, credit_note, credited, not_final or zero; of the chosen one, its doubt.",
            TEXT,
        ),
        Column(
            "register_start_wh", "Register it begins with, Wh, unit faults corrected; null = no register.", REGISTER
        ),
        Column("register_end_wh", "Register it ends with, Wh, resets stitched; null = no register.", REGISTER),
        *_place("begin"),
        *_place("end"),
        Column("difference_wh", "energy_wh minus that of the chosen rung, Wh.", BIGINT),
        _PARTY,
        Column("ocpi_id", "Id of the CDR or OCPI session; null = the station's own evidence.", TEXT),
        _MATCHED_BY,
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
METERED = (MATCHES, ENERGY_CANDIDATES, METER_FINGERPRINTS)

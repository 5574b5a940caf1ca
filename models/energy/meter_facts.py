"""The fact of how a station meters. Not here: how it is learned (`habits`), the other facts (`facts`)."""

from typing import Annotated

from models.fact import Fact, Firmware, Model, StationId, Vendor, doc


class MeterHabits(Fact, kw_only=True, gc=False):
    """How a station with one firmware meters: counts over its ended sessions; see `habits.NAMES`."""

    kind = "meter_habits"
    table = "stg_ocpp__meter_habits"
    comment = "How each station meters, by firmware: sessions that showed it. Sums: core__meter_fingerprints. Fact."
    id_column = "habit_id"

    habit_id: Annotated[str, doc("Hash of station, vendor, model and firmware.")]
    station_id: StationId
    vendor: Vendor = None
    model: Model = None
    firmware: Firmware = None
    sessions: Annotated[int, doc("Ended sessions.")] = 0
    base_lifetime: Annotated[
        int, doc("Sessions whose register goes on where the port's last one stopped, or does not start at 0.")
    ] = 0
    base_session: Annotated[int, doc("Sessions whose register began anew without a boot.")] = 0
    base_boot: Annotated[int, doc("Sessions whose register began anew after a boot.")] = 0
    samples_session: Annotated[
        int, doc("Sessions whose samples count from the session's zero beside a meterStart that does not.")
    ] = 0
    samples_boot: Annotated[
        int, doc("Sessions whose samples count from another zero than meterStart, not the session's.")
    ] = 0
    resets_at_boot: Annotated[int, doc("Resets of the register within sessions, after a boot.")] = 0
    resets_elsewhere: Annotated[int, doc("Resets of the register within sessions, without a boot.")] = 0
    glitches: Annotated[int, doc("Single samples that nothing supported.")] = 0
    unit_named: Annotated[int, doc("Sessions with registers that name their unit.")] = 0
    unit_missing: Annotated[int, doc("Sessions with registers that do not.")] = 0
    unit_partly: Annotated[int, doc("Sessions with both.")] = 0
    unit_sound: Annotated[int, doc("Sessions whose power confirms the register's unit.")] = 0
    unit_kwh_as_wh: Annotated[int, doc("Sessions whose registers are kWh labelled Wh, by their own evidence.")] = 0
    unit_wh_as_kwh: Annotated[int, doc("Sessions whose registers are Wh labelled kWh, by their own evidence.")] = 0
    one_phase: Annotated[int, doc("Sessions whose total is tagged as one phase.")] = 0
    phases: Annotated[int, doc("Sessions with values by phase.")] = 0
    phases_disagree: Annotated[int, doc("Sessions whose total differs from its phases.")] = 0
    begin_repeated: Annotated[int, doc("Sessions that repeat the register at begin in more than two meter values.")] = 0
    begin_end: Annotated[
        int, doc("Sessions with registers of both contexts, Transaction.Begin and Transaction.End.")
    ] = 0
    clock_aligned: Annotated[int, doc("Sessions with clock-aligned samples.")] = 0
    intervals: Annotated[int, doc("Sessions with interval energy.")] = 0
    power: Annotated[int, doc("Sessions with power.")] = 0
    signed: Annotated[int, doc("Sessions with signed registers.")] = 0
    no_register: Annotated[int, doc("Sessions without any register but the start's.")] = 0
    negative: Annotated[int, doc("Sessions whose meterStop is below meterStart.")] = 0

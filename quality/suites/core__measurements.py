"""What must hold of `core__measurements`. The biggest table: the newest rows are looked at, shares are over all."""

from models.tables.catalogue import TABLES
from quality.rules import Rule, Severity, between, figure, not_null, one_of
from quality.suite import suite
from quality.vocabulary import connector, plausible, protocol

# OCPP 1.6 section 7.31 and 2.1 MeasurandEnumType
_MEASURANDS = (
    *(f"Current.{kind}" for kind in ("Import", "Export", "Offered", "Import.Offered", "Import.Minimum")),
    *("Current.Export.Offered", "Current.Export.Minimum"),
    *(f"Energy.Active.{way}.{kind}" for way in ("Import", "Export") for kind in ("Register", "Interval")),
    *(f"Energy.Reactive.{way}.{kind}" for way in ("Import", "Export") for kind in ("Register", "Interval")),
    *("Energy.Active.Net", "Energy.Reactive.Net", "Energy.Apparent.Net", "Energy.Apparent.Import"),
    *("Energy.Apparent.Export", "Energy.Active.Setpoint.Interval"),
    *("Energy.Active.Import.CableLoss", "Energy.Active.Import.LocalGeneration.Register"),
    *("EnergyRequest.Target", "EnergyRequest.Minimum", "EnergyRequest.Maximum", "EnergyRequest.Minimum.V2X"),
    *("EnergyRequest.Maximum.V2X", "EnergyRequest.Bulk", "Display.PresentSOC", "Display.MinimumSOC"),
    *("Display.TargetSOC", "Display.MaximumSOC", "Display.RemainingTimeToMinimumSOC"),
    *("Display.RemainingTimeToTargetSOC", "Display.RemainingTimeToMaximumSOC", "Display.ChargingComplete"),
    *("Display.BatteryEnergyCapacity", "Display.InletHot"),
    *("Frequency", "Power.Active.Import", "Power.Active.Export", "Power.Active.Setpoint", "Power.Active.Residual"),
    *("Power.Factor", "Power.Offered", "Power.Reactive.Import", "Power.Reactive.Export"),
    *("Power.Import.Offered", "Power.Import.Minimum", "Power.Export.Offered", "Power.Export.Minimum"),
    *("RPM", "SoC", "Temperature", "Voltage", "Voltage.Minimum", "Voltage.Maximum"),
)
_PHASES = ("L1", "L2", "L3", "N", "L1-N", "L2-N", "L3-N", "L1-L2", "L2-L3", "L3-L1")
_LOCATIONS = ("Body", "Cable", "EV", "Inlet", "Outlet", "Upstream")
_UNITS = ("Wh", "varh", "VAh", "W", "var", "VA", "A", "V", "percent", "celsius", "hertz", "rpm", "ratio")
_CONTEXTS = (
    *("Interruption.Begin", "Interruption.End", "Other", "Sample.Clock", "Sample.Periodic"),
    *("Transaction.Begin", "Transaction.End", "Trigger"),
)


def _value(name: str, measurand: str, low: float, high: float | None, finding: str) -> Rule:
    return between(name, "value", low, high, Severity.WARNING, finding, where=f"measurand == '{measurand}'")


_RULES = (
    protocol(),
    connector(Severity.WARNING),
    plausible("sampled_at"),
    plausible("received_at"),
    one_of("measurand_allowed", "measurand", _MEASURANDS, Severity.WARNING, "the measurand is not one of OCPP's"),
    one_of("phase_allowed", "phase", _PHASES, Severity.WARNING, "the phase is not one of OCPP's"),
    one_of("location_allowed", "location", _LOCATIONS, Severity.WARNING, "the location is not one of OCPP's"),
    one_of("context_allowed", "context", _CONTEXTS, Severity.WARNING, "the context is not one of OCPP's"),
    not_null(
        "value",
        Severity.WARNING,
        "the value is not a number",
        name="value_readable",
        mostly=0.99,
        where="is_signed == False",
    ),
    not_null("sampled_at", Severity.WARNING, "the time is unreadable", name="time_readable", mostly=0.99),
    _value("register_not_negative", "Energy.Active.Import.Register", 0, None, "the energy register is negative"),
    _value("soc_possible", "SoC", 0, 100, "the state of charge is not a percentage"),
    _value("voltage_possible", "Voltage", 0, 2_000, "the voltage is impossible"),
    _value("temperature_possible", "Temperature", -90, 400, "the temperature is impossible"),
    one_of("unit_base", "unit_normalised", _UNITS, Severity.CRITICAL, "the normalised unit is no base unit"),
    figure("share_unreadable", None, 0.01, Severity.WARNING, "share of values that are not numbers"),
    figure("share_without_unit", None, 0.01, Severity.WARNING, "share of values whose unit and measurand do not fit"),
    figure("share_repeated", None, 0.25, Severity.INFO, "share of values that were said before"),
)

SUITE = suite(
    TABLES["core__measurements"],
    _RULES,
    ids=("station_id", "source", "ordinal", "meter_value", "sample"),
    reads=("measurand",),
    required=(
        *("station_id", "measurand", "location", "context", "is_signed", "is_repeat", "is_after_stop", "action"),
        *("source", "ordinal"),
    ),
    newest_by="received_at",
    metrics={
        "share_unreadable": "count(*) FILTER (value IS NULL AND NOT is_signed) / nullif(count(*), 0)",
        "share_without_unit": "count(*) FILTER (unit_normalised IS NULL) / nullif(count(*), 0)",
        "share_repeated": "count(*) FILTER (is_repeat) / nullif(count(*), 0)",
    },
)

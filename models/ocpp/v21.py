"""OCPP 2.1: reads as 2.0.1 does, knows more actions and unanswered messages. Not here: framing, sessions."""

from models.ocpp import v201

CP_ACTIONS = v201.CP_ACTIONS | {
    "BatterySwap",
    "ClosePeriodicEventStream",
    "GetCertificateChainStatus",
    "NotifyDERAlarm",
    "NotifyDERStartStop",
    "NotifyPriorityCharging",
    "NotifySettlement",
    "NotifyWebPaymentStarted",
    "OpenPeriodicEventStream",
    "PullDynamicScheduleUpdate",
    "ReportDERControl",
    "VatNumberValidation",
}
CSMS_ACTIONS = v201.CSMS_ACTIONS | {
    "AFRRSignal",
    "AdjustPeriodicEventStream",
    "ChangeTransactionTariff",
    "ClearDERControl",
    "ClearTariffs",
    "GetDERControl",
    "GetPeriodicEventStream",
    "GetTariffs",
    "NotifyAllowedEnergyTransfer",
    "RequestBatterySwap",
    "SetDERControl",
    "SetDefaultTariff",
    "UpdateDynamicSchedule",
    "UsePriorityCharging",
}
SENDS = frozenset({"NotifyPeriodicEventStream"})
READERS = v201.READERS
COMMANDS = v201.COMMANDS
ANSWERS = v201.ANSWERS

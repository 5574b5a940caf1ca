"""OCPP actions by who calls them and by the versions that have them. Not here: their payloads."""

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


CSMS_CALLS: Final = _words(
    # 1.6 and its security extension
    "CancelReservation CertificateSigned ChangeAvailability ChangeConfiguration ClearCache ClearChargingProfile "
    "DeleteCertificate ExtendedTriggerMessage GetCompositeSchedule GetConfiguration GetDiagnostics "
    "GetInstalledCertificateIds GetLocalListVersion GetLog InstallCertificate RemoteStartTransaction "
    "RemoteStopTransaction ReserveNow Reset SendLocalList SetChargingProfile SignedUpdateFirmware TriggerMessage "
    "UnlockConnector UpdateFirmware "
    # 2.0.1
    "ClearDisplayMessage ClearVariableMonitoring CostUpdated CustomerInformation GetBaseReport GetChargingProfiles "
    "GetDisplayMessages GetMonitoringReport GetReport GetTransactionStatus GetVariables PublishFirmware "
    "RequestStartTransaction RequestStopTransaction SetDisplayMessage SetMonitoringBase SetMonitoringLevel "
    "SetNetworkProfile SetVariableMonitoring SetVariables UnpublishFirmware "
    # 2.1
    "AFRRSignal AdjustPeriodicEventStream ChangeTransactionTariff ClearDERControl ClearTariffs GetDERControl "
    "GetPeriodicEventStream GetTariffs NotifyAllowedEnergyTransfer RequestBatterySwap SetDERControl SetDefaultTariff "
    "UpdateDynamicSchedule UsePriorityCharging"
)
"""Calls of the central system; every other action, DataTransfer among them, is taken as the station's."""

ONLY_V16: Final = _words(
    "ChangeConfiguration DiagnosticsStatusNotification ExtendedTriggerMessage GetConfiguration GetDiagnostics "
    "RemoteStartTransaction RemoteStopTransaction SignedFirmwareStatusNotification SignedUpdateFirmware "
    "StartTransaction StopTransaction"
)
ONLY_V21: Final = _words(
    "AFRRSignal AdjustPeriodicEventStream BatterySwap ChangeTransactionTariff ClearDERControl ClearTariffs "
    "ClosePeriodicEventStream GetCertificateChainStatus GetDERControl GetPeriodicEventStream GetTariffs "
    "NotifyAllowedEnergyTransfer NotifyDERAlarm NotifyDERStartStop NotifyPeriodicEventStream NotifyPriorityCharging "
    "NotifySettlement NotifyWebPaymentStarted OpenPeriodicEventStream PullDynamicScheduleUpdate ReportDERControl "
    "RequestBatterySwap SetDERControl SetDefaultTariff UpdateDynamicSchedule UsePriorityCharging "
    "VatNumberValidation"
)
ONLY_V2X: Final = _words(
    "ClearDisplayMessage ClearVariableMonitoring ClearedChargingLimit CostUpdated CustomerInformation "
    "Get15118EVCertificate GetBaseReport GetCertificateStatus GetChargingProfiles GetDisplayMessages "
    "GetMonitoringReport GetReport GetTransactionStatus GetVariables NotifyChargingLimit NotifyCustomerInformation "
    "NotifyDisplayMessages NotifyEVChargingNeeds NotifyEVChargingSchedule NotifyEvent NotifyMonitoringReport "
    "NotifyReport PublishFirmware PublishFirmwareStatusNotification ReportChargingProfiles RequestStartTransaction "
    "RequestStopTransaction ReservationStatusUpdate SetDisplayMessage SetMonitoringBase SetMonitoringLevel "
    "SetNetworkProfile SetVariableMonitoring SetVariables TransactionEvent UnpublishFirmware"
)
TELLING_NAMES: Final = {
    "Authorize": (b'"idTag"', b'"idToken"'),
    "BootNotification": (b'"chargePointVendor"', b'"chargingStation"'),
    "MeterValues": (b'"connectorId"', b'"evseId"'),
    "StatusNotification": (b'"errorCode"', b'"connectorStatus"'),
}
"""Actions of all versions, with a name that only 1.6 and one that only 2.x has in them."""

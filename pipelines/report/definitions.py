"""The figures of the page by id: what each means, in one sentence and one unit."""

DEFINITIONS: dict[str, str] = {
    "energy.delivered": "Sum of session energy by the day a session started; difference of registers, rounded once.",
    "energy.by_station": "energy.delivered per station.",
    "energy.evidence": "Sessions by evidence of their energy: meterStop minus meterStart, sampled registers, none.",
    "session.count": "Charging sessions that started in the period: OCPP transactions with retries folded in.",
    "load.mean_power": "Register travel per hour of receipt and weekday, over the number of such weekdays.",
    "fault.rate": "Fault episodes opened in the period per 1,000 sessions started in it.",
    "fault.episodes": "Episodes, opened to cleared, per station, connector and canonical code; no notification rows.",
    "fault.change_point": "Ratio of fault rates to the earlier firmware of the model, with the 95 % Poisson interval.",
    "fault.mttr": "Time from opened to cleared over the episodes that were cleared.",
    "fault.open": "Episodes without a clearing report.",
    "fault.unmapped": "Codes that no row of the crosswalk knows, by the time in which their episodes were open.",
    "auth.accepted": "Authorize requests answered Accepted, of all Authorize requests.",
    "auth.answers": "Authorize requests by the status of their answer.",
    "auth.refused_cards": "Cards presented in the period and never accepted.",
    "card.usage": "Sessions and energy per card (pseudonym) by the day a session started.",
}

"""The figures of the page by id: what each means, in one sentence and one unit."""

DEFINITIONS: dict[str, str] = {
    "energy.delivered": "Sum of session energy by the day a session started, in Wh, shown in kWh or MWh: the "
    "difference of two registers, rounded once; where a session has none, the estimate or the "
    "partner's word that energy.evidence names.",
    "energy.by_station": "energy.delivered per station, in kWh.",
    "energy.evidence": "Sessions and kWh by what their energy rests on: registers at start and stop, sampled "
    "registers, an estimate (energy of intervals, or power over time), a partner's word, nothing.",
    "session.count": "Charging sessions that started in the period: OCPP transactions with retries folded in.",
    "load.mean_power": "Register travel per hour of receipt and weekday, over the days of that weekday whose hour the "
    "log covers, in kW.",
    "fault.rate": "Fault episodes opened in the period per 1,000 sessions started in it.",
    "fault.episodes": "Episodes, opened to cleared, per station, connector and canonical code; not messages.",
    "fault.change_point": "Faults per session of a firmware over those of the earlier firmware of its model, with the "
    "95 % Poisson interval; earlier: by its number; said from 5 episodes on each side.",
    "fault.mttr": "Time from opened to cleared over the episodes that were cleared, in s, min, h or days.",
    "fault.open": "Episodes without a clearing report; their time runs to the end of what their station's own logs "
    "cover.",
    "fault.unmapped": "Codes that no row of the crosswalk knows, by the time in which their episodes were open (an "
    "open one to the end of what its station's own logs cover); each episode counts "
    "under the code that the rest of its report names.",
    "auth.accepted": "Authorize requests answered Accepted, of all Authorize requests, in %.",
    "auth.answers": "Authorize requests by the status of their answer.",
    "auth.refused_cards": "Cards presented in the period and never accepted.",
    "card.usage": "Sessions and energy in kWh per card (pseudonym) by the day a session started.",
}

"""Times in messages, as SQL reads them: like the step does, whichever DuckDB it is."""

import json

import pytest
from small_lake import Lake, call, rows

from models import times

FORMS = (
    "2026-03-02T08:00:00Z",
    "2026-03-02T08:00:00.123456789+02:00",
    "2026-03-02T08:00:00+0200",
    "2026-03-02 08:00:00",
    "2026-03-02T08:00Z",
    "2026-03-02T08:00+02:00",
    "2026-03-02 8:00-02",
    "2026-03-02t08:00:00z",
    "2026-3-2T8:0:0Z",
    "1970-01-01T00:00:00Z",
    "no time",
)


@pytest.mark.parametrize("table", ["core__measurements", "core__transaction_events"])
def test_times_are_read_as_the_step_reads_them(lake: Lake, table: str) -> None:
    for text in FORMS:
        event = {"eventType": "Updated", "transactionInfo": {"transactionId": text}, "timestamp": text}
        sample = {"meterValue": [{"timestamp": text, "sampledValue": [{"value": 1}]}]}
        lake.frames(call(json.dumps([2, text, "TransactionEvent", event | sample]), protocol="ocpp2.0.1"))
    time = "sampled_at" if table == "core__measurements" else "happened_at"
    found = rows(lake.build(), f"SELECT transaction_id, epoch_us({time}) FROM {table}")
    assert dict(found) == {text: times.parse(text) for text in FORMS}

"""Wire adapters, one module per OCPP version with the same names: payload in, canonical event out.

Each offers `CP_ACTIONS`, `CSMS_ACTIONS`, `SENDS`, `READERS` (action to reader) and `ANSWERS` (awaited answers).
Not here: framing (`models.frames`), what an event changes (`models.step`).
"""

"""The OCPP gateway: a minimal CSMS, or a tap before another one. Not here: the meaning of what stations say."""

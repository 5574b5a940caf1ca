"""What the CSMS answers, one module per OCPP version."""

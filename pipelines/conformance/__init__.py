"""Which OCPP messages break the official JSON schema of their version, by rule and path.

Not here: what a station is answered (`ingest.gateway.schemas`), where the findings go (`pipelines.lake.violations`).
"""

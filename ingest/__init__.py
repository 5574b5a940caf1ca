"""The edge in: OCPP gateway and tap, OCPI receiver, log importer, simulated fleet, the Kafka producer.

Not here: analytics. May import `models` only.
"""

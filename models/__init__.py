"""The domain, pure: records, frames, events, the per-station step, facts, table schemas and SQL models.

Not here: I/O, clocks, Kafka, Faust, Dagster, DuckDB. Everything is a function of the log.
"""

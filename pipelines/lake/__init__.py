"""Kafka to Parquet: landing, the manifest, and reading what was landed. Not here: DuckDB, the step, schedules."""

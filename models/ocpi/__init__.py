"""OCPI: what partners push, folded to the objects as they last stood. Not here: HTTP, Kafka or DuckDB."""

"""The DuckDB file that analysts open: built from landed Parquet, published whole, read without blocking.

Not here: what the tables mean (`models.tables.catalogue`, `models/sql`) or how Parquet comes to be (`pipelines.lake`).
"""

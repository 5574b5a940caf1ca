"""Great Expectations suites, one per table, and the runner. The only importer of great_expectations."""

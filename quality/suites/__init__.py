"""One suite per table, named after it. Not here: what follows from a schema (`quality.suite` generates it)."""

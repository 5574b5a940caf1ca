"""Dagster, and only Dagster: assets, checks, jobs, schedules.

Not here: the work itself. Every asset calls a function of `lake`, `warehouse`, `report` or `quality` that runs
as well without Dagster.
"""

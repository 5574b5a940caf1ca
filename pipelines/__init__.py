"""The edge out and the wiring: streams, lake, warehouse, orchestration, report, command line.

Not here: domain rules, which live in `models`.
"""

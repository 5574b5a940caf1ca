"""A made-up charging network with known truth: as two weeks of log (history) and as live stations (simulator).

Everything follows from a seed. Not here: what the pipeline finds in it.
"""

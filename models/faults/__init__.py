"""Fault episodes: opened, closed, weighed. Not here: what a code means (`models.crosswalk`)."""

"""The report: one self-contained HTML page over the published warehouse, for people who would rather look.

Not here: figures of its own. Every number on the page is the result of a query that the page shows.
"""

from pipelines.report.render import render

__all__ = ["render"]

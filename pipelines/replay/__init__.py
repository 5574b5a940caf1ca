"""`laddstrom replay`: landed raw through the step once more, the facts compared with those landed.

Not here: rules of the domain (`models`), the worker's own restating of late frames (`streams`).
"""

"""A session's energy: what meters say, which of it counts, and why. Not here: which session a sample is of."""

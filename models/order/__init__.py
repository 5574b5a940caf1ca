"""Which records count, and in which order; one station from nothing, and what that changes. Not here: the step."""

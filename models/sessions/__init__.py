"""Charging sessions: which frame belongs to which, their life, their end. Not here: their energy, tokens, tables."""

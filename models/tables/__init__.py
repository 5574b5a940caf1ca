"""Every table's name, columns and COMMENTs, landed or computed. Not here: SQL."""

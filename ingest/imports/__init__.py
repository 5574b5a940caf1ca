"""Log files into the log: recognised by content, read as a stream, every line accounted for.

Not here: whether a file is already known (the lake's manifest says so) and what the frames mean.
"""

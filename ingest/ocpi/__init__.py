"""The OCPI 2.2.1 receiver: partners push, the log keeps. Not here: the meaning of what partners push."""

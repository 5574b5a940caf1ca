"""The live driver: a Faust worker that folds `ocpp.frames` into station states and facts, a chunk at a time."""

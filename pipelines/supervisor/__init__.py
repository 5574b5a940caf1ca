"""Running the parts as subprocesses: one part (`part`), the live pipeline (`live`). Not here: what parts do."""

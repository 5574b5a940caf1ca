"""What must hold of every table: Great Expectations suites and their runner. Not here: reading tables (`pipelines`)."""

"""The pages of the report, one module each: rows in, sentences and blocks out."""

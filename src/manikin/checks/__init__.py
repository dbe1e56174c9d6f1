"""Clinical plausibility: one file per kind of data."""

"""Records to arrays and back: one file per kind of data."""

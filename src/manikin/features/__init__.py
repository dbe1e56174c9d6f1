"""Records to vectors for the judge: one file per kind of data."""

"""What the judge measures: one file per axis."""

"""What the judge measures: one folder per axis."""

"""Network parts: one implementation for grids of 0 to 3 axes and for tokens."""

"""What a column of a file holds: numbers, dates, levels, text, identifiers, computed values."""

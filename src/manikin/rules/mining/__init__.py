"""Constraints that the records of a table suggest."""

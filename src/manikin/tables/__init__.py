"""Delimited text and typed columns."""

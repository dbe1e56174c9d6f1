"""Identifiers in notes and columns, found and replaced by surrogates."""

"""Coded event histories: vocabulary, hierarchies, reshaping, similarity."""

"""Prose: words, sentences and headings of clinical notes, and what they say; no field, no patient."""

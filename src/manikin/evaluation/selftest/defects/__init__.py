"""Defects that can be planted, per kind of record."""

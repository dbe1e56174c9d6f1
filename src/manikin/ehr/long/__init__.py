"""Histories as one long table of events (MEDS and the like)."""

"""Repeated measures: several rows of each patient, in the order of time."""

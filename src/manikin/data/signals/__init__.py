"""Physiological signals: recordings of any format as records of one length, and back."""

"""Recordings and tables of signals, read and written."""

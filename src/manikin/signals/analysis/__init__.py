"""Spectra, R peaks, delineation, gaps, shifted copies."""

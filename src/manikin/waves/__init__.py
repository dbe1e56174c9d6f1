"""Arithmetic of signals and series: arrays (n, channels, time), NaN for missing, in, numbers out."""

"""Arithmetic of pictures and volumes: arrays of shape (n, channels, *grid) in, numbers out."""

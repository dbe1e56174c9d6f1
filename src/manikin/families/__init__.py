"""Generative models by name: one file each."""

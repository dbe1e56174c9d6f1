"""Texture, shape, spectrum, registration, lettering."""

"""Raster images, NIfTI and folders of them, read and written."""

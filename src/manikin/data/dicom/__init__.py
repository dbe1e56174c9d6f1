"""DICOM: files and series into pictures and volumes, and new objects of synthetic ones."""

"""DICOM: series, tags, geometry, segmentation objects."""

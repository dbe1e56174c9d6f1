"""Pictures and volumes: one file each, brought together into the arrays of a cohort."""

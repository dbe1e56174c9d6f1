"""Event histories: what happened to each patient, when, in which visit."""

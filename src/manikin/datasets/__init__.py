"""Small invented cohorts for documents and tests."""

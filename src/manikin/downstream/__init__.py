"""Downstream: the models that people would train on the records, and how well they predict."""

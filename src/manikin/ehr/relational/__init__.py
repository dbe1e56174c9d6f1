"""Histories as folders of related tables (MIMIC-IV, OMOP)."""

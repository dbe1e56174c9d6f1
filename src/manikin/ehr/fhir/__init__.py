"""Histories as FHIR R4 resources."""

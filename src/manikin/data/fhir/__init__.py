"""FHIR R4: what happened to patients, out of resources and into new ones."""

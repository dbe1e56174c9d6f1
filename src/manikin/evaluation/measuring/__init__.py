"""Values, floors, ceilings and their uncertainty."""

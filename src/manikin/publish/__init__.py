"""What may leave the building, and with which papers."""

"""Images and volumes."""

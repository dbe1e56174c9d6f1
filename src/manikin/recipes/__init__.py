"""Published methods assembled from the parts: leaves that nothing imports."""

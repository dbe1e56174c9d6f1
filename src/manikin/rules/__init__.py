"""Clinical constraints between fields, as expressions."""

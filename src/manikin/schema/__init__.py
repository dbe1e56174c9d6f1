"""What a field is: its kind, role, unit and limits, and the TOML file that says so."""

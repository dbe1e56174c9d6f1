"""Records of patients: schema, cohort, rules, formats."""

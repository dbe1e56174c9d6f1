"""What several metrics and pages compute from a split: small clinical models, groups, terms of notes."""

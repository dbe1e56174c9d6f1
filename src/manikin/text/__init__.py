"""Clinical notes: tokens, sections, negation, n-grams, spans that two notes share."""

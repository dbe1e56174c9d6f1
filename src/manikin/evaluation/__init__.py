"""The judge: inputs, measurement, card, attacks, report."""

"""From a cohort to synthetic records: plan, conditions, chain, rejection, persistence."""

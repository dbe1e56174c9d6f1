"""The scorecard, its policy and gate."""

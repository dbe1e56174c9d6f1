"""Neighbours, permutation and two-sample tests, associations, marginals, survival curves and scores."""

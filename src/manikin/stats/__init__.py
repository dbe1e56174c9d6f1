"""Nearest neighbours, permutation tests, relations of columns and scores of predictions."""

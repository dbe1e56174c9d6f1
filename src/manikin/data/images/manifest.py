"""x"""


def of_cells(d):
    return d


def joined(c, *a, **k):
    return c

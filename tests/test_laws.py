"""Every family on every kind of data, alone and given the others."""

from __future__ import annotations

from dataclasses import fields

import pytest

from manikin.contracts.family import Family
from manikin.core import registry
from manikin.testing import KINDS, check_family, matrix

FAMILIES = {name: registry.find("families", name) for name in registry.names("families")}
NEURAL = sorted(name for name, family in FAMILIES.items() if issubclass(family, Family))
SMALL = {"blocks": 1, "depth": 1, "heads": 2, "latent": 4, "steps": 3, "width": 16}


def small(name):
    """A family with small networks and few steps, so that its laws take seconds."""
    known = {field.name for field in fields(FAMILIES[name])}
    return FAMILIES[name](**{option: value for option, value in SMALL.items() if option in known})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NEURAL)
def test_family_obeys_the_laws(name, kind):
    check_family(small(name), (kind,))


def test_matrix_has_every_cell_and_every_kind_has_a_family():
    cells = matrix()
    assert len(cells) == len(FAMILIES) * len(KINDS)
    for kind in KINDS:
        assert any(cell.refusal is None for cell in cells if cell.kind == kind)

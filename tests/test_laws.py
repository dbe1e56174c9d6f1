"""Every family on every kind of data, alone and given the others."""

from __future__ import annotations

from dataclasses import fields

import pytest

from manikin.contracts.family import Family
from manikin.core import registry
from manikin.testing import KIND_SPECS, build_matrix, check_family

FAMILIES = {name: registry.find("families", name) for name in registry.list_plugins("families")}
NEURAL = sorted(name for name, family in FAMILIES.items() if issubclass(family, Family))
SMALL = {"blocks": 1, "depth": 1, "heads": 2, "latent": 4, "steps": 3, "width": 16}


def small(name):
    """A family with small networks and few steps, so that its laws take seconds."""
    known = {field.name for field in fields(FAMILIES[name])}
    return FAMILIES[name](**{option: value for option, value in SMALL.items() if option in known})


@pytest.mark.parametrize("kind", KIND_SPECS)
@pytest.mark.parametrize("name", NEURAL)
def test_family_obeys_the_laws(name, kind):
    check_family(small(name), (kind,))


def test_matrix_has_every_cell_and_every_kind_has_a_family():
    cells = build_matrix()
    assert len(cells) == len(FAMILIES) * len(KIND_SPECS)
    for kind in KIND_SPECS:
        assert any(cell.refusal is None for cell in cells if cell.kind == kind)

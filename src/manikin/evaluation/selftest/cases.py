"""Planted: the defects of the self-test, each with the axis on which it must show.

Fields of one value, signals and pictures are tested apart, so that what is said of a defect is said of the
fields that have it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from manikin.evaluation.selftest.defects.images import PICTURES
from manikin.evaluation.selftest.defects.signals import SIGNALS
from manikin.evaluation.selftest.defects.tabular import DEFECTS, plant
from manikin.schema.kinds import SCALARS, Image, Signal

if TYPE_CHECKING:
    from collections.abc import Callable

    from manikin.cohort.cohort import Cohort
    from manikin.schema.kinds import Schema

    Plant = Callable[[Cohort, Cohort, int], Cohort]

NOTHING = "nothing is planted: a false alarm"
AXES = {name: defect.axis for name, defect in (DEFECTS | SIGNALS | PICTURES).items()}


class Planted(NamedTuple):
    """A defect, the kinds of field that can have it, and the axis on which it must show."""

    kinds: tuple[type, ...]
    axis: str
    make: Plant


def _named(kinds: tuple[type, ...], defect: str) -> Planted:
    return Planted(kinds, AXES[defect], lambda fresh, train, seed: plant(fresh, defect, seed, train=train))


def _nearly(fresh: Cohort, train: Cohort, seed: int) -> Cohort:
    return plant(fresh, "leak_3", seed, train=plant(train, "jittered_copies", seed))


GROUPS = (SCALARS, (Signal,), (Image,))  # kinds of field that are tested together
VALUES, WAVES, SIGHTS = GROUPS
PLANTED: dict[str, Planted] = {  # what is said of the records that a defect is planted into
    "3 % are copies of training patients": _named(VALUES, "leak_3"),
    "3 % are training patients, each value moved by 1 % of its standard deviation": Planted(
        VALUES, "privacy", _nearly
    ),
    "3 % are copies of the most unusual training patients": _named(VALUES, "leak_outliers"),
    "all are training patients, each value moved by half a standard deviation": _named(
        VALUES, "shifted_copies"
    ),
    "30 % repeat another record": _named(VALUES, "duplicated_rows"),
    "5 % have an impossible value": _named(VALUES, "implausible_values"),
    "5 % are training signals as they are": _named(WAVES, "leak_signals"),
    "5 % are training signals begun elsewhere, with another gain": _named(WAVES, "leak_shifted_signals"),
    "10 % are signals of one training patient, begun elsewhere": _named(WAVES, "leaked_subject"),
    "30 % repeat another signal": _named(WAVES, "duplicated_rows"),
    "5 % are signals of five times the amplitude": _named(WAVES, "spiked_signals"),
    "5 % are training pictures as they are": _named(SIGHTS, "leak_pictures"),
    "5 % are training pictures moved, turned, cropped or recoloured": _named(
        SIGHTS, "leak_disguised_pictures"
    ),
    "5 % are training pictures turned by degrees, bent, cropped, noisy or compressed": _named(
        SIGHTS, "leak_altered_pictures"
    ),
    "30 % repeat another picture": _named(SIGHTS, "duplicated_rows"),
}


def groups(schema: Schema) -> list[tuple[tuple[type, ...], list[str]]]:
    """Kinds of field that are tested together, with the fields of these kinds; none that has no field."""
    found = [(kinds, [n for n in schema.modelled if isinstance(schema[n], kinds)]) for kinds in GROUPS]
    return [(kinds, names) for kinds, names in found if names]

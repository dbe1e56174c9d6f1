"""Planted: the defects of the self-test, each with the axis on which it must show.

Fields of one value, signals and pictures are tested apart, so that what is said of a defect is said of the
fields that have it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from manikin.evaluation.selftest.defects.images import IMAGE_DEFECTS
from manikin.evaluation.selftest.defects.signals import SIGNAL_DEFECTS
from manikin.evaluation.selftest.defects.tabular import TABULAR_DEFECTS, plant
from manikin.schema.kinds import SCALAR_TYPES, Image, Signal

if TYPE_CHECKING:
    from collections.abc import Callable

    from manikin.cohort.cohort import Cohort
    from manikin.schema.kinds import Schema

    Plant = Callable[[Cohort, Cohort, int], Cohort]

FALSE_ALARM = "nothing is planted: a false alarm"
DEFECT_AXES = {
    name: defect.axis for name, defect in (TABULAR_DEFECTS | SIGNAL_DEFECTS | IMAGE_DEFECTS).items()
}


class DefectCase(NamedTuple):
    """A defect, the kinds of field that can have it, and the axis on which it must show."""

    kinds: tuple[type, ...]
    axis: str
    injector: Plant


def _build_case(kinds: tuple[type, ...], defect: str) -> DefectCase:
    return DefectCase(
        kinds, DEFECT_AXES[defect], lambda fresh, train, seed: plant(fresh, defect, seed, train=train)
    )


def _leak_jittered(fresh: Cohort, train: Cohort, seed: int) -> Cohort:
    return plant(fresh, "leak_3", seed, train=plant(train, "jittered_copies", seed))


KIND_GROUPS = (SCALAR_TYPES, (Signal,), (Image,))  # kinds of field that are tested together
SCALAR_KINDS, SIGNAL_KINDS, IMAGE_KINDS = KIND_GROUPS
DEFECT_CASES: dict[str, DefectCase] = {  # what is said of the records that a defect is planted into
    "3 % are copies of training patients": _build_case(SCALAR_KINDS, "leak_3"),
    "3 % are training patients, each value moved by 1 % of its standard deviation": DefectCase(
        SCALAR_KINDS, "privacy", _leak_jittered
    ),
    "3 % are copies of the most unusual training patients": _build_case(SCALAR_KINDS, "leak_outliers"),
    "all are training patients, each value moved by half a standard deviation": _build_case(
        SCALAR_KINDS, "shifted_copies"
    ),
    "30 % repeat another record": _build_case(SCALAR_KINDS, "duplicated_rows"),
    "5 % have an impossible value": _build_case(SCALAR_KINDS, "implausible_values"),
    "5 % are training signals as they are": _build_case(SIGNAL_KINDS, "leak_signals"),
    "5 % are training signals begun elsewhere, with another gain": _build_case(
        SIGNAL_KINDS, "leak_shifted_signals"
    ),
    "10 % are signals of one training patient, begun elsewhere": _build_case(
        SIGNAL_KINDS, "leaked_subject"
    ),
    "30 % repeat another signal": _build_case(SIGNAL_KINDS, "duplicated_rows"),
    "5 % are signals of five times the amplitude": _build_case(SIGNAL_KINDS, "spiked_signals"),
    "5 % are training pictures as they are": _build_case(IMAGE_KINDS, "leak_pictures"),
    "5 % are training pictures moved, turned, cropped or recoloured": _build_case(
        IMAGE_KINDS, "leak_disguised_pictures"
    ),
    "5 % are training pictures turned by degrees, bent, cropped, noisy or compressed": _build_case(
        IMAGE_KINDS, "leak_altered_pictures"
    ),
    "30 % repeat another picture": _build_case(IMAGE_KINDS, "duplicated_rows"),
}


def group_fields(schema: Schema) -> list[tuple[tuple[type, ...], list[str]]]:
    """Kinds of field that are tested together, with the fields of these kinds; none that has no field."""
    found = [
        (kinds, [n for n in schema.modelled_fields if isinstance(schema[n], kinds)])
        for kinds in KIND_GROUPS
    ]
    return [(kinds, names) for kinds, names in found if names]

"""How the fields of a cohort lie in an archive, so that they return in the shape they came in."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Self, final

import numpy as np
import pyarrow as pa

from manikin.cohort.source_format import SourceOptions
from manikin.imaging import label_maps
from manikin.schema.kinds import Image, Signal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from manikin.cohort.cohort import Cohort

MEDMNIST_KEYS = {"image": "images", "label": "labels"}
"""How MedMNIST calls its fields."""


@final
@dataclass(frozen=True)
class ArchiveLayout:
    """How the fields of a cohort lie in an archive.

    Args:
        forms: For each key, its form: "scalar", "columns" (several scalar fields), "trace" (n, time),
            "plane" (n, H, W), "volume" (n, D, H, W), "first" (channels before the grid), "last".
        constants: Arrays that are no records, such as a sampling rate.
        parted: Whether keys are those of MedMNIST.
    """

    forms: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, Any] = field(default_factory=dict)
    parted: bool = False

    @classmethod
    def from_cohort(cls, cohort: Cohort) -> ArchiveLayout:
        """As the cohort came in; fields that came otherwise are laid out with channels first."""
        known = cohort.origin.find_options(ArchiveOptions).archive
        return known if known is not None and cohort.origin.format == "npz" else cls()

    def to_arrays(self, cohort: Cohort) -> dict[str, np.ndarray]:
        """The arrays of an archive."""
        arrays = {key: np.asarray(value) for key, value in self.constants.items()}
        joined = {
            f"{key}_{i}" for key, form in self.forms.items() if form == "columns" for i in range(1, 10_000)
        }
        for name in cohort.schema:
            if name not in joined:
                arrays[name] = self._arrange_field(cohort, name)
        for key, form in self.forms.items():
            members = [name for name in cohort.schema if re.fullmatch(rf"{re.escape(key)}_\d+", name)]
            if form == "columns" and members:
                arrays[key] = np.stack([_to_scalar_array(cohort, name) for name in members], axis=1)
        return _to_medmnist_keys(arrays) if self.parted else arrays

    def _arrange_field(self, cohort: Cohort, name: str) -> np.ndarray:
        if not isinstance(cohort.schema[name], Image | Signal):
            return _to_scalar_array(cohort, name)
        x = label_maps.to_file_values(cohort, name)
        match self.forms.get(name):
            case "plane" | "volume" | "trace" if x.shape[1] == 1:
                return x[:, 0]
            case "last":
                return np.moveaxis(x, 1, -1)
        return x


@final
@dataclass(frozen=True)
class ArchiveOptions(SourceOptions):
    """The layout of the archive that a cohort came in; None: it came in none."""

    archive: ArchiveLayout | None = None

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Self:
        """The layout among these options."""
        return cls(ArchiveLayout(**options["archive"]) if "archive" in options else None)

    def to_options(self) -> dict[str, Any]:
        """The layout as a table of names."""
        return {} if self.archive is None else asdict(self)


def _to_medmnist_keys(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The keys of MedMNIST: all records in the part for training, the others empty."""
    keys = {MEDMNIST_KEYS.get(name, name): x for name, x in arrays.items()}
    return {
        f"{part}_{key}": (x if part == "train" else x[:0]).reshape(
            len(x) if part == "train" else 0, *(x.shape[1:] or (1,))
        )
        for part in ("train", "val", "test")
        for key, x in keys.items()
    }


def _to_scalar_array(cohort: Cohort, name: str) -> np.ndarray:
    """A scalar field in the type of its column; text without a value is empty."""
    values = cohort.columns[name].combine_chunks()
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        return np.array([value or "" for value in values.to_pylist()], dtype=str)
    if values.null_count and not pa.types.is_temporal(values.type):
        values = values.cast(pa.float64())
    return values.to_numpy(zero_copy_only=False)

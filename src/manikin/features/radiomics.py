"""Radiomics: pictures, volumes and label maps as hand-made numbers of texture, colour and shape."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from manikin.contracts.feature import Feature
from manikin.imaging.analysis.intensity import find_intensity_range
from manikin.imaging.analysis.region_features import compute_region_features
from manikin.imaging.analysis.robust_scaler import RobustScaler
from manikin.imaging.analysis.shape_features import compute_shape_features
from manikin.imaging.analysis.texture_features import compute_texture_features
from manikin.schema.kinds import Image

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

MAX_FIT_RECORDS = 2_000  # training records from which scales are learned


@dataclass(frozen=True)
class Radiomics(Feature):
    """Some sixty numbers for each picture, nine or more for each label map, four for each pair of them.

    Intensities, edges, blobs, spectrum and co-occurrences (`imaging/analysis/texture_features.py`), the
    shape of labelled regions (`imaging/analysis/shape_features.py`) and how a picture looks inside them
    (`imaging/analysis/region_features.py`). Definitions follow the Image Biomarker Standardisation
    Initiative (arXiv 1612.07003); no weights are needed. Intensities are read on one scale, learned
    from the training pictures, so that HU stay HU. What it cannot see: where in a picture something
    lies, and which way round it is; the encoder does.

    Example:
        >>> from manikin.cohort.cohort import Cohort
        >>> x = np.random.default_rng(0).random((20, 1, 16, 16))
        >>> cohort = Cohort.from_arrays({"scan": x}, {"scan": Image()})
        >>> Radiomics().fit(cohort)(cohort).shape
        (20, 58)
    """

    kinds: ClassVar[tuple[type, ...]] = (Image,)
    version: ClassVar[str] = "radiomics/1"

    ranges: tuple[tuple[str, float, float], ...] = ()
    label_maps: tuple[tuple[str, int], ...] = ()
    scale: RobustScaler | None = None

    def fit(self, cohort: Cohort) -> Radiomics:
        """Learn the range of intensities of each field and the scale of each number."""
        names = [name for name in cohort.schema.modelled_fields if isinstance(cohort.schema[name], Image)]
        maps = tuple((n, count) for n in names if (count := count_levels(cohort, n)))
        ranges = tuple((n, *find_intensity_range(cohort[n])) for n in names if n not in dict(maps))
        found = Radiomics(ranges, maps)
        some = cohort.take(np.linspace(0, len(cohort) - 1, min(len(cohort), MAX_FIT_RECORDS)).astype(int))
        return Radiomics(ranges, maps, RobustScaler.from_vectors(found.compute_numbers(some)))

    def __call__(self, cohort: Cohort) -> np.ndarray:
        """Vectors float32 (n, d)."""
        x = self.compute_numbers(cohort)
        return x if self.scale is None else self.scale(x)

    def compute_numbers(self, cohort: Cohort) -> np.ndarray:
        """The numbers themselves, float32 (n, d)."""
        blocks = [compute_texture_features(cohort[name], low, high) for name, low, high in self.ranges]
        blocks += [compute_shape_features(cohort[name], count) for name, count in self.label_maps]
        for (name, low, high), (labels, _) in product(self.ranges, self.label_maps):
            x, inside = cohort[name], cohort[labels]
            if x.shape[2:] == inside.shape[2:]:
                blocks.append(
                    compute_region_features((x.astype(np.float32) - low) / (high - low), inside[:, 0] > 0)
                )
        return np.nan_to_num(np.concatenate(blocks, axis=1), posinf=0.0, neginf=0.0)


def count_levels(cohort: Cohort, name: str) -> int:
    """How many levels a label map has, the background among them; 0: the field is a measured picture."""
    kind = cohort.schema[name]
    return max(kind.levels, 2) if isinstance(kind, Image) and kind.levels else 0


__plugin__ = Radiomics

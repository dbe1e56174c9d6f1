"""Histories of a sample: read once for the whole cohort, and encoded by the codes of training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from manikin.cohort.histories import extract_histories
from manikin.contracts.split import Sample, compute_once

if TYPE_CHECKING:
    import numpy as np

    from manikin.cohort.histories import Histories


def read_histories(sample: Sample) -> Histories:
    """The histories of these records."""
    return _read_whole(sample).take(sample.rows)


def encode_histories(sample: Sample, train: Sample) -> tuple[Histories, int]:
    """A side's histories by the codes of training, and how many there are; others count as one more."""
    codes = compute_once(train, _list_codes)
    return compute_once(sample, read_histories).recode(codes), len(codes) + 1


def _read_whole(sample: Sample) -> Histories:
    if _read_whole not in sample.shared_cache:
        sample.shared_cache[_read_whole] = extract_histories(
            sample.source_cohort.columns, sample.source_cohort.schema
        )
    return sample.shared_cache[_read_whole]


def _list_codes(train: Sample) -> np.ndarray:
    return _read_whole(train).codes

"""Suspects: planted copies are named, honest records are not, and the page shows both sides."""

import numpy as np
import pytest

import manikin as mk
from manikin.datasets.demo import load_demo
from manikin.evaluation.suspected_copies import find_suspected_copies

rng = np.random.default_rng(0)


def thirds(cohort: mk.Cohort) -> tuple[mk.Cohort, mk.Cohort, mk.Cohort]:
    """Fresh, training and held-out records."""
    rest, fresh = cohort.split(1 / 3, seed=0)
    train, holdout = rest.split(0.3, seed=0)
    return fresh, train, holdout


def replaced(cohort: mk.Cohort, other: mk.Cohort, rows: list[int]) -> mk.Cohort:
    """The first records of `other` in the place of these."""
    table = other.to_pandas().iloc[: len(rows)]
    frame = cohort.to_pandas()
    frame.iloc[rows] = table.to_numpy()
    return mk.Cohort.from_pandas(frame.astype(table.dtypes.to_dict()), cohort.schema)


def test_planted_patients_of_a_table_are_found(tmp_path):
    fresh, train, holdout = thirds(load_demo())
    assert len(find_suspected_copies(fresh, train, holdout).records) <= 2
    planted = list(range(5, 15))
    found = find_suspected_copies(replaced(fresh, train, planted), train, holdout)
    assert set(planted) <= set(found.records)
    assert len(found.records) <= 12
    first = found.pairs[0]
    assert (first.ratio, first.field) == (0.0, "")
    assert first.patient == first.record - 5
    found.to_html(tmp_path / "suspects.html")
    text = (tmp_path / "suspects.html").read_text()
    assert "Internal use only" in text
    assert "Synthetic record 5, training record 0" in text
    assert list(found.to_pandas()) == ["record", "patient", "field", "ratio"]


def pictured(n: int) -> mk.Cohort:
    """Smooth random pictures."""
    from scipy.ndimage import gaussian_filter

    x = gaussian_filter(rng.normal(size=(n, 1, 24, 24)), (0, 0, 2, 2))
    return mk.Cohort.from_arrays(
        {"image": (x * 600 + 120).clip(0, 255).astype(np.uint8)}, {"image": mk.Image()}
    )


def test_mirrored_pictures_are_found(tmp_path):
    fresh, train, holdout = pictured(60), pictured(90), pictured(40)
    x = fresh["image"].copy()
    x[:4] = 255 - train["image"][10:14, :, :, ::-1]  # mirrored and inverted
    fresh = mk.Cohort.from_arrays({"image": x}, {"image": mk.Image()})
    found = find_suspected_copies(fresh, train, holdout)
    pairs = {(suspect.record, suspect.patient) for suspect in found.pairs}
    assert {(i, 10 + i) for i in range(4)} <= pairs
    assert len(found) <= 6
    assert found.pairs[0].field == "image"
    found.to_html(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text().count("data:image/png") == len(found)


def test_shifted_signals_are_found(tmp_path):
    def signals(n: int) -> np.ndarray:
        return np.cumsum(rng.normal(size=(n, 2, 128)), axis=2).astype(np.float32)

    train, holdout, fresh = signals(80), signals(40), signals(50)
    fresh[7] = -2 * np.roll(train[3], 5, axis=1)
    cohorts = [
        mk.Cohort.from_arrays({"ecg": x}, {"ecg": mk.Signal(rate=100)}) for x in (fresh, train, holdout)
    ]
    found = find_suspected_copies(*cohorts)
    assert (7, 3) in {(suspect.record, suspect.patient) for suspect in found.pairs}
    found.to_html(tmp_path / "page.html")
    assert "<svg" in (tmp_path / "page.html").read_text()


def test_other_fields_are_refused():
    fresh, train, holdout = thirds(load_demo())
    with pytest.raises(mk.errors.ManikinError):
        find_suspected_copies(fresh.select("mean radius").take(np.arange(3)), train, holdout)

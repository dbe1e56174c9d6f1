"""Archives of NumPy: kinds by name, shape and schema, and back as they came."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest

import manikin as mk
from manikin.core import arrow


def save(path, **arrays):
    np.savez_compressed(path, **arrays)
    return mk.read(path)


def returned(cohort, path):
    mk.write(cohort, path)
    with np.load(path) as archive:
        return dict(archive)


def test_names_and_shapes_say_the_kind(tmp_path):
    rng = np.random.default_rng(0)
    arrays = {
        "image": rng.integers(0, 255, (6, 8, 9), dtype=np.uint8),
        "mask": np.where(rng.random((6, 8, 9)) > 0.5, 255, 0).astype(np.uint8),
        "signal": rng.normal(size=(6, 50)).astype(np.float32),
        "ecg": rng.integers(-9, 9, (6, 12, 100)).astype(np.int16),
        "colour": rng.integers(0, 255, (6, 8, 9, 3), dtype=np.uint8),
        "ct": rng.integers(-1024, 3071, (6, 5, 8, 9)).astype(np.int16),
        "label": np.array([0, 1, 0, 1, 1, 0]),
        "age": np.array([61.0, 40.0, np.nan, 7.0, 80.0, 33.0]),
        "patient": np.array([1, 1, 2, 2, 3, 3]),
    }
    cohort = save(tmp_path / "a.npz", **arrays)
    assert {name: kind.name for name, kind in cohort.schema.items() if cohort[name].ndim > 1} == {
        "image": "image",
        "mask": "image",
        "signal": "signal",
        "ecg": "signal",
        "colour": "image",
        "ct": "image",
    }
    assert cohort["image"].shape == (6, 1, 8, 9)
    assert cohort["colour"].shape == (6, 3, 8, 9)
    assert cohort["ct"].shape == (6, 1, 5, 8, 9)
    assert cohort["ct"].dtype == np.int16
    assert cohort["signal"].shape == (6, 1, 50)
    assert cohort.schema["mask"].levels == 2
    assert (cohort["mask"][:, 0] == (arrays["mask"] == 255)).all()
    assert cohort.schema.find_by_role("label") == "label"
    assert cohort.schema.find_by_role("subject") == "patient"
    assert len(set(cohort.subject)) == 3
    back = returned(cohort, tmp_path / "b.npz")
    assert back.keys() == arrays.keys()
    for name, x in arrays.items():
        np.testing.assert_array_equal(back[name], x)
        assert back[name].shape == x.shape


def test_the_parts_of_medmnist_are_one_cohort(tmp_path):
    parts = {"train": 4, "val": 2, "test": 3}
    arrays = {f"{part}_images": np.full((n, 5, 5), n, np.uint8) for part, n in parts.items()}
    arrays |= {f"{part}_labels": np.arange(n)[:, None] % 2 for part, n in parts.items()}
    cohort = save(tmp_path / "a.npz", **arrays)
    assert list(cohort["image"][:, 0, 0, 0]) == [4, 4, 4, 4, 2, 2, 3, 3, 3]
    assert list(cohort["label"]) == [0, 1, 0, 1, 0, 1, 0, 1, 0]
    back = returned(cohort.take([0, 1, 2]), tmp_path / "b.npz")
    assert {name: x.shape for name, x in back.items()} == {
        "train_images": (3, 5, 5),
        "train_labels": (3, 1),
        "val_images": (0, 5, 5),
        "val_labels": (0, 1),
        "test_images": (0, 5, 5),
        "test_labels": (0, 1),
    }


def test_a_schema_decides_size_and_kind(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.arange(2 * 4 * 4).reshape(2, 4, 4).astype(np.int16), y=np.arange(2))
    kind = mk.Image(size=(2, 2), spacing=(1.0, 1.0))
    cohort = mk.read(tmp_path / "a.npz", mk.Schema(x=kind))
    # the mean of 0, 1, 4, 5 is 2.5, rounded to the even 2
    assert cohort["x"][0, 0].tolist() == [[2, 4], [10, 12]]
    assert cohort.schema["x"].spacing == (2.0, 2.0)
    (tmp_path / "schema.toml").write_text('[x]\nkind = "image"\nsize = [2, 2]\n')
    assert mk.read(tmp_path / "a.npz")["x"].shape == (2, 1, 2, 2)


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"a": np.zeros((3, 4, 4)), "b": np.zeros(2)}, "a 3, b 2"),
        ({"a": np.array([{}, {}], dtype=object)}, "pickled"),
        ({"image": np.full((2, 3, 3), np.inf)}, "infinite"),
        ({"a": np.zeros((0, 3, 3))}, "no record"),
        ({"a": np.zeros((2, 1, 1, 1, 1, 1))}, "axes"),
    ],
)
def test_bad_archives_are_refused(tmp_path, arrays, says):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(mk.errors.FormatError, match=says) as error:
        mk.read(tmp_path / "a.npz")
    assert "a.npz" in str(error.value)


def test_a_bomb_and_a_truncated_archive_are_refused(tmp_path):
    with (
        zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("image.npy", "w", force_zip64=True) as file,
    ):
        shape = (2, 1 << 14, (1 << 15) + 1)
        np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
        for _ in range(65):
            file.write(bytes(1 << 24))
    with pytest.raises(mk.errors.FormatError, match=r"bomb\.npz: image.npy unpacks to"):
        mk.read(tmp_path / "bomb.npz")
    np.savez(tmp_path / "a.npz", image=np.zeros((9, 9, 9)))
    (tmp_path / "half.npz").write_bytes((tmp_path / "a.npz").read_bytes()[:2000])
    with pytest.raises(mk.errors.FormatError, match=r"half\.npz: damaged"):
        mk.read(tmp_path / "half.npz")


def test_large_arrays_lie_in_a_mapped_file(tmp_path, monkeypatch):
    x = np.arange(8 * 4 * 4, dtype=np.int16).reshape(8, 4, 4)
    np.savez(tmp_path / "a.npz", image=x)
    monkeypatch.setattr(arrow, "MIN_MAPPED_BYTES", 50)
    cohort = mk.read(tmp_path / "a.npz")
    base = cohort["image"]
    assert np.shares_memory(base, cohort["image"])
    assert np.shares_memory(base, cohort.take([2, 3, 4])["image"])
    scattered = cohort.take([5, 0, 2])
    assert (scattered["image"][:, 0] == x[[5, 0, 2]]).all()
    assert sum(map(len, cohort.split(0.25))) == 8


def test_one_array_alone(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(18, dtype=np.uint16).reshape(2, 3, 3))
    cohort = mk.read(tmp_path / "a.npy")
    assert cohort["image"].shape == (2, 1, 3, 3)
    mk.write(cohort, tmp_path / "b")
    assert (tmp_path / "b.npy").read_bytes() == (tmp_path / "a.npy").read_bytes()

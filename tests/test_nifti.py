"""NIfTI volumes: values, axes and geometry there and back; bad files by name."""

from __future__ import annotations

import gzip
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

import manikin as mk

REAL = Path(__file__).parents[1] / ".." / "shared" / "data" / "imaging"
AFFINE = np.array([[-2.0, 0, 0, 90], [0, 1.5, 0, -126], [0, 0, 3, -72], [0, 0, 0, 1]])


def save(path, x, affine=AFFINE):
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(x, affine), path)


def volume(seed, shape=(4, 5, 6)):
    return np.random.default_rng(seed).integers(-1000, 3000, shape).astype(np.int16)


def test_axes_are_depth_height_width_and_the_affine_returns(tmp_path):
    x = volume(0)
    save(tmp_path / "a.nii.gz", x)
    cohort = mk.read(tmp_path / "a.nii.gz")
    assert cohort["image"].shape == (1, 1, 6, 5, 4)
    assert cohort["image"].dtype == np.int16
    assert cohort["image"][0, 0, 2, 1, 3] == x[3, 1, 2]
    assert cohort.schema["image"].spacing == (3.0, 1.5, 2.0)
    mk.write(cohort, tmp_path / "b")
    back = nib.load(tmp_path / "b.nii.gz")
    assert (np.asarray(back.dataobj) == x).all()
    assert np.allclose(back.affine, AFFINE)
    assert np.allclose(back.get_qform(), back.get_sform())
    assert not back.header["descrip"].tobytes().strip(b"\0")


def test_times_are_channels_and_one_slice_is_a_picture(tmp_path):
    x = volume(0, (4, 5, 6, 3))
    save(tmp_path / "a.nii", x)
    cohort = mk.read(tmp_path / "a.nii")
    assert cohort["image"].shape == (1, 3, 6, 5, 4)
    assert cohort["image"][0, 2, 1, 0, 3] == x[3, 0, 1, 2]
    mk.write(cohort, tmp_path / "b.nii")
    assert (np.asarray(nib.load(tmp_path / "b.nii").dataobj) == x).all()
    save(tmp_path / "flat.nii", volume(1, (4, 5, 1)))
    assert mk.read(tmp_path / "flat.nii")["image"].shape == (1, 1, 5, 4)


def test_slopes_give_values_their_unit(tmp_path):
    image = nib.Nifti1Image(np.arange(24, dtype=np.uint8).reshape(2, 3, 4), AFFINE)
    image.header.set_slope_inter(4.0, -1024.0)
    nib.save(image, tmp_path / "a.nii")
    x = mk.read(tmp_path / "a.nii")["image"]
    stored = np.asarray(nib.load(tmp_path / "a.nii").dataobj)
    assert (x[0, 0] == stored.T).all()


def test_a_folder_of_several_volumes_of_each_subject(tmp_path):
    for i in range(3):
        for kind in ("T1", "T2"):
            save(tmp_path / f"in/p{i}_{kind}.nii.gz", volume(i) + (kind == "T2"))
        save(tmp_path / f"in/p{i}_lesion.nii.gz", (volume(i) > 1000).astype(np.uint8))
    cohort = mk.read(tmp_path / "in")
    assert list(cohort.schema) == ["T1", "T2", "lesion"]
    assert cohort.schema["lesion"].levels == 2
    assert (cohort["T2"] == cohort["T1"] + 1).all()
    mk.write(cohort, tmp_path / "out")
    again = mk.read(tmp_path / "out")
    assert again.schema == cohort.schema
    for name in cohort.schema:
        assert (again[name] == cohort[name]).all()
    back = nib.load(tmp_path / "out/lesion/000001.nii.gz")
    assert back.get_data_dtype() == np.uint8
    assert np.allclose(back.affine, AFFINE)
    (tmp_path / "in/p1_T2.nii.gz").unlink()
    with pytest.raises(mk.errors.FormatError, match="has no T2 beside it"):
        mk.read(tmp_path / "in")


def test_a_size_changes_the_spacing(tmp_path):
    save(tmp_path / "a.nii", volume(0, (8, 8, 8)), np.diag([1.0, 1, 1, 1]))
    cohort = mk.read(tmp_path / "a.nii", mk.Schema(image=mk.Image(size=(4, 4, 4))))
    assert cohort["image"].shape == (1, 1, 4, 4, 4)
    assert cohort.schema["image"].spacing == (2.0, 2.0, 2.0)
    mk.write(cohort, tmp_path / "b.nii")
    assert nib.load(tmp_path / "b.nii").header.get_zooms() == (2.0, 2.0, 2.0)


def test_orientation_is_kept_where_origins_differ(tmp_path):
    for i in range(2):
        save(tmp_path / f"in/{i}.nii", volume(i), AFFINE + np.array([[0, 0, 0, i]] * 3 + [[0, 0, 0, 0]]))
    mk.write(mk.read(tmp_path / "in"), tmp_path / "out")
    back = nib.load(tmp_path / "out/images/000001.nii.gz")
    assert nib.aff2axcodes(back.affine) == nib.aff2axcodes(AFFINE)
    assert back.header.get_zooms() == (2.0, 1.5, 3.0)
    save(tmp_path / "in/9.nii", volume(9), np.diag([2.0, 1.5, 3, 1]))
    turned = mk.read(tmp_path / "in")
    assert any("1 volumes are turned to LAS" in note for note in turned.notes)
    assert (turned["image"][-1, 0] == volume(9)[::-1].transpose(2, 1, 0)).all()
    save(
        tmp_path / "in/10.nii",
        volume(9),
        np.array([[0, 0, 3.0, 0], [2, 0, 0, 0], [0, 1.5, 0, 0], [0, 0, 0, 1]]),
    )
    with pytest.raises(mk.errors.FormatError, match=r"10\.nii: differs .* orientation \(ASR, most LAS\)"):
        mk.read(tmp_path / "in")


def test_bad_volumes_are_named(tmp_path):
    x = volume(0).astype(np.float32)
    save(tmp_path / "in/good.nii", x)
    save(tmp_path / "in/more.nii", x)
    x[0, 0, 0] = np.nan
    save(tmp_path / "in/nan.nii", x)
    with pytest.raises(mk.errors.FormatError, match=r"nan\.nii: .*NaN"):
        mk.read(tmp_path / "in")
    (tmp_path / "in/text.nii").write_text("no volume")
    cohort = mk.read(tmp_path / "in", skip_bad=True)
    assert len(cohort) == 2
    left = sorted(note.split(":")[0] for note in cohort.notes if note.startswith("left out"))
    assert left == ["left out nan.nii", "left out text.nii"]
    payload = gzip.compress((tmp_path / "in/good.nii").read_bytes())
    (tmp_path / "half.nii.gz").write_bytes(payload[: len(payload) // 2])
    with pytest.raises(mk.errors.FormatError, match=r"half\.nii\.gz: "):
        mk.read(tmp_path / "half.nii.gz")


@pytest.mark.parametrize(
    ("name", "n", "field", "shape"),
    [
        ("mri_openms_paired/nifti_2mm", 3, "FLAIR", (3, 1, 91, 109, 91)),
        ("mri3d_openms_lesionmasks", 30, "mask", (30, 1, 182, 218, 182)),
    ],
)
def test_real_volumes(name, n, field, shape):
    if not (REAL / name).is_dir():
        pytest.skip("the shared data are not here")
    cohort = mk.read(REAL / name)
    assert len(cohort) == n
    assert cohort[field].shape == shape

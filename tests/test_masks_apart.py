"""Masks of volumes in files or folders of their own, and masks and uneven slices that go out as DICOM."""

from __future__ import annotations

from dataclasses import replace

import nibabel
import numpy as np
import pydicom
import pytest
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

import manikin as mk
from manikin.cohort.cohort import Cohort
from manikin.cohort.source_format import SourceFormat
from manikin.publication.pipeline import synthesize


def volume(i, shape=(4, 5, 6)):
    return np.random.default_rng(i).integers(0, 900, shape).astype(np.int16)


def save(path, x):
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(x.transpose(2, 1, 0), np.eye(4)), path)


LAYOUTS = {
    "folders": ("images/s{}.nii.gz", "masks/s{}.nii.gz"),
    "labels": ("images/s{}.nii.gz", "labels/s{}.nii.gz"),
    "decathlon": ("imagesTr/la_{}.nii.gz", "labelsTr/la_{}.nii.gz"),
    "nnU-Net": ("imagesTr/la_{}_0000.nii.gz", "labelsTr/la_{}.nii.gz"),
    "names": ("s{}.nii.gz", "s{}_seg.nii.gz"),
    "names with a kind": ("s{}_T1.nii.gz", "s{}_T1_mask.nii.gz"),
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_masks_are_no_pictures(layout, tmp_path):
    for i in range(4):
        save(tmp_path / "in" / layout[0].format(i), volume(i))
        save(tmp_path / "in" / layout[1].format(i), (volume(i) > 500).astype(np.uint8))
    cohort = mk.read(tmp_path / "in")
    assert list(cohort.schema) == ["image", "mask"]
    assert cohort.schema["mask"].levels == 2
    for i in range(4):
        assert (cohort["image"][i, 0] == volume(i)).all()
        assert (cohort["mask"][i, 0] == (volume(i) > 500)).all()
    mk.write(cohort, tmp_path / "out")
    assert (mk.read(tmp_path / "out")["mask"] == cohort["mask"]).all()


def test_masked_volumes_of_one_person_are_one_subject(tmp_path):
    for i, name in enumerate(("Smith_John", "Doe_Jane", "Okonkwo_Chidi") * 2):
        save(tmp_path / f"images/{name}_{i}.nii.gz", volume(i))
        save(tmp_path / f"masks/{name}_{i}.nii.gz", (volume(i) > 500).astype(np.uint8))
    cohort = mk.read(tmp_path)
    assert list(cohort.schema) == ["subject", "image", "mask"]
    assert len(set(cohort["subject"])) == 3


def test_several_kinds_and_a_mask_stay_one_field_each(tmp_path):
    for i in range(3):
        for kind in ("T1", "T2", "seg"):
            x = volume(i)
            save(
                tmp_path / f"patient{i:02d}_{kind}.nii.gz",
                (x > 500).astype(np.uint8) if kind == "seg" else x,
            )
    assert list(mk.read(tmp_path).schema) == ["T1", "T2", "seg"]


def test_a_volume_without_its_mask_is_refused(tmp_path):
    for i in range(4):
        save(tmp_path / f"images/s{i}.nii.gz", volume(i))
        if i:
            save(tmp_path / f"masks/s{i}.nii.gz", (volume(i) > 500).astype(np.uint8))
    with pytest.raises(mk.errors.FormatError, match="has no mask of its name"):
        mk.read(tmp_path)


def test_a_class_called_labels_without_images_beside_it_stays_a_folder(tmp_path):
    for i in range(4):
        save(tmp_path / f"labels/s{i}.nii.gz", volume(i))
    assert list(mk.read(tmp_path).schema) == ["image"]


@pytest.mark.parametrize("shape", [(3, 1, 6, 8), (3, 1, 4, 6, 8)])
def test_a_picture_and_its_mask_return_from_dicom_without_other_fields(shape, tmp_path):
    x = np.random.default_rng(0).integers(0, 900, shape).astype(np.uint16)
    kinds = {"image": mk.Image(), "mask": mk.Image(levels=3)}
    cohort = Cohort.from_arrays({"image": x, "mask": (x % 3).astype(np.uint8)}, kinds)
    mk.write(replace(cohort, origin=SourceFormat("dicom", {})), tmp_path / "out")
    back = mk.read(tmp_path / "out")
    assert len(back) == 3
    assert (back["image"] == x).all()
    assert (back["mask"] == x % 3).all()
    assert back.schema["mask"].levels == 3


def write_slice(path, x, z=0.0, **elements):
    found = pydicom.Dataset()
    found.SOPClassUID, found.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.4", generate_uid()
    found.Modality, found.SamplesPerPixel, found.PhotometricInterpretation = "MR", 1, "MONOCHROME2"
    found.Rows, found.Columns = x.shape
    found.BitsAllocated = found.BitsStored = 16
    found.HighBit, found.PixelRepresentation, found.PixelSpacing = 15, 0, [1, 1]
    found.ImageOrientationPatient, found.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, z]
    for keyword, value in elements.items():
        setattr(found, keyword, value)
    found.PixelData = x.astype("<u2").tobytes()
    found.file_meta = pydicom.FileMetaDataset()
    found.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    path.parent.mkdir(parents=True, exist_ok=True)
    found.save_as(path, enforce_file_format=True)


def test_classes_of_dicom_files_are_told_and_kept_on_request(tmp_path):
    for i in range(12):
        path = tmp_path / ("benign", "malignant")[i % 2] / f"{i}.dcm"
        write_slice(path, volume(i, (6, 6)), PatientID=f"A{i}", SeriesInstanceUID=generate_uid())
    cohort = mk.read(tmp_path)
    assert "label" not in cohort.schema
    assert any('2 classes and are left out; folders = ["label"]' in note for note in cohort.notes)
    schema = mk.Schema()
    schema.folders = ("label",)
    assert mk.read(tmp_path, schema).schema["label"].levels == ("benign", "malignant")


def test_volumes_of_which_some_are_uneven_state_no_spacing_and_are_refused_before_learning(tmp_path):
    for i in range(2):
        uid = generate_uid()
        for k, z in enumerate([0.0, 2.0, 4.0, (8.0, 6.0)[i]]):
            path, x = tmp_path / "in" / f"{i}{k}.dcm", volume(10 * i + k, (6, 6))
            write_slice(path, x, z, PatientID=f"A{i}", SeriesInstanceUID=uid)
    cohort = mk.read(tmp_path / "in")
    assert cohort["image"].shape == (2, 1, 4, 6, 6)
    assert cohort.schema["image"].spacing == ()
    assert any("even steps in some volumes only" in note for note in cohort.notes)
    with pytest.raises(mk.errors.FormatError, match="even = true"):
        synthesize(cohort, tmp_path / "out")  # two patients: learning or judging would say so

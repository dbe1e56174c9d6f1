"""DICOM: values in their unit, series as volumes, new objects that other readers accept."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.pixels.decoders.base import Decoder
from pydicom.uid import ExplicitVRLittleEndian, RLELossless, generate_uid

import manikin as mk
from manikin.cohort.cohort import Cohort
from manikin.cohort.source_format import SourceFormat
from manikin.imaging.dicom import tags

REAL = Path(__file__).parents[1] / ".." / "shared" / "data" / "imaging"
EXPECTED = "0x0008,0x001c"
"""Synthetic Data is younger than the dictionary of dciodvfy."""


def save(path, x, *, compress=None, **elements):
    """A file as a scanner might write it, with names and numbers that must not travel."""
    found = pydicom.Dataset()
    found.SOPClassUID, found.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", generate_uid()
    found.PatientName, found.PatientID, found.PatientBirthDate = "Doe^Jane", "HOSP-4711", "19600102"
    found.InstitutionName, found.AccessionNumber = "General Hospital", "A-4711"
    found.Modality, found.PatientSex, found.PatientAge = "CT", "F", "061Y"
    found.SeriesInstanceUID = "1.2.3"
    found.Rows, found.Columns = x.shape[-3:-1] if x.shape[-1] == 3 else x.shape[-2:]
    found.SamplesPerPixel = 3 if x.shape[-1] == 3 else 1
    found.PhotometricInterpretation = "RGB" if x.shape[-1] == 3 else "MONOCHROME2"
    if x.shape[-1] == 3:
        found.PlanarConfiguration = 0
    found.BitsAllocated = 8 * x.dtype.itemsize
    found.BitsStored = 12 if x.dtype.itemsize == 2 else 8
    found.HighBit = found.BitsStored - 1
    found.PixelRepresentation = int(x.dtype.kind == "i")
    for keyword, value in elements.items():
        setattr(found, keyword, value)
    found.file_meta = pydicom.FileMetaDataset()
    found.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    found.PixelData = x.tobytes() + b"\0" * (x.nbytes % 2)
    found["PixelData"].VR = "OW" if x.dtype.itemsize == 2 else "OB"
    if compress:
        found.compress(compress, generate_instance_uid=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    found.save_as(path, enforce_file_format=True)


def plane(seed=0, shape=(6, 8)):
    return np.random.default_rng(seed).integers(0, 4096, shape).astype(np.uint16)


def series(folder, heights, shear=0.0, **elements):
    for i, z in enumerate(heights):
        place = {
            "ImagePositionPatient": [0, shear * z, z],
            "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
            "PixelSpacing": [0.5, 0.25],
            "InstanceNumber": i + 1,
        }
        save(folder / f"{len(heights) - i}.dcm", plane(i), **{**place, **elements})


def test_slope_and_intercept_give_hounsfield_units(tmp_path):
    save(tmp_path / "a.dcm", plane(), RescaleSlope=1, RescaleIntercept=-1024)
    cohort = mk.read(tmp_path / "a.dcm")
    assert cohort["image"].dtype == np.int16
    assert (cohort["image"][0, 0] == plane().astype(int) - 1024).all()
    assert cohort["age"] == [61.0]
    assert list(cohort["sex"]) == ["F"]
    text = str(cohort.columns.select(["subject", "modality", "sex", "age"]).to_pylist()) + str(cohort)
    assert not any(word in text for word in ("Doe", "4711", "1960", "General"))


def test_monochrome1_is_turned(tmp_path):
    save(tmp_path / "a.dcm", plane(), PhotometricInterpretation="MONOCHROME1", Modality="DX")
    assert (mk.read(tmp_path / "a.dcm")["image"][0, 0] == 4095 - plane()).all()


def test_colours_frames_and_fractions(tmp_path):
    rgb = np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    save(tmp_path / "rgb.dcm", rgb, Modality="US")
    assert (mk.read(tmp_path / "rgb.dcm")["image"][0] == np.moveaxis(rgb, -1, 0)).all()
    frames = plane(0, (4, 6, 8))
    save(tmp_path / "frames.dcm", frames, NumberOfFrames=4, Modality="XA")
    assert (mk.read(tmp_path / "frames.dcm")["image"][0, 0] == frames).all()
    save(tmp_path / "pet.dcm", plane(), RescaleSlope=0.5, RescaleIntercept=0, Modality="PT")
    pet = mk.read(tmp_path / "pet.dcm")["image"]
    assert pet.dtype == np.float32
    assert (pet[0, 0] == plane() * 0.5).all()


def test_luminance_and_chrominance_become_colours(tmp_path):
    ybr = np.full((2, 2, 3), 128, np.uint8)
    ybr[..., 0] = 200
    save(tmp_path / "a.dcm", ybr, PhotometricInterpretation="YBR_FULL", Modality="US")
    assert (mk.read(tmp_path / "a.dcm")["image"] == 200).all()


def test_compressed_files_are_read(tmp_path):
    save(tmp_path / "a.dcm", plane(), compress=RLELossless, Modality="MR")
    assert (mk.read(tmp_path / "a.dcm")["image"][0, 0] == plane()).all()


def test_a_missing_decoder_says_what_to_install(tmp_path, monkeypatch):
    save(tmp_path / "a.dcm", plane(), compress=RLELossless, Modality="MR")
    monkeypatch.setattr(Decoder, "is_available", False)
    with pytest.raises(mk.errors.MissingExtra, match=r"a\.dcm: compressed as RLE.*manikin\[dicom\]"):
        mk.read(tmp_path / "a.dcm")


def test_a_film_is_refused(tmp_path):
    save(tmp_path / "a.dcm", plane(), Modality="MR")
    found = pydicom.dcmread(tmp_path / "a.dcm")
    found.PixelData = pydicom.encaps.encapsulate([found.PixelData])
    found["PixelData"].VR = "OB"
    found["PixelData"].is_undefined_length = True
    found.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.102"
    found.save_as(tmp_path / "b.dcm", enforce_file_format=True)
    with pytest.raises(mk.errors.FormatError, match=r"b\.dcm: compressed as MPEG"):
        mk.read(tmp_path / "b.dcm")


def test_a_series_is_a_volume_sorted_by_position(tmp_path):
    series(tmp_path, [6.0, 0.0, 3.0])
    cohort = mk.read(tmp_path)
    assert cohort["image"].shape == (1, 1, 3, 6, 8)
    assert [int(x) for x in cohort["image"][0, 0, :, 0, 0]] == [int(plane(i)[0, 0]) for i in (1, 2, 0)]
    assert cohort.schema["image"].spacing == (3.0, 0.5, 0.25)
    assert not [note for note in cohort.notes if note.startswith("image")]


def test_mixed_series_are_separated(tmp_path):
    series(tmp_path / "a", [0.0, 1.0, 2.0], SeriesInstanceUID="1.2.3")
    series(tmp_path / "b", [0.0, 1.0, 2.0], SeriesInstanceUID="1.2.4", PatientID="other")
    series(tmp_path / "c", [0.0, 1.0, 2.0], SeriesInstanceUID="1.2.4", PatientID="other", EchoTime=90)
    cohort = mk.read(tmp_path)
    assert cohort["image"].shape == (3, 1, 3, 6, 8)
    assert list(cohort.subject) == [0, 1, 1]


def test_gaps_and_tilt_are_reported(tmp_path):
    series(tmp_path / "gap", [0.0, 1.0, 2.0, 4.0])
    assert any("uneven gaps: 1 of 3" in note for note in mk.read(tmp_path / "gap").notes)
    series(tmp_path / "tilt", [0.0, 1.0, 2.0], shear=0.2)
    assert any(
        "gantry tilt: slices are sheared by 11.3 degrees" in note
        for note in mk.read(tmp_path / "tilt").notes
    )


def test_single_slices_of_many_patients_are_pictures(tmp_path):
    for i in range(4):
        save(tmp_path / f"{i}.dcm", plane(i), PatientID=f"p{i // 2}", SeriesInstanceUID=f"1.2.{i}")
    cohort = mk.read(tmp_path)
    assert cohort["image"].shape == (4, 1, 6, 8)
    assert len(set(cohort.subject)) == 2
    assert cohort.schema.find_by_role("subject") == "subject"


def test_bad_files_are_named_and_can_be_left_out(tmp_path):
    for i in range(3):
        save(tmp_path / f"{i}.dcm", plane(i), SeriesInstanceUID=f"1.2.{i}")
    whole = (tmp_path / "0.dcm").read_bytes()
    (tmp_path / "0.dcm").write_bytes(whole[:-40])
    with pytest.raises(mk.errors.FormatError, match=r"0\.dcm: truncated"):
        mk.read(tmp_path)
    (tmp_path / "text.dcm").write_text("this is no picture " * 50)
    with pytest.raises(mk.errors.FormatError, match=r"text\.dcm: not a DICOM file"):
        mk.read(tmp_path)
    cohort = mk.read(tmp_path, skip_bad=True)
    assert len(cohort) == 2
    notes = "\n".join(cohort.notes)
    assert "left out 0.dcm: truncated" in notes
    assert "left out text.dcm: not a DICOM file" in notes


def test_ages_are_in_years():
    assert [tags.parse_age(text) for text in ("061Y", "018M", "000Y", "sixty")] == [61.0, 1.5, 0.0, None]


def made(modality, x, spacing=(), intent=""):
    kinds = {
        "modality": mk.Category(levels=(modality,)),
        "sex": mk.Category(levels=("F", "M")),
        "age": mk.Number(unit="years"),
        "body_part": mk.Category(levels=("CHEST", "KNEE")),
        "laterality": mk.Category(levels=("L", "R")),
        "finding": mk.Category(levels=("a", "b"), role="label"),
        "image": mk.Image(spacing=spacing),
    }
    arrays = {
        "modality": np.array([modality] * 2, dtype=object),
        "sex": np.array(["F", "M"], dtype=object),
        "age": np.array([61.0, 0.5]),
        "body_part": np.array(["CHEST", "KNEE"], dtype=object),
        "laterality": np.array(["L", "R"], dtype=object),
        "finding": np.array(["a", "b"], dtype=object),
        "image": x,
    }
    return replace(Cohort.from_arrays(arrays, kinds), origin=SourceFormat("dicom", {"intent": intent}))


def whole(shape, high, dtype, low=0):
    return np.random.default_rng(0).integers(low, high, shape).astype(dtype)


OBJECTS = {
    "CT": (made("CT", whole((2, 1, 3, 6, 8), 3000, np.int16, -1024), (3.0, 0.5, 0.25)), "CT Image Storage"),
    "MR": (made("MR", whole((2, 1, 3, 6, 8), 900, np.uint16), (3.0, 0.5, 0.25)), "MR Image Storage"),
    "US": (made("US", whole((2, 1, 6, 8), 256, np.uint8)), "Ultrasound Image Storage"),
    "MG": (
        made("MG", whole((2, 1, 6, 8), 4096, np.uint16), (0.1, 0.1)),
        "Digital Mammography X-Ray Image Storage - For Presentation",
    ),
    "MG raw": (
        made("MG", whole((2, 1, 6, 8), 4096, np.uint16), (0.1, 0.1), "FOR PROCESSING"),
        "Digital Mammography X-Ray Image Storage - For Processing",
    ),
    "DX": (
        made("DX", whole((2, 1, 6, 8), 4096, np.uint16), (0.1, 0.1)),
        "Digital X-Ray Image Storage - For Presentation",
    ),
    "CR": (
        made("CR", whole((2, 1, 6, 8), 4096, np.uint16), (0.1, 0.1)),
        "Computed Radiography Image Storage",
    ),
    "XC": (made("XC", whole((2, 3, 6, 8), 256, np.uint8)), "VL Photographic Image Storage"),
    "DMS": (made("DMS", whole((2, 3, 6, 8), 256, np.uint8)), "Dermoscopic Photography Image Storage"),
    "OT": (made("OT", whole((2, 1, 6, 8), 256, np.uint8)), "Secondary Capture Image Storage"),
}


@pytest.mark.parametrize("name", OBJECTS)
def test_new_objects_return_exactly_and_say_that_they_are_synthetic(name, tmp_path):
    cohort, sop = OBJECTS[name]
    mk.write(cohort, tmp_path / "out")
    first = min((tmp_path / "out").rglob("*.dcm"))
    found = pydicom.dcmread(first)
    assert found.SOPClassUID.name == sop
    assert found.SyntheticData == "YES"
    assert str(found.PatientName) == "SYNTHETIC^SUBJECT000001"
    assert found.PatientBirthDate == ""
    back = mk.read(tmp_path / "out")
    assert back["image"].shape == cohort["image"].shape
    assert (back["image"] == cohort["image"]).all()
    assert back.schema["image"].spacing == cohort.schema["image"].spacing
    for field in ("modality", "sex", "finding"):
        assert list(back[field]) == list(cohort[field])
    assert list(back["age"]) == [61.0, 0.5]
    mk.write(cohort, tmp_path / "again")
    assert first.read_bytes() == (tmp_path / "again" / first.relative_to(tmp_path / "out")).read_bytes()


@pytest.mark.parametrize("name", OBJECTS)
def test_dciodvfy_finds_no_error(name, tmp_path):
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy of dicom3tools is not installed")
    mk.write(OBJECTS[name][0], tmp_path / "out")
    for path in sorted((tmp_path / "out").rglob("*.dcm")):
        run = subprocess.run(["dciodvfy", path], capture_output=True, text=True, check=False)  # noqa: S603, S607
        lines = (run.stdout + run.stderr).splitlines()
        assert not [line for line in lines if line.startswith("Error") and EXPECTED not in line]


def test_nothing_of_a_real_header_is_written(tmp_path):
    save(tmp_path / "in.dcm", plane(), RescaleSlope=1, RescaleIntercept=-1024, StudyDescription="Doe Jane")
    mk.write(mk.read(tmp_path / "in.dcm"), tmp_path / "out.dcm")
    data = (tmp_path / "out.dcm").read_bytes()
    real = pydicom.dcmread(tmp_path / "in.dcm")
    for word in ("Doe", "4711", "1960", "General", real.SOPInstanceUID, real.SeriesInstanceUID + "\0"):
        assert word.encode() not in data.split(b"\x7f\xe0")[0]
    assert (mk.read(tmp_path / "out.dcm")["image"][0, 0] == plane().astype(int) - 1024).all()


def test_floats_are_stored_within_one_step(tmp_path):
    x = np.random.default_rng(0).normal(size=(2, 1, 3, 6, 8)).astype(np.float32)
    mk.write(made("MR", x, (3.0, 0.5, 0.25)), tmp_path / "out")
    back = mk.read(tmp_path / "out")["image"]
    assert np.abs(back - x).max() <= (x.max() - x.min()) / 65535


def test_a_picture_and_its_mask_return_as_two_fields(tmp_path):
    x = whole((3, 1, 6, 8), 900, np.uint16)
    kinds = {"id": mk.Text(role="identifier"), "image": mk.Image(), "mask": mk.Image(levels=3)}
    arrays = {"id": np.array(["a", "b", "c"], dtype=object), "image": x, "mask": (x % 3).astype(np.uint8)}
    cohort = replace(Cohort.from_arrays(arrays, kinds), origin=SourceFormat("dicom", {}))
    mk.write(cohort, tmp_path / "out")
    back = mk.read(tmp_path / "out")
    assert (back["image"] == x).all()
    assert (back["mask"] == x % 3).all()
    assert back.schema["mask"].levels == 3
    assert list(back["id"]) == ["a", "b", "c"]


def test_real_slices():
    if not (REAL / "ct_tcga_luad" / "dicom").is_dir():
        pytest.skip("the shared data are not here")
    cohort = mk.read(REAL / "ct_tcga_luad" / "dicom")
    assert cohort["image"].shape == (8, 1, 512, 512)
    assert "2 files repeat the SOP instance of another and are read once" in cohort.notes
    assert cohort["image"].dtype == np.int16
    assert len(set(cohort.subject)) == 6
    assert -1100 < np.median(cohort["image"]) < 100

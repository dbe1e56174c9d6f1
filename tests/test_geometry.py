"""Geometry: planes, turned patients, copies and gaps of DICOM; segmentations; masks of NIfTI by affines."""

from __future__ import annotations

import nibabel
import numpy as np
import pydicom
import pytest
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

import manikin as mk
from manikin.imaging import orientation
from manikin.imaging.files.resize_cohort import resize_images

AXIAL, TURNED = [1, 0, 0, 0, 1, 0], [-1, 0, 0, 0, -1, 0]
SAGITTAL, CORONAL = [0, 1, 0, 0, 0, -1], [1, 0, 0, 0, 0, -1]
CT, ENHANCED = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.2.1"


def write(path, x, **elements):
    """A file of 16 bits, or of 1 bit where `x` is bool."""
    found = pydicom.Dataset()
    found.SOPClassUID, found.SOPInstanceUID = CT, generate_uid()
    found.Modality, found.PatientID, found.SeriesInstanceUID = "MR", "A", "1.2.3"
    found.Rows, found.Columns, found.SamplesPerPixel = *x.shape[-2:], 1
    found.PhotometricInterpretation = "MONOCHROME2"
    bits = 1 if x.dtype == bool else 16
    found.BitsAllocated = found.BitsStored = bits
    found.HighBit, found.PixelRepresentation = bits - 1, 0
    found.PixelSpacing = [1, 1]
    for keyword, value in elements.items():
        setattr(found, keyword, value)
    found.file_meta = pydicom.FileMetaDataset()
    found.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = np.packbits(x.ravel(), bitorder="little").tobytes() if bits == 1 else x.astype("<u2").tobytes()
    found.PixelData = data + b"\0" * (len(data) % 2)
    found["PixelData"].VR = "OB" if bits == 1 else "OW"
    path.parent.mkdir(parents=True, exist_ok=True)
    found.save_as(path, enforce_file_format=True)
    return found


def position(axes, height, corner=(0.0, 0.0, 0.0)):
    return (np.cross(axes[:3], axes[3:]) * height + corner).tolist()


def series(folder, x, axes=AXIAL, heights=None, **elements):
    """Slices of a volume (D, H, W) at heights along their normal."""
    heights = heights if heights is not None else 2.0 * np.arange(len(x))
    return [
        write(
            folder / f"{k}.dcm",
            plane,
            ImageOrientationPatient=axes,
            ImagePositionPatient=position(axes, z),
            InstanceNumber=k + 1,
            **elements,
        )
        for k, (plane, z) in enumerate(zip(x, heights, strict=True))
    ]


def volume(seed=0, shape=(4, 6, 6)):
    return np.random.default_rng(seed).integers(100, 1000, shape)


def test_turned_patients_are_turned_and_the_note_counts_them(tmp_path):
    for i in range(4):
        x = volume(i)
        turned = i == 3
        series(
            tmp_path / str(i),
            x[:, ::-1, ::-1] if turned else x,
            TURNED if turned else AXIAL,
            SeriesInstanceUID=f"1.2.{i}",
            PatientID=str(i),
        )
    cohort = mk.read(tmp_path)
    assert all((cohort["image"][i, 0] == volume(i)).all() for i in range(4))
    assert "1 of 4 series are turned to LPS, as most lie" in cohort.notes


def test_turns_put_every_voxel_where_it_was():
    x = np.arange(2 * 3 * 4).reshape(1, 2, 3, 4)
    for code in ("LPS", "RAS", "PLS", "ARI", "PIR", "LIA"):
        there = orientation.turn_array(x, code, "LPS")
        assert (orientation.turn_array(there, "LPS", code) == x).all()
        ways = orientation.to_cosines(code)
        for place in ((0, 0, 0), (1, 2, 3), (0, 2, 1)):  # D, H, W
            steps = np.array(place[::-1]) - (np.array(x.shape[:0:-1]) - 1) / 2
            world = steps @ ways
            back = np.rint(world + (np.array(there.shape[:0:-1]) - 1) / 2).astype(int)
            assert there[(0, *back[::-1])] == x[(0, *place)]


def test_planes_are_never_stacked(tmp_path):
    for i, axes in enumerate((AXIAL, AXIAL, SAGITTAL, CORONAL)):
        series(tmp_path / str(i), volume(i), axes, SeriesInstanceUID=f"1.2.{i}")
    with pytest.raises(mk.errors.FormatError, match=r"orientation \(PIR, most LPS\)"):
        mk.read(tmp_path)
    cohort = mk.read(tmp_path, skip_bad=True)
    assert len(cohort) == 2
    assert sum("left out" in note for note in cohort.notes) == 2


@pytest.mark.parametrize("axes", [AXIAL, SAGITTAL, CORONAL])
def test_the_plane_is_kept_when_written(axes, tmp_path):
    for i in range(2):
        series(tmp_path / f"in/{i}", volume(i), axes, SeriesInstanceUID=f"1.2.{i}")
    cohort = mk.read(tmp_path / "in")
    mk.write(cohort, tmp_path / "out")
    files = sorted((tmp_path / "out").rglob("*.dcm"))
    assert [float(x) for x in pydicom.dcmread(files[0]).ImageOrientationPatient] == axes
    back = mk.read(tmp_path / "out")
    assert (back["image"] == cohort["image"]).all()
    assert back.schema["image"].spacing == (2.0, 1.0, 1.0)


def test_a_copy_is_read_once(tmp_path):
    series(tmp_path, volume())
    (tmp_path / "1 (1).dcm").write_bytes((tmp_path / "1.dcm").read_bytes())
    cohort = mk.read(tmp_path)
    assert (cohort["image"][0, 0] == volume()).all()
    assert "1 files repeat the SOP instance of another and are read once" in cohort.notes


def test_two_slices_at_one_position_are_told(tmp_path):
    series(tmp_path, volume())
    write(
        tmp_path / "twin.dcm",
        volume(9)[0],
        ImageOrientationPatient=AXIAL,
        ImagePositionPatient=position(AXIAL, 2.0),
        InstanceNumber=9,
    )
    cohort = mk.read(tmp_path)
    assert (cohort["image"][0, 0] == volume()).all()
    assert any("two slices at one position (1 of 4 positions)" in note for note in cohort.notes)


def test_uneven_gaps_are_evened_on_request_and_never_written_as_even(tmp_path):
    x, heights = volume(), [0.0, 2.0, 4.0, 8.0]
    series(tmp_path / "in", x, heights=heights)
    cohort = mk.read(tmp_path / "in")
    assert any("uneven gaps: 1 of 3" in note for note in cohort.notes)
    assert cohort.schema["image"].spacing == ()
    mk.write(cohort, tmp_path / "out")
    found = [pydicom.dcmread(path) for path in sorted((tmp_path / "out").rglob("*.dcm"))]
    assert np.diff([float(each.ImagePositionPatient[2]) for each in found]).tolist() == [2.0, 2.0, 4.0]
    even = mk.read(tmp_path / "in", mk.Schema(image=mk.Image(even=True)))
    assert even["image"].shape == (1, 1, 5, 6, 6)
    assert (even["image"][0, 0, 3] == np.rint((x[2] + x[3]) / 2)).all()
    assert even.schema["image"].spacing == (2.0, 1.0, 1.0)
    series(tmp_path / "in/b", x, heights=[0.0, 4.0, 6.0, 8.0], SeriesInstanceUID="1.2.4")
    with pytest.raises(mk.errors.FormatError, match="uneven gaps, not alike in all volumes"):
        mk.write(mk.read(tmp_path / "in"), tmp_path / "refused")


def frame(axes, height, **more):
    found = pydicom.Dataset()
    place, way = pydicom.Dataset(), pydicom.Dataset()
    place.ImagePositionPatient, way.ImageOrientationPatient = position(axes, height), axes
    found.PlanePositionSequence, found.PlaneOrientationSequence = [place], [way]
    for keyword, value in more.items():
        setattr(found, keyword, value)
    return found


def test_frames_are_sorted_along_their_normal(tmp_path):
    x, order = volume(shape=(6, 6, 6)), [3, 0, 5, 1, 4, 2]
    groups = [frame(SAGITTAL, 2.0 * k) for k in order]
    write(
        tmp_path / "a.dcm",
        x[order],
        SOPClassUID=ENHANCED,
        NumberOfFrames=6,
        PerFrameFunctionalGroupsSequence=groups,
    )
    cohort = mk.read(tmp_path)
    assert (cohort["image"][0, 0] == x).all()
    assert mk.read(tmp_path / "a.dcm")["image"].shape == (1, 1, 6, 6, 6)


def segmentation(path, x, images, *, named=True):
    """Segment 1 of a series, its frames in reverse order."""
    groups = []
    for k in reversed(range(len(x))):
        number, derived, source = pydicom.Dataset(), pydicom.Dataset(), pydicom.Dataset()
        number.ReferencedSegmentNumber = 1
        source.ReferencedSOPInstanceUID = images[k].SOPInstanceUID
        derived.SourceImageSequence = [source]
        more = {"DerivationImageSequence": [derived]} if named else {}
        groups.append(frame(AXIAL, 2.0 * k, SegmentIdentificationSequence=[number], **more))
    write(
        path,
        x[::-1] > 0,
        SOPClassUID="1.2.840.10008.5.1.4.1.1.66.4",
        Modality="SEG",
        SeriesInstanceUID=f"9.{path.stem}",
        NumberOfFrames=len(x),
        FrameOfReferenceUID="7.7",
        PerFrameFunctionalGroupsSequence=groups,
    )


@pytest.mark.parametrize("named", [True, False])
def test_a_segmentation_is_the_mask_of_its_series(named, tmp_path):
    for i in range(2 if named else 1):
        images = series(
            tmp_path / str(i), volume(i), SeriesInstanceUID=f"1.2.{i}", FrameOfReferenceUID="7.7"
        )
        segmentation(tmp_path / f"{i}/1{i}.dcm", volume(i) > 500, images, named=named)
    cohort = mk.read(tmp_path)
    assert len(cohort) == (2 if named else 1)
    assert (cohort["mask"][0, 0] == (volume() > 500)).all()
    assert cohort.schema["mask"].levels == 2
    series(tmp_path / "bare", volume(7), SeriesInstanceUID="1.2.9", FrameOfReferenceUID="7.8")
    bare = mk.read(tmp_path)
    assert "mask" not in bare.schema
    assert any("segmentation objects are left out" in note for note in bare.notes)


def nifti(path, x, affine):
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(x, affine), path)


@pytest.fixture
def lesions(tmp_path):
    """Pictures stored towards right, front and top, with a bright cube; and the cube."""
    affine = np.diag([1.0, 1, 2, 1])
    rng = np.random.default_rng(0)
    for p in range(3):
        x, cube = rng.normal(100, 20, (12, 10, 8)).astype(np.float32), np.zeros((12, 10, 8), np.uint8)
        x[2:5, 2:5, 2:5] += 200
        cube[2:5, 2:5, 2:5] = 1
        nifti(tmp_path / f"case{p}_CT.nii.gz", x, affine)
        yield_mask = tmp_path / f"case{p}_mask.nii.gz"
        nifti(yield_mask, cube, affine)
    return tmp_path, affine, cube


def overlap(folder):
    cohort = mk.read(folder)
    bright, mask = cohort["CT"] > 220, cohort["mask"] > 0
    return cohort, float((bright & mask).sum() / bright.sum())


def test_a_turned_mask_lies_on_its_picture(lesions):
    folder, affine, cube = lesions
    other = affine @ np.array([[-1, 0, 0, 11], [0, -1, 0, 9], [0, 0, 1, 0], [0, 0, 0, 1.0]])
    for p in range(3):
        nifti(folder / f"case{p}_mask.nii.gz", cube[::-1, ::-1], other)
    cohort, share = overlap(folder)
    assert share == 1
    assert "mask: 3 volumes are turned to RAS, as most lie" in cohort.notes


def test_a_mask_on_another_grid_is_laid_onto_its_picture(lesions):
    folder, affine, cube = lesions
    fine = np.repeat(np.repeat(cube, 2, axis=0), 2, axis=1)[:, :, 1:]
    grid = affine @ np.array([[0.5, 0, 0, -0.25], [0, 0.5, 0, -0.25], [0, 0, 1, 1], [0, 0, 0, 1.0]])
    for p in range(3):
        nifti(folder / f"case{p}_mask.nii.gz", fine, grid)
    cohort, share = overlap(folder)
    assert share == 1
    assert cohort["mask"].shape == cohort["CT"].shape
    assert any("3 masks lie on another grid" in note for note in cohort.notes)


def test_a_mask_elsewhere_is_refused_and_one_without_an_affine_is_told(lesions):
    folder, affine, cube = lesions
    nifti(folder / "case1_mask.nii.gz", cube, np.eye(4))
    cohort, share = overlap(folder)
    assert share == 1
    assert any("1 masks have no affine of their own" in note for note in cohort.notes)
    far = affine.copy()
    far[0, 3] = 500
    nifti(folder / "case1_mask.nii.gz", cube, far)
    with pytest.raises(mk.errors.FormatError, match="most of the mask lies outside its picture"):
        mk.read(folder)


def test_folders_of_patients_count_where_no_header_says_who_is_who(tmp_path):
    for i, name in enumerate(("Smith_John", "Doe_Jane", "Kim_Soo")):
        for j in range(2):
            x = volume(10 * i + j)
            series(tmp_path / name / str(j), x, SeriesInstanceUID=f"1.2.{i}.{j}", PatientID="ANON")
    cohort = mk.read(tmp_path)
    assert sorted(np.unique(cohort.subject, return_counts=True)[1]) == [2, 2, 2]
    assert "Smith" not in str(cohort)
    (tmp_path / "Kim_Soo/0/0.dcm").write_bytes(b"no picture")
    with pytest.raises(mk.errors.FormatError) as refused:
        mk.read(tmp_path)
    assert "Kim" not in str(refused.value)


def test_another_size_has_no_affine_of_before(lesions, tmp_path):
    folder, affine, _ = lesions
    cohort = resize_images(mk.read(folder), 6)
    assert "affine" not in cohort.origin.options["facts"]["CT"]
    assert cohort.origin.options["facts"]["CT"]["axes"] == "RAS"
    mk.write(cohort.take([0]), tmp_path / "out")
    back = nibabel.load(min((tmp_path / "out").rglob("*CT*/*.nii.gz")))
    assert not np.allclose(back.affine, affine)

"""The modules of each storage class, with the attributes that the standard asks for (PS3.3, A).

What a scanner would know and a synthetic picture has not is present and empty where the standard
allows that (type 2), and a plain constant where it does not (type 1).
"""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from manikin.imaging import orientation
from manikin.imaging.dicom.sop_classes import (
    ATTRIBUTE_BUILDERS,
    MAMMOGRAPHY_CLASSES,
    MANUFACTURER,
    MR_KEYWORDS,
    PAIRED_BODY_PARTS,
    PROCESSING_CLASSES,
    RADIOGRAPHY_CLASSES,
    REGION_CODES,
    SOP_CLASSES,
    build_region_code,
    build_secondary_capture,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pydicom import Dataset
    from pydicom.uid import UID

    from manikin.imaging.dicom.rescale import PixelEncoding

_AXIAL_ORIENTATION = "LPS"
_ANNOTATED_CLASSES = (*MAMMOGRAPHY_CLASSES, *RADIOGRAPHY_CLASSES)
"""Classes whose Burned In Annotation must not be absent (PS3.3, C.8.11.3)."""


def derive_uid(*parts: bytes | str) -> UID:
    """A unique identifier from a hash of the content (PS3.5, B.2)."""
    from pydicom.uid import UID

    text = b"\x1f".join(part.encode() if isinstance(part, str) else part for part in parts)
    return UID(f"2.25.{int.from_bytes(hashlib.sha256(text).digest()[:16], 'big')}")


def build_header(
    sop: str, modality: str, given: Mapping[str, Any], number: int, seed: bytes, *, text: str = "unknown"
) -> Dataset:
    """Patient, study, series, equipment and what the class asks for beyond that.

    Args:
        sop: The storage class.
        modality: Of the pictures.
        given: The keywords and values of the record that are allowed.
        number: Of the record.
        seed: Of unique identifiers.
        text: What is known of text in the pixels. "none": it is established that there is none; "flagged":
            there may be; "unknown": nothing is claimed, as an absent attribute does (PS3.3, C.7.6.1.1.2).
    """
    from pydicom import Dataset

    found = Dataset()
    found.SOPClassUID = sop
    found.SyntheticData = "YES"
    found.PatientName = f"SYNTHETIC^SUBJECT{number:06d}"
    found.PatientID = f"SYN-{number:06d}"
    found.PatientBirthDate, found.PatientSex = "", ""
    if text == "none":
        found.PatientIdentityRemoved = "YES"
        found.DeidentificationMethod = "Synthetic picture; no patient"
        found.BurnedInAnnotation = "NO"
    elif text == "flagged" or sop in _ANNOTATED_CLASSES:
        found.BurnedInAnnotation = "YES"  # type 1 in these classes: what is not excluded is said
    found.StudyInstanceUID, found.SeriesInstanceUID = derive_uid(seed, "study"), derive_uid(seed, "series")
    found.StudyDate = found.StudyTime = found.AccessionNumber = found.ReferringPhysicianName = ""
    found.StudyID, found.SeriesNumber, found.InstanceNumber = str(number), 1, 1
    found.Modality = modality
    found.SeriesDescription = "SYNTHETIC"
    found.Manufacturer = MANUFACTURER
    found.ImageType = ["DERIVED", "SECONDARY"]
    found.DerivationDescription = "Made by a generative model"
    found.LossyImageCompression = "00"
    found.PatientOrientation = ""
    for keyword, value in ATTRIBUTE_BUILDERS.get(sop, build_secondary_capture)(modality).items():
        setattr(found, keyword, value)
    _set_attributes(found, given)
    return found


def _set_attributes(found: Dataset, given: Mapping[str, Any]) -> None:
    """What the cohort says, under the names that the class has for it."""
    sop, given = found.SOPClassUID, dict(given)
    mammography, radiography = (
        sop in MAMMOGRAPHY_CLASSES,
        sop in (*MAMMOGRAPHY_CLASSES, *RADIOGRAPHY_CLASSES),
    )
    part, side = given.get("BodyPartExamined"), given.pop("Laterality", "")
    if mammography and part != "BREAST":
        given.pop("BodyPartExamined", None)
    if sop != SOP_CLASSES["MR"]:
        given = {keyword: value for keyword, value in given.items() if keyword not in MR_KEYWORDS}
    if radiography or (side and part and part not in PAIRED_BODY_PARTS):
        given |= {"ImageLaterality": side} if side else {}
    elif not part or part in PAIRED_BODY_PARTS:
        given["Laterality"] = side if side in ("L", "R") else ""
    if sop in RADIOGRAPHY_CLASSES and part in REGION_CODES:
        found.AnatomicRegionSequence = [build_region_code(*REGION_CODES[part])]
    for keyword, value in given.items():
        setattr(found, keyword, value)


def compute_heights(spacing: Sequence[float], depth: int, uneven: Sequence[float] = ()) -> list[float]:
    """Where the slices of a volume lie along their normal, in mm around 0.

    Args:
        spacing: In mm along the axes; empty: 1 mm.
        depth: How many slices there are.
        uneven: Where slices with uneven gaps lie, in mm from the first.

    Example:
        >>> compute_heights((2.0, 1.0, 1.0), 3), compute_heights((), 3, [0, 1, 3])
        ([-2.0, 0.0, 2.0], [-1.5, -0.5, 1.5])
    """
    if len(uneven) == depth:
        return [float(z) - float(uneven[-1]) / 2 for z in uneven]
    step = float(spacing[0]) if len(spacing) > 2 else 1.0  # noqa: PLR2004 - (D, H, W)
    return [step * (k - (depth - 1) / 2) for k in range(depth)]


def build_image_plane(
    sop: str, spacing: Sequence[float], grid: Sequence[int], height: float, axes: str, seed: bytes
) -> Dataset:
    """Where a slice lies, around an origin of its own.

    Args:
        sop: Its class.
        spacing: In mm along the axes.
        grid: (H, W).
        height: Its place along the normal; NaN: a picture that is no slice.
        axes: The directions of its axes, such as "LPS"; "": axial.
        seed: Of the identifier of its frame of reference.
    """
    from pydicom import Dataset

    found = Dataset()
    flat = [float(step) for step in spacing[-2:]] or [1.0, 1.0]
    ways = orientation.to_cosines(axes or _AXIAL_ORIENTATION)
    alone, height = math.isnan(height), 0.0 if math.isnan(height) else height
    normal = ways[2] * height
    if sop in (SOP_CLASSES["CT"], SOP_CLASSES["MR"]):
        found.FrameOfReferenceUID, found.PositionReferenceIndicator = derive_uid(seed, "frame"), ""
        found.ImageOrientationPatient = ways[:2].ravel().tolist()
        reach = np.array(flat[::-1]) * (np.array(grid[::-1]) - 1) / 2
        start = normal - reach @ ways[:2]
        found.ImagePositionPatient = [float(x) + 0.0 for x in start]
        found.PixelSpacing = flat
        found.PatientPosition = "HFS"
    elif sop == SOP_CLASSES["DMS"]:
        found.FrameOfReferenceUID = derive_uid(seed, "frame")
    elif sop in (SOP_CLASSES["DX"], SOP_CLASSES["MG"], *PROCESSING_CLASSES.values()):
        found.ImagerPixelSpacing = flat
    elif spacing:
        found.PixelSpacing = flat
        if not alone:
            found.ImageOrientationPatient = ways[:2].ravel().tolist()
            found.ImagePositionPatient = [float(x) + 0.0 for x in normal]
    return found


def set_pixel_data(found: Dataset, stored: np.ndarray, storage: PixelEncoding) -> None:
    """The image pixel and modality look-up modules."""
    found.Rows, found.Columns = stored.shape[1:]
    found.SamplesPerPixel = len(stored)
    found.PhotometricInterpretation = "RGB" if len(stored) > 1 else "MONOCHROME2"
    found.BitsAllocated = 8 if storage.bits == 8 else 16  # noqa: PLR2004
    found.BitsStored, found.HighBit, found.PixelRepresentation = storage.bits, storage.bits - 1, 0
    if len(stored) > 1:
        found.PlanarConfiguration = 0
    if found.SOPClassUID == SOP_CLASSES["CT"] or storage.slope != 1 or storage.intercept:
        found.RescaleSlope, found.RescaleIntercept = f"{storage.slope:.10g}", f"{storage.intercept:.10g}"
        found.RescaleType = "HU" if found.SOPClassUID == SOP_CLASSES["CT"] else "US"
    if found.get("PresentationIntentType") == "FOR PRESENTATION":
        found.WindowCenter, found.WindowWidth = 1 << (storage.bits - 1), 1 << storage.bits
    data = np.ascontiguousarray(np.moveaxis(stored, 0, -1)).astype(stored.dtype.newbyteorder("<")).tobytes()
    found.PixelData = data if len(data) % 2 == 0 else data + b"\0"
    found["PixelData"].VR = "OB" if storage.bits == 8 else "OW"  # noqa: PLR2004


def write_file(found: Dataset, path: Path, seed: bytes) -> None:
    """Write a file of explicit little endian."""
    from pydicom import FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    found.SOPInstanceUID = derive_uid(seed, "instance")
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = found.SOPClassUID, found.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID, meta.ImplementationVersionName = (
        derive_uid(MANUFACTURER),
        MANUFACTURER.upper(),
    )
    found.file_meta = meta
    found.save_as(path, enforce_file_format=True)

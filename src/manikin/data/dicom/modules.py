"""The modules of each storage class, with the attributes that the standard asks for (PS3.3, A).

What a scanner would know and a synthetic picture has not is present and empty where the standard
allows that (type 2), and a plain constant where it does not (type 1).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from manikin.data.dicom.classes import (
    CLASSES,
    MAGNETIC,
    MAKER,
    MAMMOGRAPHY,
    PAIRED,
    PROCESSING,
    RADIOGRAPHY,
    REGIONS,
    SPECIFIC,
    region,
    secondary,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pydicom import Dataset
    from pydicom.uid import UID

    from manikin.data.dicom.stored import Storage

_AXIAL = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]


def uid(*parts: bytes | str) -> UID:
    """A unique identifier from a hash of the content (PS3.5, B.2)."""
    from pydicom.uid import UID

    text = b"\x1f".join(part.encode() if isinstance(part, str) else part for part in parts)
    return UID(f"2.25.{int.from_bytes(hashlib.sha256(text).digest()[:16], 'big')}")


def header(sop: str, modality: str, given: Mapping[str, Any], number: int, seed: bytes) -> Dataset:
    """Patient, study, series, equipment and what the class asks for beyond that."""
    from pydicom import Dataset

    found = Dataset()
    found.SOPClassUID = sop
    found.SyntheticData = "YES"
    found.PatientName = f"SYNTHETIC^SUBJECT{number:06d}"
    found.PatientID = f"SYN-{number:06d}"
    found.PatientBirthDate, found.PatientSex = "", ""
    found.PatientIdentityRemoved = "YES"
    found.DeidentificationMethod = "Synthetic picture; no patient"
    found.StudyInstanceUID, found.SeriesInstanceUID = uid(seed, "study"), uid(seed, "series")
    found.StudyDate = found.StudyTime = found.AccessionNumber = found.ReferringPhysicianName = ""
    found.StudyID, found.SeriesNumber, found.InstanceNumber = str(number), 1, 1
    found.Modality = modality
    found.SeriesDescription = "SYNTHETIC"
    found.Manufacturer = MAKER
    found.ImageType = ["DERIVED", "SECONDARY"]
    found.DerivationDescription = "Made by a generative model"
    found.BurnedInAnnotation, found.LossyImageCompression = "NO", "00"
    found.PatientOrientation = ""
    for keyword, value in SPECIFIC.get(sop, secondary)(modality).items():
        setattr(found, keyword, value)
    _allow(found, given)
    return found


def _allow(found: Dataset, given: Mapping[str, Any]) -> None:
    """What the cohort says, under the names that the class has for it."""
    sop, given = found.SOPClassUID, dict(given)
    mammography, radiography = sop in MAMMOGRAPHY, sop in (*MAMMOGRAPHY, *RADIOGRAPHY)
    part, side = given.get("BodyPartExamined"), given.pop("Laterality", "")
    if mammography and part != "BREAST":
        given.pop("BodyPartExamined", None)
    if sop != CLASSES["MR"]:
        given = {keyword: value for keyword, value in given.items() if keyword not in MAGNETIC}
    if radiography or (side and part and part not in PAIRED):
        given |= {"ImageLaterality": side} if side else {}
    elif not part or part in PAIRED:
        given["Laterality"] = side if side in ("L", "R") else ""
    if sop in RADIOGRAPHY and part in REGIONS:
        found.AnatomicRegionSequence = [region(*REGIONS[part])]
    for keyword, value in given.items():
        setattr(found, keyword, value)


def geometry(
    sop: str, spacing: Sequence[float], grid: Sequence[int], place: tuple[int, int], seed: bytes
) -> Dataset:
    """Where slice `place` = (k, of so many) lies, around an origin of its own."""
    from pydicom import Dataset

    found = Dataset()
    found.InstanceNumber = place[0] + 1
    flat = [float(step) for step in spacing[-2:]] or [1.0, 1.0]
    depth = float(spacing[0]) if len(spacing) > len(flat) else 1.0
    if sop in (CLASSES["CT"], CLASSES["MR"]):
        found.FrameOfReferenceUID, found.PositionReferenceIndicator = uid(seed, "frame"), ""
        found.ImageOrientationPatient = _AXIAL
        start = [-step * (side - 1) / 2 for step, side in zip(reversed(flat), reversed(grid), strict=True)]
        found.ImagePositionPatient = [*start, depth * (place[0] - (place[1] - 1) / 2)]
        found.PixelSpacing = flat
        found.PatientPosition = "HFS"
    elif sop == CLASSES["DMS"]:
        found.FrameOfReferenceUID = uid(seed, "frame")
    elif sop in (CLASSES["DX"], CLASSES["MG"], *PROCESSING.values()):
        found.ImagerPixelSpacing = flat
    elif spacing:
        found.PixelSpacing = flat
        if place[1] > 1:
            found.ImageOrientationPatient = _AXIAL
            found.ImagePositionPatient = [0.0, 0.0, depth * place[0]]
    return found


def pixels(found: Dataset, stored: np.ndarray, storage: Storage) -> None:
    """The image pixel and modality look-up modules."""
    found.Rows, found.Columns = stored.shape[1:]
    found.SamplesPerPixel = len(stored)
    found.PhotometricInterpretation = "RGB" if len(stored) > 1 else "MONOCHROME2"
    found.BitsAllocated = 8 if storage.bits == 8 else 16  # noqa: PLR2004
    found.BitsStored, found.HighBit, found.PixelRepresentation = storage.bits, storage.bits - 1, 0
    if len(stored) > 1:
        found.PlanarConfiguration = 0
    if found.SOPClassUID == CLASSES["CT"] or storage.slope != 1 or storage.intercept:
        found.RescaleSlope, found.RescaleIntercept = f"{storage.slope:.10g}", f"{storage.intercept:.10g}"
        found.RescaleType = "HU" if found.SOPClassUID == CLASSES["CT"] else "US"
    if found.get("PresentationIntentType") == "FOR PRESENTATION":
        found.WindowCenter, found.WindowWidth = 1 << (storage.bits - 1), 1 << storage.bits
    data = np.ascontiguousarray(np.moveaxis(stored, 0, -1)).astype(stored.dtype.newbyteorder("<")).tobytes()
    found.PixelData = data + b"\0" * (len(data) % 2)
    found["PixelData"].VR = "OB" if storage.bits == 8 else "OW"  # noqa: PLR2004


def store(found: Dataset, path: Path, seed: bytes) -> None:
    """Write a file of explicit little endian."""
    from pydicom import FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    found.SOPInstanceUID = uid(seed, "instance")
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = found.SOPClassUID, found.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID, meta.ImplementationVersionName = uid(MAKER), MAKER.upper()
    found.file_meta = meta
    found.save_as(path, enforce_file_format=True)

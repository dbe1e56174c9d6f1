"""The storage classes and what each asks for beyond what all have (PS3.3, A)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydicom import Dataset

    from manikin.imaging.dicom.rescale import Storage

CLASSES = {
    "CT": "1.2.840.10008.5.1.4.1.1.2",
    "MR": "1.2.840.10008.5.1.4.1.1.4",
    "US": "1.2.840.10008.5.1.4.1.1.6.1",
    "CR": "1.2.840.10008.5.1.4.1.1.1",
    "DX": "1.2.840.10008.5.1.4.1.1.1.1",
    "MG": "1.2.840.10008.5.1.4.1.1.1.2",
    "XC": "1.2.840.10008.5.1.4.1.1.77.1.4",
    "DMS": "1.2.840.10008.5.1.4.1.1.77.1.7",
}
_SECONDARY = "1.2.840.10008.5.1.4.1.1.7"
PROCESSING = {"DX": "1.2.840.10008.5.1.4.1.1.1.1.1", "MG": "1.2.840.10008.5.1.4.1.1.1.2.1"}
MAMMOGRAPHY = (CLASSES["MG"], PROCESSING["MG"])
RADIOGRAPHY = (CLASSES["DX"], PROCESSING["DX"])
MAGNETIC = ("MagneticFieldStrength", "EchoTime", "RepetitionTime", "FlipAngle")
PAIRED = (
    "BREAST",
    "HAND",
    "FINGER",
    "WRIST",
    "FOREARM",
    "ELBOW",
    "ARM",
    "SHOULDER",
    "CLAVICLE",
    "FOOT",
    "TOE",
    "ANKLE",
    "LEG",
    "KNEE",
    "FEMUR",
    "HIP",
    "EYE",
    "EAR",
    "KIDNEY",
    "EXTREMITY",
)
_BODY = ("38266002", "Entire body")
REGIONS = {
    "CHEST": ("51185008", "Chest"),
    "HEAD": ("69536005", "Head"),
    "HAND": ("85562004", "Hand"),
    "WRIST": ("8205005", "Wrist"),
    "SHOULDER": ("16982005", "Shoulder"),
    "HIP": ("29836001", "Hip"),
    "KNEE": ("72696002", "Knee"),
    "ANKLE": ("70258002", "Ankle"),
    "FOOT": ("56459004", "Foot"),
    "PELVIS": ("12921003", "Pelvis"),
}
"""SNOMED CT codes of regions (PS3.16, CID 4031)."""
MAKER = "manikin"


def sop(modality: str, storage: Storage, *, colour: bool, deep: bool, intent: str) -> str:
    """The storage class for a modality, where its pixels allow it; secondary capture otherwise."""
    plain = storage.exact and storage.intercept == 0
    fits = {
        "CT": not colour,
        "MR": not colour,
        "CR": not colour and plain,
        "US": storage.bits == 8,  # noqa: PLR2004
        "DX": not colour and plain and not deep,
        "MG": not colour and plain and not deep,
        "XC": colour and storage.bits == 8,  # noqa: PLR2004
        "DMS": colour and storage.bits == 8,  # noqa: PLR2004
    }
    if not fits.get(modality, False):
        return _SECONDARY
    return (
        PROCESSING[modality] if intent == "FOR PROCESSING" and modality in PROCESSING else CLASSES[modality]
    )


def _code(value: str, scheme: str, meaning: str) -> list[Any]:
    from pydicom import Dataset

    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return [item]


def _ct(_: str) -> dict[str, Any]:
    return {
        "ImageType": ["DERIVED", "SECONDARY", "AXIAL"],
        "KVP": None,
        "AcquisitionNumber": None,
        "SliceThickness": None,
    }


def _mr(_: str) -> dict[str, Any]:
    return {
        "ImageType": ["DERIVED", "SECONDARY", "OTHER"],
        "ScanningSequence": "RM",
        "SequenceVariant": "NONE",
        "ScanOptions": "",
        "MRAcquisitionType": "",
        "RepetitionTime": None,
        "EchoTime": None,
        "EchoTrainLength": None,
        "SliceThickness": None,
    }


def _us(_: str) -> dict[str, Any]:
    return {"ImageType": ["DERIVED", "SECONDARY"]}


def _cr(_: str) -> dict[str, Any]:
    return {"BodyPartExamined": "", "ViewPosition": ""}


def secondary(_: str) -> dict[str, Any]:
    """What secondary capture asks for."""
    return {"ConversionType": "WSD"}


def _dx(intent: str) -> dict[str, Any]:
    from pydicom import Sequence

    processing = intent == "FOR PROCESSING"
    return {
        "PresentationIntentType": intent,
        "ImageType": ["DERIVED", "PRIMARY"],
        "ImageLaterality": "U",
        "AnatomicRegionSequence": Sequence([region(*_BODY)]),
        "PixelIntensityRelationship": "LIN" if processing else "LOG",
        "PixelIntensityRelationshipSign": -1,
        "RescaleIntercept": 0,
        "RescaleSlope": 1,
        "RescaleType": "US",
        "PresentationLUTShape": "IDENTITY",
        "PatientOrientation": ["L", "F"],
        "AcquisitionContextSequence": Sequence([]),
        "DetectorType": "",
        "PositionerType": "",
        "ViewPosition": "",
    }


def region(value: str, meaning: str) -> Dataset:
    """A code of SNOMED CT as an item of a sequence."""
    return _code(value, "SCT", meaning)[0]


def _mg(intent: str) -> dict[str, Any]:
    from pydicom import Sequence

    view = _code("399162004", "SCT", "cranio-caudal")[0]
    view.ViewModifierCodeSequence = Sequence([])
    return {
        **_dx(intent),
        "ImageLaterality": "B",
        "AnatomicRegionSequence": Sequence([region("76752008", "Breast")]),
        "OrganExposed": "BREAST",
        "PositionerType": "MAMMOGRAPHIC",
        "ViewCodeSequence": Sequence([view]),
        "BreastImplantPresent": "NO",
        "PatientOrientation": ["P", "L"],
    }


def _photograph(_: str) -> dict[str, Any]:
    from pydicom import Sequence

    return {
        "ImageType": ["DERIVED", "SECONDARY"],
        "AcquisitionContextSequence": Sequence([]),
        "AnatomicRegionSequence": Sequence([region("39937001", "Skin")]),
    }


def _dermoscopy(modality: str) -> dict[str, Any]:
    return {
        **_photograph(modality),
        "PositionReferenceIndicator": "",
        "RecognizableVisualFeatures": "NO",
        "ManufacturerModelName": MAKER,
        "DeviceSerialNumber": "SYNTHETIC",
        "SoftwareVersions": MAKER,
        "LightSourcePolarization": "",
        "EmitterColorTemperature": None,
        "ContactMethod": "",
        "OpticalMagnificationFactor": None,
        "PatientOrientation": ["L", "F"],
    }


SPECIFIC: dict[str, Any] = {
    CLASSES["CT"]: _ct,
    CLASSES["MR"]: _mr,
    CLASSES["US"]: _us,
    CLASSES["CR"]: _cr,
    CLASSES["DX"]: lambda _: _dx("FOR PRESENTATION"),
    CLASSES["MG"]: lambda _: _mg("FOR PRESENTATION"),
    PROCESSING["DX"]: lambda _: _dx("FOR PROCESSING"),
    PROCESSING["MG"]: lambda _: _mg("FOR PROCESSING"),
    CLASSES["XC"]: _photograph,
    CLASSES["DMS"]: _dermoscopy,
}

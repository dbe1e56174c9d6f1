"""The storage classes and what each asks for beyond what all have (PS3.3, A)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydicom import Dataset

    from manikin.imaging.dicom.rescale import PixelEncoding

SOP_CLASSES = {
    "CT": "1.2.840.10008.5.1.4.1.1.2",
    "MR": "1.2.840.10008.5.1.4.1.1.4",
    "US": "1.2.840.10008.5.1.4.1.1.6.1",
    "CR": "1.2.840.10008.5.1.4.1.1.1",
    "DX": "1.2.840.10008.5.1.4.1.1.1.1",
    "MG": "1.2.840.10008.5.1.4.1.1.1.2",
    "XC": "1.2.840.10008.5.1.4.1.1.77.1.4",
    "DMS": "1.2.840.10008.5.1.4.1.1.77.1.7",
}
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
PROCESSING_CLASSES = {"DX": "1.2.840.10008.5.1.4.1.1.1.1.1", "MG": "1.2.840.10008.5.1.4.1.1.1.2.1"}
MAMMOGRAPHY_CLASSES = (SOP_CLASSES["MG"], PROCESSING_CLASSES["MG"])
RADIOGRAPHY_CLASSES = (SOP_CLASSES["DX"], PROCESSING_CLASSES["DX"])
MR_KEYWORDS = ("MagneticFieldStrength", "EchoTime", "RepetitionTime", "FlipAngle")
PAIRED_BODY_PARTS = (
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
_WHOLE_BODY = ("38266002", "Entire body")
REGION_CODES = {
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
MANUFACTURER = "manikin"


def choose_sop_class(
    modality: str, storage: PixelEncoding, *, colour: bool, deep: bool, intent: str
) -> str:
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
        return _SECONDARY_CAPTURE
    return (
        PROCESSING_CLASSES[modality]
        if intent == "FOR PROCESSING" and modality in PROCESSING_CLASSES
        else SOP_CLASSES[modality]
    )


def _build_code(value: str, scheme: str, meaning: str) -> list[Any]:
    from pydicom import Dataset

    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return [item]


def _build_ct(_: str) -> dict[str, Any]:
    return {
        "ImageType": ["DERIVED", "SECONDARY", "AXIAL"],
        "KVP": None,
        "AcquisitionNumber": None,
        "SliceThickness": None,
    }


def _build_mr(_: str) -> dict[str, Any]:
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


def _build_us(_: str) -> dict[str, Any]:
    return {"ImageType": ["DERIVED", "SECONDARY"]}


def _build_cr(_: str) -> dict[str, Any]:
    return {"BodyPartExamined": "", "ViewPosition": ""}


def build_secondary_capture(_: str) -> dict[str, Any]:
    """What secondary capture asks for."""
    return {"ConversionType": "WSD"}


def _build_dx(intent: str) -> dict[str, Any]:
    from pydicom import Sequence

    processing = intent == "FOR PROCESSING"
    return {
        "PresentationIntentType": intent,
        "ImageType": ["DERIVED", "PRIMARY"],
        "ImageLaterality": "U",
        "AnatomicRegionSequence": Sequence([build_region_code(*_WHOLE_BODY)]),
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


def build_region_code(value: str, meaning: str) -> Dataset:
    """A code of SNOMED CT as an item of a sequence."""
    return _build_code(value, "SCT", meaning)[0]


def _build_mg(intent: str) -> dict[str, Any]:
    from pydicom import Sequence

    view = _build_code("399162004", "SCT", "cranio-caudal")[0]
    view.ViewModifierCodeSequence = Sequence([])
    return {
        **_build_dx(intent),
        "ImageLaterality": "B",
        "AnatomicRegionSequence": Sequence([build_region_code("76752008", "Breast")]),
        "OrganExposed": "BREAST",
        "PositionerType": "MAMMOGRAPHIC",
        "ViewCodeSequence": Sequence([view]),
        "BreastImplantPresent": "NO",
        "PatientOrientation": ["P", "L"],
    }


def _build_photograph(_: str) -> dict[str, Any]:
    from pydicom import Sequence

    return {
        "ImageType": ["DERIVED", "SECONDARY"],
        "AcquisitionContextSequence": Sequence([]),
        "AnatomicRegionSequence": Sequence([build_region_code("39937001", "Skin")]),
    }


def _build_dermoscopy(modality: str) -> dict[str, Any]:
    return {
        **_build_photograph(modality),
        "PositionReferenceIndicator": "",
        "RecognizableVisualFeatures": "NO",
        "ManufacturerModelName": MANUFACTURER,
        "DeviceSerialNumber": "SYNTHETIC",
        "SoftwareVersions": MANUFACTURER,
        "LightSourcePolarization": "",
        "EmitterColorTemperature": None,
        "ContactMethod": "",
        "OpticalMagnificationFactor": None,
        "PatientOrientation": ["L", "F"],
    }


ATTRIBUTE_BUILDERS: dict[str, Any] = {
    SOP_CLASSES["CT"]: _build_ct,
    SOP_CLASSES["MR"]: _build_mr,
    SOP_CLASSES["US"]: _build_us,
    SOP_CLASSES["CR"]: _build_cr,
    SOP_CLASSES["DX"]: lambda _: _build_dx("FOR PRESENTATION"),
    SOP_CLASSES["MG"]: lambda _: _build_mg("FOR PRESENTATION"),
    PROCESSING_CLASSES["DX"]: lambda _: _build_dx("FOR PROCESSING"),
    PROCESSING_CLASSES["MG"]: lambda _: _build_mg("FOR PROCESSING"),
    SOP_CLASSES["XC"]: _build_photograph,
    SOP_CLASSES["DMS"]: _build_dermoscopy,
}

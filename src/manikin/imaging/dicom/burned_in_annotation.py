"""What the header of a file says of text burned into its pixels (0028,0301)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pydicom import Dataset

BurnedInRisk = Literal["yes", "likely", "no", "unknown"]

_TEXT_MODALITIES = frozenset({"US", "IVUS", "BDUS", "ES", "XA", "RF", "DOC", "SC", "ECG", "OSS"})
"""Whose pictures usually bear text: ultrasound, endoscopy, angiography, fluoroscopy, scanned paper."""
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
"""Secondary captures, and their kinds of several frames."""


def assess_burned_in_risk(found: Dataset) -> BurnedInRisk:
    """Whether text is burned in: "yes" by the header, "likely" by the kind of picture, "no" by the header.

    Example:
        >>> from pydicom import Dataset
        >>> found = Dataset()
        >>> found.Modality = "US"
        >>> assess_burned_in_risk(found)
        'likely'
    """
    said = str(found.get("BurnedInAnnotation") or "").strip().upper()
    if said == "YES":
        return "yes"
    captured = str(found.get("SOPClassUID") or "").startswith(_SECONDARY_CAPTURE) or found.get(
        "ConversionType"
    )
    if captured or str(found.get("Modality") or "").upper() in _TEXT_MODALITIES:
        return "likely"
    return "no" if said == "NO" else "unknown"

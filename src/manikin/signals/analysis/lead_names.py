"""Names: which channels are the limb leads of an ECG, and which the pressures of one artery.

    III = II - I,   aVR = -(I + II) / 2,   aVL = I - II / 2,   aVF = II - I / 2

(Einthoven et al. 1913; Goldberger 1942): of six limb leads two are measured, four follow.
"""

from __future__ import annotations

import re

LIMB_LEAD_WEIGHTS = {
    "I": (1.0, 0.0),
    "II": (0.0, 1.0),
    "III": (-1.0, 1.0),
    "AVR": (-0.5, -0.5),
    "AVL": (1.0, -0.5),
    "AVF": (-0.5, 1.0),
}
"""The share of I and of II in each limb lead."""

LIMB_LEAD_PATTERN = re.compile(r"(?:ecg|ekg|lead|ml|m)?[ _]*(i{1,3}|av[rlf])", re.IGNORECASE)

PRESSURE_GROUPS = (("diasabp", "map", "sysabp"), ("nidiasabp", "nimap", "nisysabp"))
"""Diastolic, mean and systolic pressure, measured in an artery and by a cuff."""


def find_limb_leads(channels: tuple[str, ...]) -> list[str]:
    """What each channel is among the limb leads, "" if none, whatever stands before its name.

    Example:
        >>> find_limb_leads(("MLII", "lead aVR", "V5"))
        ['II', 'AVR', '']
    """
    found = [LIMB_LEAD_PATTERN.fullmatch(name.strip()) for name in channels]
    return [match[1].upper() if match else "" for match in found]


def find_pressures(channels: tuple[str, ...]) -> list[list[int]]:
    """The places of pressures of one artery, from the lowest to the highest, where two or more are there.

    Example:
        >>> find_pressures(("HR", "NISysABP", "NIDiasABP", "MAP"))
        [[2, 1]]
    """
    names = [normalize_name(name) for name in channels]
    groups = [[names.index(name) for name in group if name in names] for group in PRESSURE_GROUPS]
    return [group for group in groups if len(group) > 1]


def normalize_name(name: str) -> str:
    """The letters and digits of a name, in lower case."""
    return re.sub(r"[^a-z0-9]", "", name.lower())

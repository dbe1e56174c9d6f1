"""Which channels the recordings of a cohort share, and where they stand in each."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from manikin.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from manikin.imaging.files.assemble import Bad
    from manikin.schema.kinds import Signal
    from manikin.signals.files.recording import Lead, Recording


def refuse(bad: Bad, number: int, recording: Recording, why: str, remedy: str) -> None:
    """Leave a recording out, or raise."""
    message = f"{recording.path}: {why}; {remedy}, or leave it out with skip_bad"
    bad.add(number, recording.path, FormatError(message))


def found(
    recordings: Sequence[Recording], kind: Signal, bad: Bad
) -> tuple[list[list[int]], tuple[Lead, ...]]:
    """The channels that are declared, or else those of most recordings.

    Returns:
        For each recording where they stand, nothing for a bad one; and what they are, each on the
        finest grid that a recorder used.

    Raises:
        FormatError: A recording lacks one, has more, or is in another unit.
    """
    sets = Counter(tuple(lead.name for lead in recording.leads) for recording in recordings)
    wanted = kind.channels or sets.most_common(1)[0][0]
    order = [
        _places(number, recording, wanted, bad, some=bool(kind.channels))
        for number, recording in enumerate(recordings)
    ]
    _units(recordings, order, bad)
    held = [
        [recordings[number].leads[place] for place in places]
        for number, places in enumerate(order)
        if number not in bad
    ]
    if not held:
        raise FormatError(
            f"{recordings[0].path.parent}: no recording can be used; {next(iter(bad.values()))}"
        )
    finest = [max(column, key=lambda lead: lead.gain) for column in zip(*held, strict=True)]
    return order, tuple(replace(lead, name=name) for lead, name in zip(finest, wanted, strict=True))


def _plain(name: str) -> str:
    return re.sub(r"[\s_.-]+", " ", name).strip().lower()


def _places(number: int, recording: Recording, wanted: Sequence[str], bad: Bad, *, some: bool) -> list[int]:
    """Where the channels stand in a recording; with `some`, others may be there too."""
    names = [lead.name for lead in recording.leads]
    if tuple(names) == tuple(wanted):
        return list(range(len(wanted)))
    known = {_plain(name): place for place, name in reversed(list(enumerate(names)))}
    remedy = "declare the `channels` that all recordings have"
    if lost := [channel for channel in wanted if _plain(channel) not in known]:
        refuse(bad, number, recording, f"has no channel {', '.join(lost)}, only {', '.join(names)}", remedy)
        return []
    if len(names) != len(wanted) and not some:
        refuse(bad, number, recording, f"has {len(names)} channels, most have {len(wanted)}", remedy)
        return []
    return [known[_plain(channel)] for channel in wanted]


def _units(recordings: Sequence[Recording], order: list[list[int]], bad: Bad) -> None:
    """Refuse recordings whose values are in another unit than those of most."""
    known = {
        number: tuple(recordings[number].leads[place].unit for place in places)
        for number, places in enumerate(order)
        if number not in bad
    }
    common = Counter(known.values()).most_common(1)[0][0] if known else ()
    for number, units in known.items():
        if units != common:
            why = f"values in {', '.join(units)}, most recordings in {', '.join(common)}"
            refuse(bad, number, recordings[number], why, "convert it")

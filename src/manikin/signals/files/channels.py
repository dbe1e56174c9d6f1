"""Which channels the recordings of a cohort share, and where they stand in each."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from manikin.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from manikin.core.skipped import SkippedRecords
    from manikin.schema.kinds import Signal
    from manikin.signals.files.recording import Channel, Recording


def skip_or_raise(bad: SkippedRecords, number: int, recording: Recording, why: str, remedy: str) -> None:
    """Leave a recording out, or raise."""
    bad.add(number, recording.path, FormatError(why, recording.path, remedy, can_skip=True))


def match_channels(
    recordings: Sequence[Recording], kind: Signal, bad: SkippedRecords
) -> tuple[list[list[int]], tuple[Channel, ...]]:
    """The channels that are declared, or else those of most recordings.

    Returns:
        For each recording where they stand, nothing for a bad one; and what they are, each on the
        finest grid that a recorder used.

    Raises:
        FormatError: A recording lacks one, has more, or is in another unit.
    """
    sets = Counter(tuple(lead.name for lead in recording.channels) for recording in recordings)
    wanted = kind.channels or sets.most_common(1)[0][0]
    order = [
        _locate_channels(number, recording, wanted, bad, some=bool(kind.channels))
        for number, recording in enumerate(recordings)
    ]
    _check_units(recordings, order, bad)
    held = [
        [recordings[number].channels[place] for place in places]
        for number, places in enumerate(order)
        if number not in bad
    ]
    if not held:
        raise FormatError("no recording can be used", recordings[0].path.parent, next(iter(bad.values())))
    finest = [max(column, key=lambda lead: lead.gain) for column in zip(*held, strict=True)]
    return order, tuple(replace(lead, name=name) for lead, name in zip(finest, wanted, strict=True))


def _normalize_name(name: str) -> str:
    return re.sub(r"[\s_.-]+", " ", name).strip().lower()


def _locate_channels(
    number: int, recording: Recording, wanted: Sequence[str], bad: SkippedRecords, *, some: bool
) -> list[int]:
    """Where the channels stand in a recording; with `some`, others may be there too."""
    names = [lead.name for lead in recording.channels]
    if tuple(names) == tuple(wanted):
        return list(range(len(wanted)))
    known = {_normalize_name(name): place for place, name in reversed(list(enumerate(names)))}
    remedy = "declare the `channels` that all recordings have"
    if lost := [channel for channel in wanted if _normalize_name(channel) not in known]:
        skip_or_raise(
            bad, number, recording, f"has no channel {', '.join(lost)}, only {', '.join(names)}", remedy
        )
        return []
    if len(names) != len(wanted) and not some:
        skip_or_raise(bad, number, recording, f"has {len(names)} channels, most have {len(wanted)}", remedy)
        return []
    return [known[_normalize_name(channel)] for channel in wanted]


def _check_units(recordings: Sequence[Recording], order: list[list[int]], bad: SkippedRecords) -> None:
    """Refuse recordings whose values are in another unit than those of most."""
    known = {
        number: tuple(recordings[number].channels[place].unit for place in places)
        for number, places in enumerate(order)
        if number not in bad
    }
    common = Counter(known.values()).most_common(1)[0][0] if known else ()
    for number, units in known.items():
        if units != common:
            why = f"values in {', '.join(units)}, most recordings in {', '.join(common)}"
            skip_or_raise(bad, number, recordings[number], why, "convert it")

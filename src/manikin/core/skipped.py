"""Records that cannot be read: left out with a reason, or the first of them an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

if TYPE_CHECKING:
    from manikin.core.record_files import RecordFile
    from manikin.errors import FormatError


@final
class SkippedRecords(dict[int, str]):
    """Why a record is left out; without `skip`, the first reason is an error."""

    def __init__(self, *, skip: bool) -> None:
        super().__init__()
        self.skip = skip

    def add(self, record: int, path: RecordFile, error: FormatError) -> None:
        """Leave a record out, or raise."""
        if not self.skip:
            raise error if error.can_skip else _advise_skipping(error)
        elsewhere = "" if error.place in ("", str(path)) else f"{error.place}: "
        self.setdefault(record, f"left out {path.name}: {elsewhere}{error.problem}")


def _advise_skipping(error: FormatError) -> FormatError:
    return type(error)(error.problem, error.place, error.remedy, can_skip=True)

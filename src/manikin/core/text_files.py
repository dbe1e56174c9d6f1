"""The bytes of text files: compressed or not, in whatever encoding."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, NamedTuple

from manikin.errors import FormatError

if TYPE_CHECKING:
    from pathlib import Path

_HEAD_BYTES = 1 << 16
_CONTROL_BYTES = frozenset((*range(9), *range(14, 27)))
_GZIP_MAGIC = b"\x1f\x8b"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def read_bytes(path: Path) -> bytes:
    """The bytes of a file, decompressed if it is gzip, whatever it is called.

    Raises:
        FormatError: The file is damaged or empty.
    """
    data = path.read_bytes()
    if data.startswith(_GZIP_MAGIC):
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError) as error:
            raise FormatError("damaged gzip file", path) from error
    if not data.strip():
        raise FormatError("the file is empty", path)
    return data


def read_head(path: Path) -> bytes:
    """The first 64 KB of a file, decompressed if it is gzip, up to the end of the last whole line there.

    Raises:
        FormatError: The file is damaged.
    """
    with path.open("rb") as file:
        is_gzip = file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
    try:
        with gzip.open(path) if is_gzip else path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except (OSError, EOFError) as error:
        raise FormatError("cannot be read, or is a damaged gzip file", path) from error
    if len(head) < _HEAD_BYTES:
        return head
    end = b"\n\0" if head.startswith(_UTF16_MARKS[0]) else b"\n"
    return head[: head.rfind(end) + len(end)] if end in head else head


def write_bytes(path: Path, data: bytes) -> None:
    """Write bytes, compressed if the name ends in ".gz"; the same data always give the same file."""
    path.write_bytes(gzip.compress(data, mtime=0) if path.name.lower().endswith(".gz") else data)


class Utf8Text(NamedTuple):
    """Text in UTF-8 without a byte-order mark.

    `is_western` says that it came in an encoding of eight bits, Windows-1252 or Latin-1; `notes` say in
    words which other encoding it came in.
    """

    data: bytes
    is_western: bool = False
    notes: tuple[str, ...] = ()


def to_utf8(data: bytes, path: Path) -> Utf8Text:
    """Text in UTF-8, whatever encoding it came in.

    Raises:
        FormatError: The bytes are no text.
    """
    if data.startswith(_UTF16_MARKS):
        return Utf8Text(_recode_utf8(data, "utf-16", path), notes=("the file is in UTF-16",))
    data = data.removeprefix(b"\xef\xbb\xbf")
    if not _CONTROL_BYTES.isdisjoint(data[:_HEAD_BYTES]):
        raise FormatError("holds binary data, not text", path, "is the suffix right?")
    try:
        data.decode()
    except UnicodeDecodeError:
        return _decode_western(data, path)
    return Utf8Text(data)


def _decode_western(data: bytes, path: Path) -> Utf8Text:
    """Windows-1252 where signs stand that Latin-1 has only as controls (dashes, curled quotation marks)."""
    if any(0x80 <= byte <= 0x9F for byte in data):  # noqa: PLR2004 - the controls of Latin-1
        try:
            recoded = data.decode("cp1252").encode()
            return Utf8Text(recoded, True, ("the file is not in UTF-8; read as Windows-1252",))
        except UnicodeDecodeError:  # one of the five bytes that Windows-1252 leaves open
            pass
    recoded = _recode_utf8(data, "latin-1", path)
    return Utf8Text(recoded, True, ("the file is not in UTF-8; read as Latin-1",))


def decode_text(data: bytes, path: Path) -> str:
    """Text in UTF-8, or in UTF-16 that says so; prose in an unknown encoding is not guessed at.

    Raises:
        FormatError: The bytes are no text, or of another encoding; the line is named.
    """
    if not data.startswith(_UTF16_MARKS):
        try:
            data.decode()
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            what = (
                "holds binary data, not text"
                if not _CONTROL_BYTES.isdisjoint(data[:_HEAD_BYTES])
                else "not in UTF-8"
            )
            raise FormatError(f"line {line}: {what}", path, "save it as UTF-8 text") from None
    return to_utf8(data, path).data.decode()


def _recode_utf8(data: bytes, encoding: str, path: Path) -> bytes:
    try:
        return data.decode(encoding).encode()
    except UnicodeDecodeError as error:
        raise FormatError(f"cannot be decoded as {encoding}", path, "save it as UTF-8") from error

"""Pictures of the formats that every camera and viewer knows (PNG, JPEG, TIFF, ...), and single arrays.

Values are kept as they are stored: 8 or 16 bits, never stretched. A palette becomes colours, or
level numbers in a label map; transparency is left out.
"""

from __future__ import annotations

import math
import struct
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from manikin.errors import FormatError
from manikin.imaging.header import ImageHeader, check_size

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import PIL.Image

_GREY_DTYPES: dict[str, str] = {"1": "uint8", "L": "uint8", "LA": "uint8", "I": "int32", "F": "float32"}
_ROTATED_ORIENTATIONS, _ORIENTATION_TAG = (5, 6, 7, 8), 0x0112
_PNG_SIGNATURE, _DEEP_COLOUR_TYPES = b"\x89PNG\r\n\x1a\n", ((16, 2), (16, 6))


def read_header(path: Path, *, labels: bool = False) -> ImageHeader:
    """The shape (channels, H, W) and type of a picture, without its values.

    Raises:
        FormatError: It cannot be read.
    """
    if path.suffix.lower() == ".npy":
        x = _load_array(path)
        return ImageHeader(x.shape, x.dtype)
    with _open_image(path) as image:
        width, height = image.size
        if image.getexif().get(_ORIENTATION_TAG) in _ROTATED_ORIENTATIONS:
            width, height = height, width
        shape = (height, width) if _count_pages(image) == 1 else (_count_pages(image), height, width)
        check_size(shape, path)
        return ImageHeader(
            (1 if labels and image.mode == "P" else _count_channels(image.mode), *shape),
            _choose_dtype(image.mode),
        )


def read_values(path: Path, *, labels: bool = False) -> np.ndarray:
    """The values of a picture, (channels, H, W), or (1, pages, H, W) where it has several pages.

    Raises:
        FormatError: It cannot be read, or is truncated.
    """
    if path.suffix.lower() == ".npy":
        return np.array(_load_array(path))
    from PIL import ImageOps

    with _open_image(path) as image:
        pages = []
        for page in range(_count_pages(image)):
            if page:
                image.seek(page)
            pages.append(_to_array(ImageOps.exif_transpose(image), labels=labels))
    return pages[0] if len(pages) == 1 else np.stack(pages, axis=1)


def write(x: np.ndarray, path: Path) -> None:
    """Write (channels, H, W) as a picture without loss, or any array as .npy.

    Raises:
        FormatError: The format has no room for such values.
    """
    from PIL import Image

    if path.suffix.lower() == ".npy":
        np.save(path, x, allow_pickle=False)
        return
    if not can_store(x, path.suffix.lower()):
        message = (
            f"{path}: a picture holds 8 or 16 bits in one channel or 8 in three, not {x.dtype} {x.shape}"
        )
        raise FormatError(f"{message}; write .npy")
    Image.fromarray(x[0] if len(x) == 1 else np.ascontiguousarray(np.moveaxis(x, 0, -1))).save(path)


def can_store(x: np.ndarray, suffix: str) -> bool:
    """Whether a picture of this format holds such values without loss.

    Example:
        >>> x = np.zeros((1, 4, 4))
        >>> can_store(x.astype(np.uint16), ".png"), can_store(x.astype(np.int16), ".png")
        (True, False)
    """
    if x.ndim != 3 or suffix not in (".png", ".tif", ".tiff", ".bmp"):  # noqa: PLR2004 - (channels, H, W)
        return suffix == ".npy"
    deep = x.dtype == np.uint16 and suffix != ".bmp"
    grey = len(x) == 1 and (deep or (x.dtype == np.float32 and suffix in (".tif", ".tiff")))
    return grey or (x.dtype == np.uint8 and len(x) in (1, 3))


@contextmanager
def _open_image(path: Path) -> Iterator[PIL.Image.Image]:
    from PIL import Image, UnidentifiedImageError

    damaged = (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, struct.error)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                _refuse_deep_colour(path, image.mode)
                yield image
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise FormatError("too large a picture", path, "cut it into parts, or save it as .npy") from error
    except damaged as error:
        raise FormatError(
            "not a readable picture, or truncated", path, "copy it again", can_skip=True
        ) from error


def _refuse_deep_colour(path: Path, mode: str) -> None:
    """Refuse colours of 16 bits, which would lose half of them in silence."""
    if mode not in ("RGB", "RGBA"):
        return
    with path.open("rb") as file:
        head = file.read(26)
    if head.startswith(_PNG_SIGNATURE) and tuple(head[24:26]) in _DEEP_COLOUR_TYPES:
        raise FormatError("16 bits per colour would be cut to 8", path, "save it as .npy, or with 8 bits")


def _count_pages(image: PIL.Image.Image) -> int:
    return getattr(image, "n_frames", 1) if image.format == "TIFF" else 1


def _count_channels(mode: str) -> int:
    return 1 if mode in _GREY_DTYPES or mode.startswith("I;16") else 3


def _choose_dtype(mode: str) -> np.dtype:
    return np.dtype("uint16" if mode.startswith("I;16") else _GREY_DTYPES.get(mode, "uint8"))


def _to_array(image: PIL.Image.Image, *, labels: bool) -> np.ndarray:
    if image.mode in ("1", "LA"):
        image = image.convert("L")
    elif _count_channels(image.mode) == 3 and image.mode != "RGB" and not (labels and image.mode == "P"):  # noqa: PLR2004
        image = image.convert("RGB")
    x = np.asarray(image)
    x = x.astype(x.dtype.newbyteorder("="), copy=False)
    return x[None] if x.ndim == 2 else np.moveaxis(x, -1, 0)  # noqa: PLR2004 - (H, W)


def _load_array(path: Path) -> np.ndarray:
    """One record saved alone, channels first."""
    try:
        x = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise FormatError("damaged, or no array of numbers", path) from error
    if x.dtype.kind not in "biuf" or not 2 <= x.ndim <= 4 or not math.prod(x.shape):  # noqa: PLR2004 - H, W
        raise FormatError(f"holds {x.dtype} {x.shape}, which is no picture (channels, H, W)", path)
    x = x.astype(np.float32 if x.dtype == np.float16 else x.dtype.newbyteorder("="), copy=False)
    if x.dtype.kind == "f" and not np.isfinite(x).all():
        raise FormatError("holds values that are no finite number", path, "correct it or leave it out")
    return _move_channels_first(x.view(np.uint8) if x.dtype == bool else x)


def _move_channels_first(x: np.ndarray) -> np.ndarray:
    if x.ndim == 2:  # noqa: PLR2004 - (H, W)
        return x[None]
    if x.ndim == 3 and x.shape[0] not in (1, 2, 3, 4):  # noqa: PLR2004 - neither channels first nor a volume
        return np.moveaxis(x, -1, 0) if x.shape[-1] in (1, 3, 4) else x[None]
    return x

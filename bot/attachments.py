"""Files that members hand in: what they are is read from their bytes, and nothing is decoded before it is known to fit.

Pure and slow: bytes in, a checked picture out. To be called on a thread.
"""

from __future__ import annotations

import io
import re
import warnings
from typing import Final

from PIL import Image, ImageOps

from pipeline.errors import InvalidRequest
from pipeline.sentence import Sentence

MAX_BYTES: Final = 25 * 1024 * 1024
"""Of one file: more than any picture of `MAX_PIXELS` needs that is worth starting from."""
MAX_PIXELS: Final = 33_554_432
"""Of one picture: eight times what SDXL paints, 4 bytes each while it is decoded."""
MAX_SIDE: Final = 10_000
MIN_SIDE: Final = 16
"""Two latent pixels: less than that is no picture to start from."""
KEPT_PIXELS: Final = 4_194_304
"""What is kept of a larger picture: four times what a checkpoint paints."""
MAX_SCANS: Final = 100
"""Of a JPEG. Ten are usual; thousands in a small file would keep a core busy for hours."""
MAX_SCANNED: Final = 500_000_000
"""Pixels that are gone over while a JPEG is decoded, in all its scans together: a few seconds."""
_SHOWN: Final = Sentence("Send a PNG, JPEG or WebP picture.")


def kind_of(data: bytes) -> str:
    """`PNG`, `JPEG` or `WEBP`, by the first bytes; whatever name the file has does not count.

    Raises:
        InvalidRequest: it is something else.
    """
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data.startswith((b"GIF87a", b"GIF89a")):
        raise InvalidRequest("GIF files are not taken, as most of them move. {right}", right=_SHOWN)
    if data[4:12] in {b"ftypavif", b"ftypheic", b"ftypheix", b"ftypmif1"}:
        raise InvalidRequest("AVIF and HEIC files are not taken. {right}", right=_SHOWN)
    if not data:
        raise InvalidRequest("This file is empty. {right}", right=_SHOWN)
    raise InvalidRequest("This file is not a picture, whatever its name says. {right}", right=_SHOWN)


def check_bytes(size: int) -> None:
    """Refuse a file that is too large, before it is downloaded where that is known.

    Raises:
        InvalidRequest: it is.
    """
    if size > MAX_BYTES:
        raise InvalidRequest(
            "This file has {size:.1f} MB, and {limit} MB is the most. Send it smaller, as a JPEG for example.",
            size=size / 1024**2,
            limit=MAX_BYTES // 1024**2,
        )


def decode(data: bytes) -> Image.Image:
    """The picture of a file: RGB, upright, what was transparent on white.

    Raises:
        InvalidRequest: it is no picture, damaged, cut short, animated, or too large or small in bytes or pixels.
    """
    check_bytes(len(data))
    kind = kind_of(data)
    if kind == "WEBP":
        # Opening one makes two buffers of its whole size, so its header has to be read before that.
        _check_webp(data)
    with warnings.catch_warnings():
        # Pillow's own limits are for whoever has none; ours is checked before a pixel is decoded.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            return _decoded(data, kind)
        except (Image.DecompressionBombError, MemoryError):
            raise _too_large() from None
        except (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, OverflowError):
            raise InvalidRequest(
                "This {kind} file is damaged or was cut short. Save or upload it again.", kind=kind
            ) from None


def smaller(picture: Image.Image) -> Image.Image:
    """The picture, brought down to `KEPT_PIXELS` when it is larger."""
    size = kept_size(*picture.size)
    return picture if size == picture.size else picture.resize(size, Image.Resampling.LANCZOS)


def kept_size(width: int, height: int) -> tuple[int, int]:
    """The size at which a picture is kept."""
    if width * height <= KEPT_PIXELS:
        return width, height
    factor = (KEPT_PIXELS / (width * height)) ** 0.5
    return max(1, int(width * factor)), max(1, int(height * factor))


def decode_mask(data: bytes, size: tuple[int, int]) -> Image.Image:
    """A mask: black and white (mode L, 0 or 255), of the size of its picture. Grey counts as the nearer of both.

    Args:
        data: the file.
        size: width and height of the picture that it belongs to.

    Raises:
        InvalidRequest: as `decode`; or it has another size, or nothing in it is white.
    """
    picture = decode(data)
    if picture.size != size:
        raise InvalidRequest(
            "The mask has {mask_width} x {mask_height} pixels, and the picture {width} x {height}. Both must have "
            "the same size.",
            mask_width=picture.width,
            mask_height=picture.height,
            width=size[0],
            height=size[1],
        )
    mask = picture.convert("L").point([0] * 128 + [255] * 128)
    if mask.getextrema()[1] == 0:
        raise InvalidRequest("Nothing in the mask is white, and only what is white is painted anew.")
    return mask


def _decoded(data: bytes, kind: str) -> Image.Image:
    with Image.open(io.BytesIO(data), formats=(kind,)) as opened:
        _check_size(*opened.size)
        if kind == "JPEG":
            # Only markers of scans are such a pair of bytes: in what is packed another one follows the first.
            scans = data.count(b"\xff\xda")
            if scans > MAX_SCANS or scans * opened.width * opened.height > MAX_SCANNED:
                raise InvalidRequest(
                    "This JPEG is made of too many layers to be read. Save it again as a plain one."
                )
        elif getattr(opened, "is_animated", False):
            raise _animated()
        opened.load()
        picture = _upright(opened)
        if picture.mode.startswith("I"):
            # 16 bits a pixel: Pillow would cut them off at 255.
            return picture.convert("I").point(lambda level: level / 256).convert("RGB")
        if picture.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in picture.info:
            layered = picture.convert("RGBA")
            white = Image.new("RGBA", layered.size, "white")
            return Image.alpha_composite(white, layered).convert("RGB")
        return picture.convert("RGB")


def _upright(picture: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:  # noqa: BLE001 - a broken note on how the camera was held costs no more than the turn
        return picture


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise _too_large(width, height)
    if min(width, height) < MIN_SIDE:
        raise InvalidRequest(
            "This picture has {width} x {height} pixels, and each side needs at least {least}.",
            width=width,
            height=height,
            least=MIN_SIDE,
        )


def _too_large(width: int = 0, height: int = 0) -> InvalidRequest:
    return InvalidRequest(
        "This picture is too large ({size}): at most {limit} million pixels, and {side} along a side, are taken. Send "
        "it smaller.",
        size=Sentence("{width} x {height} pixels", width=width, height=height) if width else Sentence("by far"),
        limit=MAX_PIXELS // 1_000_000,
        side=MAX_SIDE,
    )


def _animated() -> InvalidRequest:
    return InvalidRequest(
        "This picture moves, and only still ones can be painted from. Send one of its frames."
    )


_LOSSY: Final = re.compile(rb"VP8 ....(.{3})\x9d\x01\x2a(.{4})", re.DOTALL)


def _check_webp(data: bytes) -> None:
    """Size and kind from the first chunk (https://developers.google.com/speed/webp/docs/riff_container)."""
    chunk = data[12:16]
    if chunk == b"VP8X" and len(data) >= 30:
        if data[20] & 0x02:
            raise _animated()
        width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
    elif chunk == b"VP8L" and len(data) >= 25:
        bits = int.from_bytes(data[21:25], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif found := _LOSSY.match(data, 12):
        width, height = (int.from_bytes(found[2][at : at + 2], "little") & 0x3FFF for at in (0, 2))
    else:
        raise InvalidRequest("This WEBP file is damaged or was cut short. Save or upload it again.")
    _check_size(width, height)

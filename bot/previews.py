"""The previews of a job as one small JPEG file."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Final

from PIL import Image

from pipeline.work import Preview

MAX_SIDE: Final = 256
"""Pixels along the longer side of one preview."""
_QUALITY: Final = 75
_NOTHING: Final = (43, 45, 49)
"""The colour of Discord's own dark containers, for a picture that has not begun."""


def encode(previews: Sequence[Preview | None]) -> bytes:
    """The previews side by side, two in a row. Slow: call it on a thread.

    Args:
        previews: of one job and so of one shape; None for a picture that has not begun.

    Raises:
        ValueError: there is none, or its pixels do not fit its size.
    """
    known = next((preview for preview in previews if preview is not None), None)
    if known is None:
        raise ValueError("no preview to encode")
    scale = MAX_SIDE / max(known.width, known.height)
    width, height = max(1, round(known.width * scale)), max(1, round(known.height * scale))
    columns = min(2, len(previews))
    rows = -(-len(previews) // columns)
    sheet = Image.new("RGB", (width * columns, height * rows), _NOTHING)
    for place, preview in enumerate(previews):
        if preview is not None:
            picture = Image.frombytes("RGB", (preview.width, preview.height), preview.pixels)
            row, column = divmod(place, columns)
            sheet.paste(
                picture.resize((width, height), Image.Resampling.BICUBIC), (column * width, row * height)
            )
    out = io.BytesIO()
    sheet.save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()

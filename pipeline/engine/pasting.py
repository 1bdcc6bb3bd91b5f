"""After inpainting: what was not to be painted over is the given picture again, pixel for pixel."""

from __future__ import annotations

from typing import Final

import numpy as np
from PIL import Image, ImageFilter

_FADE: Final = 64
"""A seam is faded over this part of the shorter side: 13 pixels of 832, a little more than one latent pixel."""


def unmasked_kept(painted: bytes, source: bytes, mask: bytes, width: int, height: int) -> bytes:
    """The painted picture inside a mask and the given one outside, faded into each other just inside its edge.

    The latents are kept outside the mask at every step already, but each is 8 x 8 pixels, and the VAE changes even
    what it is given back unpainted.

    Args:
        painted: RGB, 3 bytes a pixel.
        source: the given picture, likewise.
        mask: 1 byte a pixel, 255 inside and 0 outside.
        width: in pixels.
        height: in pixels.
    """
    hard = Image.frombytes("L", (width, height), mask)
    soft = np.asarray(hard.filter(ImageFilter.BoxBlur(max(1, min(width, height) // _FADE))), np.float32) / 255
    # Half at the edge itself becomes nothing, so that no pixel outside is touched.
    share = np.clip(soft * 2 - 1, 0, 1) * (np.asarray(hard) >= 128)
    shape = (height, width, 3)
    new, old = (np.frombuffer(each, np.uint8).reshape(shape).astype(np.float32) for each in (painted, source))
    mixed = old + (new - old) * share[..., None]
    return np.rint(mixed).astype(np.uint8).tobytes()

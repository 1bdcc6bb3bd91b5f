"""The last coat: painting styles, quality and years, which change the whole picture."""

from __future__ import annotations

import io
import math
from random import Random

from PIL import Image, ImageChops, ImageEnhance, ImageFilter

from pipeline.miniature.artist.scene import Scene

_YEARS = {
    # saturation, contrast, brightness
    "newest": (1.34, 1.06, 1.02),
    "late": (1.15, 1.04, 1.0),
    "mid": (0.95, 1.0, 1.0),
    "early": (0.74, 0.96, 1.0),
    "oldest": (0.58, 0.84, 0.97),
}


def finish(image: Image.Image, scene: Scene, rng: Random) -> Image.Image:
    """Apply painting style, year and quality to a picture at its final size."""
    if scene.painting == "impasto":
        image = _impasto(image)
    if scene.year:
        image = _year(image, scene.year, rng)
    if scene.quality == "low quality":
        image = _jpeg(image.filter(ImageFilter.GaussianBlur(_pixels(image, 0.0042))), 32)
    elif scene.quality == "worst quality":
        image = _jpeg(image.filter(ImageFilter.GaussianBlur(_pixels(image, 0.0085))), 12)
    return image


def _pixels(image: Image.Image, share: float) -> float:
    return max(0.4, math.sqrt(image.width * image.height) * share)


def _impasto(image: Image.Image) -> Image.Image:
    """Dabs of thick paint: the middle colour around each pixel, with light on one flank of every ridge."""
    dabs = image.filter(ImageFilter.MedianFilter(5 if min(image.size) >= 140 else 3))
    grey = dabs.convert("L").filter(ImageFilter.GaussianBlur(0.8))
    ridges = grey.filter(ImageFilter.Kernel((3, 3), (-1, -1, 0, -1, 0, 1, 0, 1, 1), 1.2, 128))
    return Image.blend(dabs, ImageChops.overlay(dabs, Image.merge("RGB", (ridges,) * 3)), 0.85)


def _year(image: Image.Image, year: str, rng: Random) -> Image.Image:
    saturation, contrast, brightness = _YEARS[year]
    image = ImageEnhance.Color(image).enhance(saturation)
    image = ImageEnhance.Contrast(image).enhance(contrast)
    image = ImageEnhance.Brightness(image).enhance(brightness)
    if year in {"oldest", "early"}:
        strength = 0.22 if year == "oldest" else 0.08
        image = Image.blend(
            image, ImageChops.multiply(image, Image.new("RGB", image.size, (255, 226, 176))), strength * 2
        )
    if year == "oldest":
        image = _grain(image, rng)
    return image


def _grain(image: Image.Image, rng: Random) -> Image.Image:
    """Film grain, coarse enough to survive the VAE."""
    small = (max(1, image.width // 2), max(1, image.height // 2))
    noise = Image.frombytes("L", small, rng.randbytes(small[0] * small[1])).resize(
        image.size, Image.Resampling.BILINEAR
    )
    grain = Image.merge("RGB", (noise,) * 3)
    return Image.blend(image, ImageChops.overlay(image, grain), 0.10)


def _jpeg(image: Image.Image, quality: int) -> Image.Image:
    held = io.BytesIO()
    image.save(held, "JPEG", quality=quality)
    held.seek(0)
    return Image.open(held).convert("RGB")

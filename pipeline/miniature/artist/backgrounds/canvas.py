"""The sheet that a place is painted on: shapes, gradients and glows in pixels, and the colours to fill them with."""

from __future__ import annotations

import colorsys
import math
from collections.abc import Sequence
from functools import cache
from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
Point = tuple[float, float]

WHITE: Colour = (255, 255, 255)


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """The colour that has ``share`` (0 to 1) of the second in it."""
    rest = 1 - share
    return (
        round(first[0] * rest + second[0] * share),
        round(first[1] * rest + second[1] * share),
        round(first[2] * rest + second[2] * share),
    )


def dim(colour: Colour, factor: float) -> Colour:
    """Darker for a factor below 1, lighter above it."""
    return (
        min(255, round(colour[0] * factor)),
        min(255, round(colour[1] * factor)),
        min(255, round(colour[2] * factor)),
    )


def hsv(hue: float, saturation: float, value: float) -> Colour:
    """A colour from hue (in turns, any number), saturation and value (0 to 1)."""
    red, green, blue = colorsys.hsv_to_rgb(hue % 1.0, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)


@cache
def _falloff(strength: int) -> Image.Image:
    """A soft round mask of 64 x 64 with ``strength`` percent of opacity in its middle."""
    across = np.linspace(-1, 1, 64)
    distance = np.minimum(np.hypot(across[:, None], across[None, :]), 1)
    return Image.fromarray(np.rint((1 - distance) ** 2 * 2.55 * strength).astype(np.uint8))


class Canvas:
    """A picture in the making. All coordinates are pixels, x to the right and y downwards."""

    def __init__(
        self,
        width: int,
        height: int,
        rng: Random,
        *,
        flat: bool = False,
        detail: float = 1.0,
        unit: float = 0.0,
    ) -> None:
        """Start with a black sheet.

        Args:
            width: in pixels.
            height: in pixels.
            rng: where everything that is left open comes from.
            flat: fill with one colour where a gradient would be.
            detail: how much of the small things is drawn, from 0 to 1.
            unit: what sizes are measured in; the shorter side when 0.
        """
        self.width, self.height, self.rng = width, height, rng
        self.flat, self.detail = flat, detail
        self.unit = unit or float(min(width, height))
        self.image = Image.new("RGB", (width, height))
        self._pen = ImageDraw.Draw(self.image)
        self._glaze = ImageDraw.Draw(self.image, "RGBA")

    def between(self, low: float, high: float) -> float:
        """Any number from low to high."""
        return self.rng.uniform(low, high)

    def chance(self, share: float) -> bool:
        """True in this share of the cases."""
        return self.rng.random() < share

    def count(self, low: int, high: int) -> int:
        """How many small things to draw: from low to high, fewer with less detail."""
        return round(self.rng.randint(low, high) * self.detail)

    def aside(self, outer: float = 0.08, inner: float = 0.27) -> float:
        """An x that the character in the middle does not hide; both bounds are shares of the width from a border."""
        share = self.between(outer, inner)
        return self.width * (share if self.chance(0.5) else 1 - share)

    def beams(self, shapes: Sequence[Sequence[Point]], bottom: float, colour: Colour, strength: float) -> None:
        """Polygons of light that are brightest at the top and gone at the row ``bottom``."""
        size = (self.width // 4, max(1, round(bottom / 4)))
        mask = Image.new("L", size)
        pen = ImageDraw.Draw(mask)
        for shape in shapes:
            pen.polygon([(x / 4, y / 4) for x, y in shape], 255)
        fade = np.linspace(strength, 0, size[1])[:, None]
        mask = mask.filter(ImageFilter.BoxBlur(self.unit * 0.003))
        soft = Image.fromarray(np.rint(np.asarray(mask) * fade).astype(np.uint8))
        full = (size[0] * 4, size[1] * 4)
        self.image.paste(colour, (0, 0, *full), soft.resize(full, Image.Resampling.BILINEAR))

    def polygon(self, points: Sequence[Point], fill: Colour, alpha: float = 1.0) -> None:
        """A filled polygon, blended with what lies below when alpha is under 1."""
        if alpha < 1:
            self._glaze.polygon(points, (*fill, round(alpha * 255)))
        else:
            self._pen.polygon(points, fill)

    def rect(self, x0: float, y0: float, x1: float, y1: float, fill: Colour, alpha: float = 1.0) -> None:
        """A filled rectangle; nothing when it is empty."""
        if x1 < x0 or y1 < y0:
            return
        if alpha < 1:
            self._glaze.rectangle((x0, y0, x1, y1), (*fill, round(alpha * 255)))
        else:
            self._pen.rectangle((x0, y0, x1, y1), fill)

    def pill(self, x0: float, y0: float, x1: float, y1: float, radius: float, fill: Colour) -> None:
        """A filled rectangle with round corners."""
        self._pen.rounded_rectangle((x0, y0, x1, y1), radius, fill)

    def oval(self, x: float, y: float, rx: float, ry: float, fill: Colour, alpha: float = 1.0) -> None:
        """A filled ellipse around (x, y)."""
        if alpha < 1:
            self._glaze.ellipse((x - rx, y - ry, x + rx, y + ry), (*fill, round(alpha * 255)))
        else:
            self._pen.ellipse((x - rx, y - ry, x + rx, y + ry), fill)

    def disc(self, x: float, y: float, radius: float, fill: Colour, alpha: float = 1.0) -> None:
        """A filled circle."""
        self.oval(x, y, radius, radius, fill, alpha)

    def line(self, points: Sequence[Point], thickness: float, fill: Colour) -> None:
        """A line with round joints."""
        self._pen.line(points, fill, max(1, round(thickness)), joint="curve")

    def gradient(self, y0: float, y1: float, *stops: Colour) -> None:
        """Evenly spaced colours over the rows from y0 to y1; when flat hard bands, or one colour for two stops."""
        if self.flat and len(stops) < 3:
            stops = (mix(stops[0], stops[-1], 0.35),)
        top, bottom = max(0, round(y0)), min(self.height, round(y1))
        if bottom > top:
            self.image.paste(self._ramp(self.width, bottom - top, stops), (0, top))

    def _ramp(self, width: int, height: int, stops: Sequence[Colour]) -> Image.Image:
        at = np.linspace(0, 1, height)
        if self.flat:
            at = np.minimum(np.floor(at * len(stops)), len(stops) - 1) / max(1, len(stops) - 1)
        knots = np.linspace(0, 1, len(stops))
        column = np.stack(
            [np.interp(at, knots, [stop[channel] for stop in stops]) for channel in range(3)], axis=-1
        )
        strip = Image.fromarray(np.rint(column)[:, None, :].astype(np.uint8))
        return strip.resize((width, height), Image.Resampling.NEAREST)

    def ground(self, edge: Sequence[Point], top: Colour, bottom: Colour, end: float = 0.0) -> None:
        """Fill everything from an edge (left to right) down to ``end`` (else the lower border) with a gradient."""
        low = end or float(self.height)
        points = [(0.0, low), *edge, (float(self.width), low)]
        if self.flat:
            self.polygon(points, mix(top, bottom, 0.35))
            return
        start = max(0, int(min(y for _, y in edge)))
        size = (self.width, max(1, math.ceil(low) - start))
        mask = Image.new("L", size)
        ImageDraw.Draw(mask).polygon([(x, y - start) for x, y in points], 255)
        self.image.paste(self._ramp(*size, (top, bottom)), (0, start), mask)

    def wave(self, y: float, amplitude: float, waves: float) -> list[Point]:
        """A rolling edge over the whole width, as the sum of two sines."""
        phase, second = self.between(0, math.tau), self.between(0, math.tau)
        steps = 40
        return [
            (
                x * self.width / steps,
                y
                + amplitude * 0.7 * math.sin(phase + x * waves * math.tau / steps)
                + amplitude * 0.3 * math.sin(second + x * waves * 2.3 * math.tau / steps),
            )
            for x in range(steps + 1)
        ]

    def glow(self, x: float, y: float, radius: float, colour: Colour, strength: float) -> None:
        """Light that fades from (x, y) outwards; one translucent disc when flat."""
        if self.flat:
            self.disc(x, y, radius * 0.34, colour, strength * 0.35)
            return
        left, top = max(0, round(x - radius)), max(0, round(y - radius))
        right, bottom = min(self.width, round(x + radius)), min(self.height, round(y + radius))
        if right <= left or bottom <= top:
            return
        # Only the part of the mask that lies on the sheet is scaled.
        scale = 32 / radius
        part = tuple(
            min(64.0, max(0.0, (edge - middle) * scale + 32))
            for edge, middle in ((left, x), (top, y), (right, x), (bottom, y))
        )
        mask = _falloff(round(strength * 100)).resize(
            (right - left, bottom - top), Image.Resampling.BILINEAR, (part[0], part[1], part[2], part[3])
        )
        self.image.paste(colour, (left, top, right, bottom), mask)

    def bunch(self, x: float, y: float, rx: float, ry: float, blobs: int, fill: Colour) -> None:
        """A cluster of discs that fills an ellipse: foliage."""
        size = min(rx, ry)
        self.oval(x, y, rx * 0.85, ry * 0.85, fill)
        turn = self.between(0, math.tau)
        for blob in range(blobs):
            angle = turn + blob * math.tau / blobs
            radius = size * self.between(0.34, 0.52)
            self.disc(x + math.cos(angle) * rx * 0.7, y + math.sin(angle) * ry * 0.68, radius, fill)

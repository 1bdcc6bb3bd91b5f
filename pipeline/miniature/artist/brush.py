"""Drawing in head units: splines, limbs and shaded shapes on a Pillow image."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from PIL import Image, ImageDraw

from pipeline.miniature.artist.colours import Colour

Point = tuple[float, float]
_SHOULDERS = 1.24
"""Heads below the crown; from there on `squat` counts."""


def curve(points: Sequence[Point], *, closed: bool = True, steps: int = 6) -> list[Point]:
    """A Catmull-Rom spline through the points, as a polyline with `steps` pieces between each two."""
    count = len(points)
    out: list[Point] = []
    for index in range(count if closed else count - 1):
        if closed:
            a, b, c, d = (points[(index + step) % count] for step in (-1, 0, 1, 2))
        else:
            b, c = points[index], points[index + 1]
            a = points[index - 1] if index else b
            d = points[index + 2] if index + 2 < count else c
        for step in range(steps):
            t = step / steps
            out.append((_spline(a[0], b[0], c[0], d[0], t), _spline(a[1], b[1], c[1], d[1], t)))
    if not closed:
        out.append(points[-1])
    return out


def _spline(a: float, b: float, c: float, d: float, t: float) -> float:
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)


def ellipse(x: float, y: float, half_width: float, half_height: float, turn: float = 0.0) -> list[Point]:
    """An ellipse as 28 points, turned by `turn` radians about its centre."""
    sine, cosine = math.sin(turn), math.cos(turn)
    out = []
    for step in range(28):
        angle = step * math.tau / 28
        u, v = math.cos(angle) * half_width, math.sin(angle) * half_height
        out.append((x + u * cosine - v * sine, y + u * sine + v * cosine))
    return out


def mirror(points: Iterable[Point]) -> list[Point]:
    """The points on the other side of the body."""
    return [(-x, y) for x, y in points]


def limb(joints: Sequence[Point], widths: Sequence[float]) -> list[Point]:
    """The outline of an arm, leg, tail or lock: a tapering tube along a spline, round at both ends."""
    path = curve(joints, closed=False, steps=6)
    last = len(path) - 1
    left: list[Point] = []
    right: list[Point] = []
    for index, (x, y) in enumerate(path):
        before, after = path[max(index - 1, 0)], path[min(index + 1, last)]
        dx, dy = after[0] - before[0], after[1] - before[1]
        length = math.hypot(dx, dy) or 1.0
        along = index / last * (len(widths) - 1)
        low = min(int(along), len(widths) - 2)
        half = (widths[low] + (widths[low + 1] - widths[low]) * (along - low)) / 2
        left.append((x - dy / length * half, y + dx / length * half))
        right.append((x + dy / length * half, y - dx / length * half))
    return left + _cap(path[-2], path[-1], widths[-1] / 2) + right[::-1] + _cap(path[1], path[0], widths[0] / 2)


def _cap(before: Point, end: Point, radius: float) -> list[Point]:
    if radius < 0.02:
        return [end]
    heading = math.atan2(end[1] - before[1], end[0] - before[0])
    angles = (heading + math.pi / 2 - math.pi * step / 6 for step in range(1, 6))
    return [(end[0] + math.cos(angle) * radius, end[1] + math.sin(angle) * radius) for angle in angles]


@dataclass(frozen=True, slots=True)
class Shade:
    """A second colour within a shape, cut off at its edge."""

    points: Sequence[Point]
    colour: Colour


@dataclass(slots=True)
class Brush:
    """Draws shapes given in head units: x to the right of the body's middle, y down from the crown.

    The image may be supersampled; `unit` is the length of the head in its pixels. With `outline` 0 no lines are
    drawn, with `shading` off neither shades nor gradients.
    """

    image: Image.Image
    origin: Point
    """Where the crown is, in pixels of the image."""
    unit: float
    outline: float = 0.016
    """Width of outlines in heads."""
    shading: bool = True
    turn: float = 0.0
    """Radians by which everything is turned about `pivot`: the tilt of a head."""
    pivot: Point = (0.0, 1.05)
    flip: bool = False
    squat: float = 1.0
    """How much of its height everything below the shoulders keeps."""
    draw: ImageDraw.ImageDraw = field(init=False)

    def __post_init__(self) -> None:
        self.draw = ImageDraw.Draw(self.image)

    def turned(self, turn: float) -> Brush:
        """The same brush, turned about the pivot."""
        return replace(self, turn=turn)

    def at(self, point: Point) -> Point:
        """Head units to pixels."""
        x, y = point
        if self.turn:
            u, v = x - self.pivot[0], y - self.pivot[1]
            sine, cosine = math.sin(self.turn), math.cos(self.turn)
            x, y = self.pivot[0] + u * cosine - v * sine, self.pivot[1] + u * sine + v * cosine
        if self.flip:
            x = -x
        if y > _SHOULDERS:
            y = _SHOULDERS + (y - _SHOULDERS) * self.squat
        return self.origin[0] + x * self.unit, self.origin[1] + y * self.unit

    def fill(
        self,
        points: Sequence[Point],
        colour: Colour,
        *,
        shades: Sequence[Shade] = (),
        fade: Colour | None = None,
        line: Colour | None = None,
        width: float = 1.0,
    ) -> None:
        """Paint a closed shape.

        Args:
            points: its outline.
            colour: of the inside.
            shades: painted over the inside in order, cut off at the outline.
            fade: the colour the inside fades to at the shape's foot.
            line: of the outline, drawn last.
            width: of the outline, as a multiple of the brush's.
        """
        pixels = [self.at(point) for point in points]
        if self.shading and (shades or fade):
            self._fill_shaded(pixels, colour, shades, fade)
        else:
            self.draw.polygon(pixels, fill=colour)
        if line and self.outline:
            self._line([*pixels, pixels[0], pixels[1]], line, self.outline * width)

    def stroke(self, points: Sequence[Point], colour: Colour, width: float) -> None:
        """Paint an open line of `width` heads; lines are features, not outlines, and always drawn."""
        pixels = [self.at(point) for point in points]
        self._line(pixels, colour, width)
        radius = width * self.unit / 2
        for x, y in (pixels[0], pixels[-1]):
            self.draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)

    def _line(self, pixels: Sequence[Point], colour: Colour, width: float) -> None:
        self.draw.line(pixels, fill=colour, width=max(1, round(width * self.unit)), joint="curve")

    def _fill_shaded(
        self, pixels: Sequence[Point], colour: Colour, shades: Sequence[Shade], fade: Colour | None
    ) -> None:
        # A patch of the shape's bounding box: masks of the whole picture would cost most of the time.
        left = max(0, int(min(x for x, _ in pixels)))
        top = max(0, int(min(y for _, y in pixels)))
        right = min(self.image.width, int(max(x for x, _ in pixels)) + 2)
        foot = min(self.image.height, int(max(y for _, y in pixels)) + 2)
        if right <= left or foot <= top:
            return
        size = (right - left, foot - top)
        mask = Image.new("L", size)
        ImageDraw.Draw(mask).polygon([(x - left, y - top) for x, y in pixels], fill=255)
        patch = Image.new("RGB", size, colour)
        if fade:
            slope = Image.linear_gradient("L").resize(size, Image.Resampling.BILINEAR)
            patch.paste(fade, (0, 0), slope)
        pen = ImageDraw.Draw(patch)
        for shade in shades:
            moved = [(x - left, y - top) for x, y in map(self.at, shade.points)]
            pen.polygon(moved, fill=shade.colour)
        self.image.paste(patch, (left, top), mask)

"""The artist's people with too few or too many limbs, from which the judge learns to count them.

The artist never draws such people, so its own functions for arms and legs are stood in for while one is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final
from unittest.mock import patch

from PIL import Image

from pipeline.miniature.artist import clothes
from pipeline.miniature.artist.body import Arm, arms_of, paint_legs
from pipeline.miniature.artist.brush import Brush, Point, Shade
from pipeline.miniature.artist.draw import draw
from pipeline.miniature.artist.look import Look
from pipeline.miniature.artist.scene import POSES, Scene

COUNTS: Final = ("1", "2", "3")
WRONG: Final = 0.5
"""Share of the judge's full-body pictures with a wrong number of arms or legs."""


@dataclass(frozen=True, slots=True)
class Limbs:
    """How many arms and legs to draw, 1 to 3 each; `fused` draws one leg as two that cannot be told apart."""

    arms: int = 2
    legs: int = 2
    fused: bool = False

    @property
    def usual(self) -> bool:
        """Whether the artist would draw it so."""
        return self.arms == self.legs == 2


def any_limbs(rng: Random) -> Limbs:
    """Two of each, or a wrong number of one kind."""
    if rng.random() >= WRONG:
        return Limbs()
    wrong = rng.choice((1, 3))
    return Limbs(arms=wrong) if rng.random() < 0.5 else Limbs(legs=wrong, fused=rng.random() < 0.4)


@dataclass(slots=True)
class OneSide(Brush):
    """A brush that paints only what lies on one side of the figure's middle, moved sideways."""

    side: int = 1
    """1 or -1, the side that is kept."""
    shift: float = 0.0
    """Added to every x, in heads."""

    def fill(self, points: Sequence[Point], *rest: Any, shades: Sequence[Shade] = (), **others: Any) -> None:
        """As `Brush.fill`, for shapes of that side."""
        if self.side * sum(x for x, _ in points) > 0:
            moved = [replace(shade, points=self._moved(shade.points)) for shade in shades]
            Brush.fill(self, self._moved(points), *rest, shades=moved, **others)

    def _moved(self, points: Sequence[Point]) -> list[Point]:
        return [(x + self.shift, y) for x, y in points]


def one_side(brush: Brush, side: int, shift: float) -> OneSide:
    """The same brush for one side."""
    return OneSide(brush.image, brush.origin, brush.unit, brush.outline, brush.shading, side=side, shift=shift)


def draw_limbs(scene: Scene, width: int, height: int, limbs: Limbs) -> Image.Image:
    """As the artist's `draw`, with other limbs. Not for two threads at once."""
    if limbs.usual:
        return draw(scene, width, height)

    def arms(shown: Scene, look: Look) -> tuple[Arm, ...]:
        both = arms_of(shown, look)
        if limbs.arms == 1:
            return (both[0 if look.side < 0 else 1],)
        if limbs.arms == 2:
            return both
        other = POSES[0] if shown.pose != POSES[0] else ""
        return (*both, arms_of(replace(shown, pose=other), look)[0 if look.side < 0 else 1])

    def legs(brush: Brush, look: Look, rng: Random) -> None:
        if limbs.legs == 1 and limbs.fused:
            paint_legs(brush, replace(look, leg_gap=0.03), rng)
        elif limbs.legs == 1:
            paint_legs(one_side(brush, look.side, -look.side * rng.uniform(0, look.leg_gap)), look, rng)
        else:
            state = rng.getstate()
            paint_legs(brush, look, rng)
            if limbs.legs == 3:
                rng.setstate(state)
                paint_legs(one_side(brush, look.side, -look.side * look.leg_gap), look, rng)

    with patch.object(clothes, "arms_of", arms), patch.object(clothes, "paint_legs", legs):
        return draw(scene, width, height)

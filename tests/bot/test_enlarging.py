"""Which factors a picture is offered."""

from __future__ import annotations

import pytest

from bot.enlarging import offered
from pipeline.recipe import Recipe
from pipeline.upscalers import BY_SCALE


def painted(width: int, height: int, upscaler: str = "") -> Recipe:
    """A recipe of that size."""
    return Recipe("animagine-xl-4.0", "1girl", "", width, height, "euler_a", 28, 5.0, 7, upscaler=upscaler)


@pytest.mark.parametrize(
    ("recipe", "scales"),
    [
        (painted(832, 1216), [2, 4]),
        (painted(1024, 1024), [2, 4]),
        (painted(1248, 1824), [2]),
        (painted(1664, 2432, BY_SCALE[2].id), [4]),
        (painted(3328, 4864, BY_SCALE[4].id), [2]),
        (painted(3072, 3072), []),
    ],
)
def test_no_factor_is_offered_that_makes_too_large_a_picture(recipe: Recipe, scales: list[int]) -> None:
    """Nor the one that made it."""
    assert [each.scale for each in offered(recipe)] == scales

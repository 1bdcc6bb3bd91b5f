"""Settings of other programs and other models, as one of ours takes them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.borrowing import Borrowed, borrow, borrowed_request
from pipeline.metadata_reading import FoundSettings
from pipeline.profiles import load_profiles
from pipeline.profiles.types import Rating
from pipeline.request import plan

PROFILES = load_profiles()
FOUND = FoundSettings(
    source="A1111",
    prompt="1girl, masterpiece",
    negative="lowres",
    model="animagine-xl-4.0-opt",
    sampler="Euler a",
    steps=28,
    guidance=5.5,
    seed=77,
    width=832,
    height=1216,
)


def borrowed(**changes: object) -> Borrowed:
    """What the form starts with."""
    return borrow(replace(FOUND, **changes), PROFILES, "miniature")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "profile"),
    [
        ("animagine-xl-4.0", "animagine-xl-4.0"),
        ("animagine-xl-4.0-opt", "animagine-xl-4.0"),
        ("animagineXL40_v4Opt", "animagine-xl-4.0"),
        ("animagineXL30_v30", "animagine-xl-3.0"),
        ("ponyDiffusionV6XL", "miniature"),
        ("", "miniature"),
    ],
)
def test_the_model_is_found_by_its_file_s_name(name: str, profile: str) -> None:
    """As the field names files; the default one otherwise, which is said."""
    found = borrowed(model=name)
    assert found.edit.profile == profile
    assert any("another model" in each for each in found.remarks) == (name.startswith("pony"))


def test_what_the_model_can_do_is_taken_over() -> None:
    """And the recipe that comes of it says the very same."""
    found = borrowed()
    assert (found.edit.aspect, found.remarks) == ("832x1216", ())
    request = borrowed_request(found.kept, found.edit, None, found.edit.aspect)
    made = plan(request, PROFILES, "miniature", ceiling=Rating.EXPLICIT, draw_seed=lambda: 1).recipes[0]
    assert (made.seed, made.steps, made.guidance_scale, made.sampler) == (77, 28, 5.5, "euler_a")
    assert made.prompt == "1girl, masterpiece, safe"  # the rating's word is always there
    assert made.negative_prompt.endswith("lowres")


def test_what_it_cannot_do_is_left_to_its_defaults() -> None:
    """A sentence says so."""
    found = borrowed(sampler="Restart", steps=5000, guidance=99.0, width=100, height=100)
    assert (found.kept.sampler, found.kept.steps, found.kept.guidance) == ("", None, None)
    assert found.edit.aspect == "1024x1024"
    assert len(found.remarks) == 2
    request = borrowed_request(found.kept, found.edit, None, found.edit.aspect)
    plan(request, PROFILES, "miniature", ceiling=Rating.GENERAL, draw_seed=lambda: 1)


def test_another_model_starts_from_its_own_defaults() -> None:
    """The member has chosen it in the form: numbers and quality tags are its own."""
    found = borrowed()
    request = borrowed_request(found.kept, replace(found.edit, profile="miniature"), None, None)
    assert (request.steps, request.quality, request.negative_preset, request.seed) == (None, None, None, 77)

"""Typed options, then a preset, then settings, then the card."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.defaults import Layer, Options, effective
from bot.models import read_profiles
from bot.settings import read_settings
from pipeline.errors import InvalidRequest
from pipeline.profiles.types import Profile, Rating
from pipeline.recipe import MAX_SEED
from pipeline.request import ImagineRequest
from pipeline.sentence import Sentence

Profiles = Mapping[str, Profile]


@pytest.fixture(scope="module")
def profiles(tmp_path_factory: pytest.TempPathFactory) -> Profiles:
    """The shipped ones."""
    folder: Path = tmp_path_factory.mktemp("data")
    return read_profiles(read_settings({}, None, data_dir=folder))


def filled(
    profiles: Profiles,
    typed: Options,
    *layers: Options,
    prompt: str = "1girl",
    ceiling: Rating = Rating.GENERAL,
    seed: int | None = None,
) -> tuple[ImagineRequest, tuple[str, ...]]:
    """What is asked for with a preset, then settings."""
    places = ("your preset `x`", "your settings")[-len(layers) :] if layers else ()
    return effective(
        prompt=prompt,
        seed=seed,
        typed=typed,
        layers=tuple(Layer(each, Sentence(place)) for each, place in zip(layers, places, strict=True)),
        profiles=profiles,
        default_profile="miniature",
        ceiling=ceiling,
    )


def test_without_anything_it_is_the_command_alone(profiles: Profiles) -> None:
    """The very request that was made before there were settings."""
    assert filled(profiles, Options(), Options()) == (ImagineRequest(prompt="1girl"), ())


def test_what_was_typed_wins_then_the_preset_then_the_settings(profiles: Profiles) -> None:
    """Option by option."""
    request, warnings = filled(
        profiles,
        Options(count=1),
        Options(count=2, steps=30),
        Options(count=3, steps=12, aspect="7:9"),
    )
    assert (request.count, request.steps, request.aspect, warnings) == (1, 30, "7:9", ())


def test_a_typed_aspect_displaces_a_size_of_the_preset(profiles: Profiles) -> None:
    """They are one option, and both together would be refused."""
    request, _ = filled(profiles, Options(aspect="1:1"), Options(size="224x288"))
    assert (request.aspect, request.size) == ("1:1", None)
    request, _ = filled(profiles, Options(size="224x288"), Options(aspect="1:1"))
    assert (request.aspect, request.size) == (None, "224x288")


def test_typing_no_quality_tags_is_typing(profiles: Profiles) -> None:
    """`none` is not nothing."""
    request, _ = filled(profiles, Options(quality=()), Options(quality=("masterpiece",)))
    assert request.quality == ()


def test_a_typed_false_wins_too(profiles: Profiles) -> None:
    """`order:False` beside a preset that orders."""
    assert filled(profiles, Options(order=False), Options(order=True))[0].order is False


def test_the_model_of_the_settings_decides_what_fits(profiles: Profiles) -> None:
    """Also for a preset that names no model."""
    request, warnings = filled(profiles, Options(), Options(aspect="portrait"), Options(profile="animeboys-xl"))
    assert (request.profile, request.aspect, warnings) == ("animeboys-xl", "portrait", ())


def test_what_the_chosen_model_lacks_is_left_out_with_a_sentence(profiles: Profiles) -> None:
    """Each by itself; what fits stays."""
    request, warnings = filled(
        profiles,
        Options(profile="animagine-xl-4.0"),
        Options(profile="animeboys-xl", negative_preset="heavy", steps=30),
        Options(aspect="portrait", count=2),
    )
    assert (request.profile, request.negative_preset, request.aspect) == ("animagine-xl-4.0", None, None)
    assert (request.steps, request.count) == (30, 2)
    assert warnings == (
        "The negative preset `heavy` of your preset `x` does not fit Animagine XL 4.0, so it was left out.",
        "The aspect `portrait` of your settings does not fit Animagine XL 4.0, so it was left out.",
    )


@pytest.mark.parametrize(
    ("options", "name"),
    [
        (Options(quality=("great quality",)), "quality tags `great quality`"),
        (Options(year="year 1066"), "year `year 1066`"),
        (Options(styles=("gouache",)), "style `gouache`"),
        (Options(sampler="gone"), "sampler `gone`"),
        (Options(steps=100_000), "steps `100000`"),
        (Options(guidance_scale=900), "guidance `900`"),
        (Options(count=400), "count `400`"),
        (Options(size="10x10"), "aspect `10x10`"),
    ],
)
def test_every_option_can_be_left_out(profiles: Profiles, options: Options, name: str) -> None:
    """Nothing that was set for another day is a reason to refuse."""
    request, warnings = filled(profiles, Options(), options)
    assert request == ImagineRequest(prompt="1girl")
    assert warnings == (f"The {name} of your settings does not fit Miniature, so it was left out.",)


def test_a_sampler_that_does_not_take_the_typed_steps_is_left_out(profiles: Profiles) -> None:
    """They fit apart, but not together; what was typed stays."""
    request, warnings = filled(profiles, Options(steps=60), Options(sampler="lcm"))
    assert (request.steps, request.sampler) == (60, None)
    assert "sampler `lcm`" in warnings[0]


def test_a_count_beyond_the_last_seed_is_left_out(profiles: Profiles) -> None:
    """The seed was typed; that several pictures count up from it was not."""
    request, warnings = filled(profiles, Options(), Options(count=4), seed=MAX_SEED)
    assert (request.count, request.seed) == (1, MAX_SEED)
    assert "count `4`" in warnings[0]


def test_a_model_that_is_no_longer_known_is_left_out(profiles: Profiles) -> None:
    """And the next layer's is taken."""
    request, warnings = filled(profiles, Options(), Options(profile="sold"), Options(profile="aidxl-0.8"))
    assert request.profile == "aidxl-0.8"
    assert warnings == ("The model `sold` of your preset `x` is no longer known, so it was left out.",)


def test_a_rating_above_the_ceiling_is_lowered(profiles: Profiles) -> None:
    """Not refused, unless it was typed."""
    request, warnings = filled(profiles, Options(), Options(rating="questionable"), ceiling=Rating.SENSITIVE)
    assert request.rating == "sensitive"
    assert warnings == (
        "The rating `questionable` of your settings was lowered to `sensitive`, the most that may be painted here.",
    )
    request, warnings = filled(profiles, Options(rating="questionable"), Options(rating="general"))
    assert (request.rating, warnings) == ("questionable", ())


def test_the_nearest_rating_counts(profiles: Profiles) -> None:
    """The settings' one is not even looked at."""
    request, warnings = filled(profiles, Options(), Options(rating="general"), Options(rating="explicit"))
    assert (request.rating, warnings) == ("general", ())


def test_a_rating_in_the_prompt_was_typed(profiles: Profiles) -> None:
    """So it wins over a milder default."""
    request, _ = filled(
        profiles,
        Options(),
        Options(rating="general"),
        prompt="1girl, rating: sensitive",
        ceiling=Rating.SENSITIVE,
    )
    assert request.rating is None


def test_what_was_typed_wrong_is_refused(profiles: Profiles) -> None:
    """With the sentence for it, not with one about a preset."""
    with pytest.raises(InvalidRequest, match="not an aspect of Miniature"):
        filled(profiles, Options(aspect="nonsense"), Options(count=2))


def test_options_survive_the_database() -> None:
    """As they were, and with what another version wrote left out."""
    options = Options(profile="miniature", quality=(), styles=("a", "b"), count=2, order=False)
    assert Options.from_dict({**options.to_dict(), "later": 1}) == options


def test_the_options_of_a_job_are_those_that_were_asked_for() -> None:
    """What stands at the command's own default says nothing, and neither prompt nor seed is an option."""
    request = ImagineRequest(prompt="a", seed=7, steps=9, size="224x288", init_image="ab", strength=0.5)
    assert Options.of_request(request, "miniature") == Options(profile="miniature", steps=9, size="224x288")

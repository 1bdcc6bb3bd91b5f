"""Options in layers: what was typed, then a named preset, then the member's settings, then the model's card. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final

from db.preferences import Defaults
from pipeline.errors import InvalidRequest
from pipeline.numbers import Number
from pipeline.profiles.types import Profile, Rating
from pipeline.prompt.ratings import rating_of_text
from pipeline.request import ImagineRequest, choose_rating, plan
from pipeline.sentence import Sentence

_PROBE: Final = "1girl"
"""A prompt to check options with: short, and of no rating."""
_ORDER: Final = (
    "aspect", "sampler", "steps", "guidance_scale", "negative_preset", "quality", "year", "styles", "count", "negative",
    "order",
)  # fmt: skip
"""Options in the order in which they are tried: what a sampler takes decides which steps do."""
_CALLED: Final = {
    "aspect": Sentence("aspect"),
    "sampler": Sentence("sampler"),
    "steps": Sentence("steps"),
    "guidance_scale": Sentence("guidance"),
    "negative_preset": Sentence("negative preset"),
    "quality": Sentence("quality tags"),
    "year": Sentence("year"),
    "styles": Sentence("style"),
    "count": Sentence("count"),
    "negative": Sentence("negative prompt"),
    "order": Sentence("order of tags"),
}
_SPELLED: Final = {"aspect": ("size",)}
"""Options that have a second field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of `/imagine`, without prompt and seed. None is what nobody has said anything about.

    `aspect` and `size` are one option with two spellings, at most one of which is set.
    """

    profile: str | None = None
    aspect: str | None = None
    size: str | None = None
    count: Number | None = None
    negative: str | None = None
    negative_preset: str | None = None
    quality: tuple[str, ...] | None = None
    rating: str | None = None
    year: str | None = None
    styles: tuple[str, ...] | None = None
    sampler: str | None = None
    steps: Number | None = None
    guidance_scale: Number | None = None
    order: bool | None = None

    def to_dict(self) -> dict[str, object]:
        """What is set, as plain data for the database."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> Options:
        """Read what `to_dict` made, by this version or another: unknown keys are left out."""
        known = {field.name for field in fields(cls)}
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in data.items()
            if name in known
        }
        return cls(**values)

    @classmethod
    def of_request(cls, request: ImagineRequest, profile: str) -> Options:
        """The options of a job, by which model it was painted.

        What stands at the command's own default says nothing: one picture, no order, no negative prompt.
        """
        return cls(
            profile=profile,
            aspect=None if request.size else request.aspect,
            size=request.size,
            count=None if request.count == 1 else request.count,
            negative=request.negative or None,
            negative_preset=request.negative_preset,
            quality=request.quality,
            rating=request.rating,
            year=request.year,
            styles=request.styles or None,
            sampler=request.sampler,
            steps=request.steps,
            guidance_scale=request.guidance_scale,
            order=request.order or None,
        )

    @classmethod
    def of_defaults(cls, defaults: Defaults) -> Options:
        """A member's settings as options."""
        return cls(
            profile=defaults.profile,
            aspect=defaults.aspect,
            negative_preset=defaults.negative_preset,
            count=defaults.count,
            rating=defaults.rating,
        )

    def over(self, below: Options) -> Options:
        """These options, and where nothing is said the other ones."""
        mine = self.to_dict()
        theirs = below.to_dict()
        if self.aspect or self.size:
            theirs.pop("aspect", None)
            theirs.pop("size", None)
        return Options.from_dict(theirs | mine)

    def request(self, prompt: str, seed: Number | None = None) -> ImagineRequest:
        """A request with these options."""
        values: dict[str, Any] = self.to_dict()
        return ImagineRequest(prompt=prompt, seed=seed, **values)


@dataclass(frozen=True, slots=True)
class Layer:
    """Options from one place, and what sentences call that place: `your settings`."""

    options: Options
    place: Sentence


@dataclass(frozen=True, slots=True)
class Effective:
    """What is really asked for, and a sentence for each default that could not be followed."""

    request: ImagineRequest
    warnings: tuple[Sentence, ...] = ()
    private: bool = False
    """The member's own default; the request knows no privacy."""


def check(
    options: Options, profiles: Mapping[str, Profile], default_profile: str, seed: Number | None = None
) -> Profile:
    """Refuse options that no prompt could be painted with. Returns the model that they were checked for.

    Raises:
        InvalidRequest: with a sentence that says what is wrong and what would be right.
    """
    probe = options.request(_PROBE, seed)
    planned = plan(probe, profiles, default_profile, ceiling=Rating.EXPLICIT, draw_seed=lambda: 0)
    return planned.profile


def effective(
    *,
    prompt: str,
    seed: Number | None,
    typed: Options,
    layers: tuple[Layer, ...],
    profiles: Mapping[str, Profile],
    default_profile: str,
    ceiling: Rating,
) -> tuple[ImagineRequest, tuple[Sentence, ...]]:
    """Fill in what was not typed.

    A default that does not fit the chosen model is left out, and a rating above the ceiling is lowered, each with a
    sentence: what was set for another day is no reason to refuse. What was typed is taken as it is.

    Args:
        prompt: as typed.
        seed: as typed.
        typed: wins over every layer.
        layers: the nearest first.
        profiles: the known profiles by id.
        default_profile: the owner's.
        ceiling: the highest rating of this place.

    Returns:
        The request, and the sentences.

    Raises:
        InvalidRequest: something that was typed is wrong.
    """
    chosen, warnings = _with_model(typed, layers, profiles)
    # A negative prompt may be long, and needs no model to be checked by; the rest takes a millisecond.
    profile = check(replace(chosen, negative=None, rating=None), profiles, default_profile, seed)
    wished = choose_rating(typed.rating)
    for layer in layers:
        chosen, said = _filled(chosen, layer, profiles, profile, seed)
        warnings += said
        if wished is None and (wished := _rating_of(layer)) is not None:
            chosen, said = _rated(chosen, layer, wished, ceiling, rating_of_text(profile, prompt))
            warnings += said
    return chosen.request(prompt, seed), tuple(warnings)


def _with_model(
    typed: Options, layers: tuple[Layer, ...], profiles: Mapping[str, Profile]
) -> tuple[Options, list[Sentence]]:
    """What was typed, with the model of the nearest layer that names one."""
    warnings: list[Sentence] = []
    for layer in layers:
        name = layer.options.profile
        if typed.profile is not None or name is None:
            continue
        if name in profiles:
            typed = replace(typed, profile=name)
        else:
            warnings.append(
                Sentence(
                    "The model `{name}` of {place} is no longer known, so it was left out.",
                    name=_plain(name),
                    place=layer.place,
                )
            )
    return typed, warnings


def _filled(
    chosen: Options, layer: Layer, profiles: Mapping[str, Profile], profile: Profile, seed: Number | None
) -> tuple[Options, list[Sentence]]:
    """What is chosen already, with all of a layer that fits, without its rating and model."""
    below = replace(layer.options, profile=chosen.profile, rating=chosen.rating)
    if _fits(chosen.over(below), profiles, profile, seed):
        return chosen.over(below), []
    warnings: list[Sentence] = []
    for name in _ORDER:
        one = Options(**{each: getattr(below, each) for each in (name, *_SPELLED.get(name, ()))})
        if one == Options() or _fits(chosen.over(one), profiles, profile, seed):
            chosen = chosen.over(one)
        elif chosen.over(one) != chosen:
            value = one.size or getattr(one, name)
            warnings.append(
                Sentence(
                    "The {option} `{value}` of {place} does not fit {model}, so it was left out.",
                    option=_CALLED[name],
                    value=_plain(value),
                    place=layer.place,
                    model=profile.name,
                )
            )
    return chosen, warnings


def _fits(options: Options, profiles: Mapping[str, Profile], profile: Profile, seed: Number | None) -> bool:
    try:
        check(replace(options, negative=None, rating=None), profiles, profile.id, seed)
    except InvalidRequest:
        return False
    return True


def _rating_of(layer: Layer) -> Rating | None:
    try:
        return choose_rating(layer.options.rating)
    except InvalidRequest:  # a step that this version does not know
        return None


def _rated(
    chosen: Options, layer: Layer, wished: Rating, ceiling: Rating, said: Rating
) -> tuple[Options, list[Sentence]]:
    """With a layer's rating, at most the ceiling. What the prompt says itself was typed, so it wins if it says more."""
    if said.level > wished.level:
        return chosen, []
    if wished.level <= ceiling.level:
        return replace(chosen, rating=wished.value), []
    lowered = Sentence(
        "The rating `{rating}` of {place} was lowered to `{ceiling}`, the most that may be painted here.",
        rating=wished.value,
        place=layer.place,
        ceiling=ceiling.value,
    )
    return replace(chosen, rating=ceiling.value), [lowered]


def _plain(value: object) -> str:
    """A value inside inline code."""
    text = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return " ".join(text.replace("`", "'").split())[:60]

"""From what a member asked for to recipes: every default and everything random is resolved here."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from difflib import get_close_matches
from typing import Any, Final

from pipeline.errors import InvalidRequest, WeightsError
from pipeline.numbers import Number, real_number, whole_number
from pipeline.profiles.types import Profile, Range, Rating
from pipeline.prompt.above import Above
from pipeline.prompt.compose import Composed, PromptOptions, compose
from pipeline.recipe import MAX_SEED, Recipe
from pipeline.samplers import SAMPLERS, Sampler
from pipeline.sentence import Codes, Sentence
from pipeline.sizes import resolve_size

MAX_COUNT: Final = 4
"""Pictures of one job: what a Discord gallery shows as one grid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagineRequest:
    """What a member asked for, unchecked. None means "the profile's default".

    Numbers may come as text (from the command line or a text option); `plan` refuses what is none.
    """

    prompt: str
    profile: str | None = None
    aspect: str | None = None
    size: str | None = None
    count: Number = 1
    seed: Number | None = None
    steps: Number | None = None
    guidance_scale: Number | None = None
    sampler: str | None = None
    negative: str = ""
    negative_preset: str | None = None
    rating: str | None = None
    quality: tuple[str, ...] | None = None
    year: str | None = None
    styles: tuple[str, ...] = ()
    order: bool = False
    init_image: str = ""
    """SHA-256 of the file of a picture to start from, of the size asked for; empty for none."""
    strength: Number | None = None
    """How much of that picture is painted again, above 0 to 1."""
    mask: str = ""
    """SHA-256 of the file of a mask, white where that picture is painted over; empty for all of it."""

    def to_dict(self) -> dict[str, object]:
        """Plain data for the database, so that a job can be asked for again."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> ImagineRequest:
        """Read what `to_dict` made, by this version or another: unknown keys are left out.

        Raises:
            InvalidRequest: there is no prompt in it.
        """
        if not isinstance(data.get("prompt"), str):
            raise InvalidRequest("What was asked for can no longer be read. Use `/imagine` instead.")
        known = {field.name for field in fields(cls)}
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in data.items()
            if name in known
        }
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Plan:
    """A checked request: the profile, what was composed, and one recipe for each picture."""

    profile: Profile
    composed: Composed
    recipes: tuple[Recipe, ...]
    warnings: tuple[str, ...]

    def warned(self, before: tuple[str, ...]) -> Plan:
        """The same with more to say, before what it says itself."""
        return replace(self, warnings=(*before, *self.warnings))


def choose_profile(profiles: Mapping[str, Profile], wanted: str | None, default: str) -> Profile:
    """Find a profile by id or name, in any case.

    Raises:
        InvalidRequest: there is none of that name; the text lists the known ones.
    """
    name = (wanted or default).strip()
    by_name = {p.name.lower(): p for p in profiles.values()} | {p.id.lower(): p for p in profiles.values()}
    if found := by_name.get(name.lower()):
        return found
    if close := get_close_matches(name.lower(), by_name, n=1):
        raise InvalidRequest(
            "There is no model called `{name}`. Did you mean `{close}`? Known models: {known}.",
            name=name[:100],
            close=by_name[close[0]].id,
            known=Codes(profiles),
        )
    raise InvalidRequest(
        "There is no model called `{name}`. Known models: {known}.", name=name[:100], known=Codes(profiles)
    )


def choose_sampler(profile: Profile, wanted: str | None) -> str:
    """Find a sampler by id or by its usual name, in any case.

    Raises:
        InvalidRequest: unknown, or not allowed by the profile.
    """
    if wanted is None or not wanted.strip():
        return profile.sampler
    key = wanted.strip().lower()
    names = {s.name.lower(): s.id for s in SAMPLERS.values()} | {s: s for s in SAMPLERS}
    found = names.get(key)
    if found is None or found not in profile.samplers:
        raise InvalidRequest(
            "`{name}` is not a sampler of {model}. Choose one of: {known}.",
            name=wanted[:100],
            model=profile.name,
            known=", ".join(SAMPLERS[s].name for s in profile.samplers),
        )
    return found


def choose_rating(wanted: str | None) -> Rating | None:
    """Read a step of the rating ladder.

    Raises:
        InvalidRequest: it is none of the four.
    """
    if wanted is None or not wanted.strip():
        return None
    try:
        return Rating(wanted.strip().lower())
    except ValueError:
        raise InvalidRequest(
            "`{given}` is not a rating. Choose one of: {known}.",
            given=wanted[:40],
            known=", ".join(Rating),
        ) from None


def _steps(profile: Profile, sampler: Sampler, wanted: Number | None) -> int:
    limits = profile.steps
    if wanted is None or wanted == "":
        return sampler.steps or int(limits.default)
    most = min(int(limits.maximum), sampler.max_steps or int(limits.maximum))
    name = Sentence("steps")
    if most < int(limits.maximum):
        name = Sentence("steps with {sampler}", sampler=sampler.name)
    return whole_number(name, wanted, int(limits.minimum), most)


def _guidance(profile: Profile, sampler: Sampler, wanted: Number | None) -> float:
    if wanted is None or wanted == "":
        return sampler.guidance_scale or profile.guidance_scale.default
    return real_number(Sentence("guidance"), wanted, profile.guidance_scale)


def _strength(request: ImagineRequest, steps: int) -> float:
    """The strength of a request that starts from a picture, 0 without one.

    Raises:
        InvalidRequest: out of range, or too little for the number of steps.
    """
    if not request.init_image:
        return 0.0
    limits = Range(default=0.6, minimum=0.05, maximum=1.0, recommended_low=0.2, recommended_high=0.8)
    strength = (
        limits.default
        if request.strength is None
        else real_number(Sentence("strength"), request.strength, limits)
    )
    if int(steps * strength) < 1:
        raise InvalidRequest(
            "A strength of {strength:g} leaves none of {steps} steps. Take at least {least:g}, or more steps.",
            strength=strength,
            steps=steps,
            least=math.ceil(100 / steps) / 100,
        )
    return strength


def _outside_the_card(profile: Profile, sampler: Sampler, steps: int, guidance: float) -> tuple[Sentence, ...]:
    """A sentence for each number outside what the card recommends. A sampler with its own numbers is left alone."""
    if sampler.steps is not None:
        return (
            Sentence(
                "{sampler} is meant for distilled checkpoints: {hint}.",
                sampler=sampler.name,
                hint=Sentence(sampler.hint),
            ),
        )
    said = []
    for what, value, limits in (
        (Sentence("steps"), steps, profile.steps),
        (Sentence("guidance"), guidance, profile.guidance_scale),
    ):
        low, high = limits.recommended_low, limits.recommended_high
        if not low <= value <= high:
            if low == high:
                advised = Sentence("{number:g}", number=low)
            else:
                advised = Sentence("{low:g} to {high:g}", low=low, high=high)
            said.append(
                Sentence(
                    "{model}'s card recommends {advised} for {what}; this uses {value:g}.",
                    model=profile.name,
                    advised=Sentence(limits.words) if limits.words else advised,
                    what=what,
                    value=value,
                )
            )
    return tuple(said)


def compose_request(
    request: ImagineRequest,
    profiles: Mapping[str, Profile],
    default_profile: str,
    ceiling: Rating,
    above: Above = Above.REFUSE,
) -> tuple[Profile, Composed]:
    """Choose the profile and compose the final prompts, without resolving numbers.

    Raises:
        InvalidRequest: the prompt or one of its options is wrong.
    """
    profile = choose_profile(profiles, request.profile, default_profile)
    options = PromptOptions(
        prompt=request.prompt,
        negative=request.negative,
        negative_preset=request.negative_preset,
        quality=request.quality,
        rating=choose_rating(request.rating),
        ceiling=ceiling,
        above=above,
        year=request.year,
        styles=request.styles,
        order=request.order,
    )
    return profile, compose(profile, options)


def warm_up(profiles: Mapping[str, Profile]) -> None:
    """Load what composing reads at its first use (tag tables, the tokenizers), about 0.2 s in all.

    Called off the event loop at start, so that the first member does not wait for it there.
    """
    long_prompt = ", ".join(f"tag{i}" for i in range(700))
    for profile in profiles:
        with contextlib.suppress(InvalidRequest, WeightsError):
            compose_request(
                ImagineRequest(prompt=long_prompt, profile=profile, order=True),
                profiles,
                profile,
                Rating.GENERAL,
            )


def plan(
    request: ImagineRequest,
    profiles: Mapping[str, Profile],
    default_profile: str,
    *,
    ceiling: Rating,
    draw_seed: Callable[[], int],
    above: Above = Above.REFUSE,
) -> Plan:
    """Check a request and turn it into recipes. Picture i of several uses seed S + i.

    Args:
        request: what was asked for.
        profiles: the known profiles by id.
        default_profile: used when the request names none.
        ceiling: the highest rating this place allows.
        draw_seed: draws a seed from 0 to `MAX_SEED` when the request has none.
        above: what becomes of words above the ceiling.

    Raises:
        InvalidRequest: with a sentence that says what is wrong and what would be right.
    """
    profile, composed = compose_request(request, profiles, default_profile, ceiling, above)
    width, height = resolve_size(profile, request.aspect, request.size)
    count = whole_number(Sentence("count"), request.count, 1, MAX_COUNT)
    sampler = SAMPLERS[choose_sampler(profile, request.sampler)]
    steps = _steps(profile, sampler, request.steps)
    guidance = _guidance(profile, sampler, request.guidance_scale)
    strength = _strength(request, steps)
    last = MAX_SEED - count + 1
    name = Sentence("seed") if count == 1 else Sentence("seed of the first of {count} pictures", count=count)
    seed = draw_seed() % (last + 1) if request.seed is None else whole_number(name, request.seed, 0, last)
    first = Recipe(
        profile=profile.id,
        prompt=composed.prompt,
        negative_prompt=composed.negative_prompt,
        width=width,
        height=height,
        sampler=sampler.id,
        steps=steps,
        guidance_scale=guidance,
        seed=seed,
        init_image=request.init_image,
        strength=strength,
        mask=request.mask if request.init_image else "",
    )
    warnings = (*composed.warnings, *_outside_the_card(profile, sampler, steps, guidance))
    return Plan(profile, composed, tuple(first.with_seed(seed + i) for i in range(count)), warnings)

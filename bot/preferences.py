"""What members set for themselves: defaults of their options, and presets of them under names. Speaks no Discord."""

from __future__ import annotations

import asyncio
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from enum import StrEnum
from typing import Final

from bot.asked import asked
from bot.defaults import Effective, Layer, Options, check, effective
from bot.orders import Origin
from bot.studio import SHORT_TEXT, Studio
from db.jobs import Job
from db.preferences import Defaults, PreferenceTables, Preset, Saved
from pipeline.errors import InvalidRequest, MemberError
from pipeline.numbers import Number, whole_number
from pipeline.profiles.types import Profile
from pipeline.prompt.negative import choose_presets
from pipeline.request import MAX_COUNT, choose_profile, choose_rating
from pipeline.sentence import Sentence
from pipeline.sizes import resolve_size

MAX_PRESETS: Final = 25
"""Presets of one member: what Discord suggests at once."""
MAX_NAME: Final = 32
"""Characters of a preset's name."""
_SPACES: Final = re.compile(r"\s+")


class Setting(StrEnum):
    """What a member has a default for, beside privacy. The values stand in custom ids."""

    MODEL = "model"
    ASPECT = "aspect"
    NEGATIVE = "negative"
    COUNT = "count"
    RATING = "rating"


@dataclass(frozen=True, slots=True)
class Named:
    """A preset that can be used."""

    name: str
    options: Options


class Preferences:
    """The use cases of settings and presets.

    They belong to the member and are the same in every server: the models are, and a channel's ceiling lowers a
    rating where it has to. Nobody else sees them.
    """

    def __init__(self, *, studio: Studio, tables: PreferenceTables) -> None:
        self._studio = studio
        self._tables = tables

    # -- painting by them ------------------------------------------------------------------------------------

    async def effective(
        self,
        origin: Origin,
        prompt: str,
        typed: Options,
        *,
        seed: Number | None = None,
        preset: str | None = None,
    ) -> Effective:
        """What is to be painted: what was typed, then the named preset, then the settings, then the model's card.

        Raises:
            InvalidRequest: something that was typed is wrong, or there is no such preset.
        """
        layers = []
        if preset is not None and preset.strip():
            named = await self.preset(origin.user_id, preset)
            layers.append(Layer(named.options, Sentence("your preset `{name}`", name=named.name)))
        defaults = await self._tables.defaults(origin.user_id)
        layers.append(Layer(Options.of_defaults(defaults), Sentence("your settings")))

        def fill() -> Effective:
            request, warnings = effective(
                prompt=prompt,
                seed=seed,
                typed=typed,
                layers=tuple(layers),
                profiles=self._studio.profiles,
                default_profile=self._studio.default_of(origin.guild_id),
                ceiling=self._studio.ceiling(origin),
            )
            return Effective(request, warnings, defaults.private)

        # As for `Studio.planned`: a long text could be felt on the event loop.
        return fill() if len(prompt) <= SHORT_TEXT else await asyncio.to_thread(fill)

    async def private_default(self, user_id: int) -> bool:
        """Whether the member wants their pictures for themselves where they do not say."""
        return (await self._tables.defaults(user_id)).private

    async def model(
        self, user_id: int, typed: str | None, preset: str | None = None, guild_id: int = 0
    ) -> Profile:
        """The model of a half-filled command in a server. What is half-typed or unknown is passed over."""
        names = [typed]
        if preset and (found := await self._tables.preset(user_id, folded(preset))) is not None:
            names.append(read(found).options.profile)
        names.append((await self._tables.defaults(user_id)).profile)
        return self.named(*names, guild_id=guild_id)

    def named(self, *names: str | None, guild_id: int = 0) -> Profile:
        """The first model that is named and known, or the server's default."""
        for name in names:
            if name:
                try:
                    return choose_profile(self._studio.profiles, name, name)
                except InvalidRequest:
                    continue
        return self._studio.profiles[self._studio.default_of(guild_id)]

    # -- settings --------------------------------------------------------------------------------------------

    async def defaults(self, user_id: int) -> Defaults:
        """What the member has set."""
        return await self._tables.defaults(user_id)

    def model_of(self, defaults: Defaults) -> Profile:
        """The model that a member's pictures are painted with when they name none."""
        known = self._studio.profiles.get(defaults.profile or "")
        return known or self._studio.profiles[self._studio.default_profile]

    def unfit(self, defaults: Defaults) -> tuple[Setting, ...]:
        """The settings that the member's own model does not take, and which are left out with it."""
        profile, found = self.model_of(defaults), []
        for setting, text in ((Setting.ASPECT, defaults.aspect), (Setting.NEGATIVE, defaults.negative_preset)):
            try:
                _checked(defaults, setting, text or "", profile, self._studio.profiles)
            except InvalidRequest:
                found.append(setting)
        return tuple(found)

    async def set(self, user_id: int, user_name: str, setting: Setting, text: str) -> Defaults:
        """Set one default, or with an empty text take it back.

        Raises:
            InvalidRequest: it is nothing that the member's model knows.
        """

        def to(defaults: Defaults) -> Defaults:
            return _checked(defaults, setting, text.strip(), self.model_of(defaults), self._studio.profiles)

        return await self._tables.change(user_id, user_name, to)

    async def set_private(self, user_id: int, user_name: str, *, private: bool) -> Defaults:
        """Whether pictures are for the member alone where they do not say."""
        return await self._tables.change(user_id, user_name, lambda each: replace(each, private=private))

    async def reset(self, user_id: int) -> bool:
        """Take every default back; presets stay. Returns whether there was anything."""
        return await self._tables.reset(user_id)

    # -- presets ---------------------------------------------------------------------------------------------

    async def presets(self, user_id: int) -> tuple[Named, ...]:
        """All presets of a member, by name."""
        return tuple(read(each) for each in await self._tables.presets(user_id))

    async def preset(self, user_id: int, name: str) -> Named:
        """The member's preset of this name, in any case.

        Raises:
            InvalidRequest: there is none; the text names the nearest.
        """
        found = await self._tables.preset(user_id, folded(name))
        if found is None:
            raise await self._unknown(user_id, name)
        return read(found)

    async def save(
        self, user_id: int, user_name: str, name: str, options: Options, job: Job | None = None
    ) -> tuple[Named, bool]:
        """Save options under a name: those of a job, and over them those that were typed.

        Returns:
            The preset, and whether it took the place of one of that name.

        Raises:
            MemberError: a bad name, nothing to save, options that do not go together, or too many presets.
        """
        name = checked_name(name)
        if job is not None:
            options = options.over(Options.of_request(asked(job), job.images[0].profile))
        if options == Options():
            raise InvalidRequest(
                "There is nothing to save: name a finished job, such as `job:12`, or give at least one option."
            )
        default = (await self.model(user_id, options.profile)).id

        def examine() -> Options:
            profile = check(options, self._studio.profiles, default)
            return options if options.profile is None else replace(options, profile=profile.id)

        long = len(options.negative or "") > SHORT_TEXT
        options = await asyncio.to_thread(examine) if long else examine()
        stored = Preset(name, json.dumps(options.to_dict(), ensure_ascii=False))
        saved = await self._tables.save(user_id, user_name, stored, folded(name), cap=MAX_PRESETS)
        if saved is Saved.FULL:
            raise MemberError(
                "You have {cap} presets, and that is the most. `/preset delete` makes room for another one.",
                cap=MAX_PRESETS,
            )
        return Named(name, options), saved is Saved.REPLACED

    async def delete(self, user_id: int, name: str) -> None:
        """Delete a preset. Pictures painted by it stay what they are.

        Raises:
            InvalidRequest: there is none of that name.
        """
        if not await self._tables.delete(user_id, folded(name)):
            raise await self._unknown(user_id, name)

    async def _unknown(self, user_id: int, name: str) -> InvalidRequest:
        names = {folded(each.name): each.name for each in await self._tables.presets(user_id)}
        if not names:
            return InvalidRequest("You have no presets yet. `/preset save` makes one.")
        close = get_close_matches(folded(name), names, n=1)
        if close:
            return InvalidRequest(
                "You have no preset called `{name}`. Did you mean `{close}`?",
                name=name[:MAX_NAME],
                close=names[close[0]],
            )
        return InvalidRequest(
            "You have no preset called `{name}`. `/preset list` shows yours.", name=name[:MAX_NAME]
        )


def read(preset: Preset) -> Named:
    """A preset out of the database; what can no longer be read says nothing."""
    try:
        data = json.loads(preset.options)
    except ValueError:
        data = None
    return Named(preset.name, Options.from_dict(data if isinstance(data, Mapping) else {}))


def folded(name: str) -> str:
    """A name without regard to case, width and spaces."""
    return _SPACES.sub(" ", unicodedata.normalize("NFKC", name)).strip().casefold()


def checked_name(name: str) -> str:
    """A preset's name as it is shown.

    Raises:
        InvalidRequest: empty, too long, or with signs that are neither letters, digits, spaces nor `-_.'`.
    """
    name = _SPACES.sub(" ", unicodedata.normalize("NFKC", name)).strip()
    if not any(sign.isalnum() for sign in name):
        raise InvalidRequest("A preset needs a name with a letter or digit in it, such as `portrait`.")
    if len(name) > MAX_NAME:
        raise InvalidRequest(
            "A preset's name has {limit} characters at most, and this has {count}.",
            limit=MAX_NAME,
            count=len(name),
        )
    if wrong := [sign for sign in name if unicodedata.category(sign)[0] not in "LMN" and sign not in " -_.'"]:
        raise InvalidRequest(
            "A preset's name takes letters, digits, spaces and `-_.'`, but not `{sign}`.",
            sign=wrong[0] if wrong[0].isprintable() and wrong[0] != "`" else f"U+{ord(wrong[0]):04X}",
        )
    return name


def _checked(
    defaults: Defaults, setting: Setting, text: str, profile: Profile, profiles: Mapping[str, Profile]
) -> Defaults:
    """The defaults with one of them changed."""
    value = text or None
    match setting:
        case Setting.MODEL:
            model = choose_profile(profiles, value, value).id if value else None
            return replace(defaults, profile=model)
        case Setting.ASPECT:
            if value:
                resolve_size(profile, value, None)
            return replace(defaults, aspect=value)
        case Setting.NEGATIVE:
            if value:
                choose_presets(profile, value)
            return replace(defaults, negative_preset=value)
        case Setting.COUNT:
            return replace(
                defaults, count=whole_number(Sentence("count"), value, 1, MAX_COUNT) if value else None
            )
        case Setting.RATING:
            rating = choose_rating(value)
            return replace(defaults, rating=rating.value if rating else None)

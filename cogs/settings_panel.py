"""The panel of `/settings`: a menu for each default, and buttons. Whoever presses changes their own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Self

import discord
from discord import ui

from bot.orders import Origin
from bot.preferences import Preferences, Setting
from bot.studio import Studio
from cogs import options
from cogs.access import origin_of
from cogs.buttons import AnyInteraction, GuardedButton
from cogs.fate import NOBODY
from cogs.layouts import WORKING, layout
from cogs.patience import in_time, open_form
from cogs.selects import GuardedSelect
from cogs.text import CHOICE_LIMIT, clean, inline, plural, trim
from cogs.who import Who
from cogs.words import say, translated
from db.preferences import Defaults
from pipeline.profiles.types import Rating
from pipeline.request import MAX_COUNT

if TYPE_CHECKING:
    from cogs.buttons import Front

ASPECT_FORM: Final = "tb:own-aspect"
"""Custom id of the form for an aspect that the menu does not offer."""
OPEN_SECONDS: Final = 900.0
MOST_ASPECT: Final = 40
_OWN: Final = "="
"""A menu's value for "nothing of my own": no option has it."""
_MENU: Final = 25
"""Entries of a menu."""


class SettingSelect(GuardedSelect, template=r"tb:set:(?P<setting>model|aspect|negative|count|rating)"):
    """One default."""

    who = Who.OWN
    doing = "changing your settings"

    def __init__(self, setting: Setting, entries: Sequence[discord.SelectOption]) -> None:
        self.setting = setting
        super().__init__(ui.Select(custom_id=f"tb:set:{setting.value}", options=list(entries)))

    @classmethod
    async def from_custom_id(cls, _: AnyInteraction, item: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The menu again, from its custom id."""
        return cls(Setting(match["setting"]), item.options if isinstance(item, ui.Select) else [])

    async def act(self, interaction: AnyInteraction, front: Front, value: str) -> None:
        """Set it and show the panel anew."""
        await interaction.response.defer()
        user = interaction.user
        text = "" if value == _OWN else value
        try:
            await front.preferences.set(user.id, user.name, self.setting, text)
        finally:
            # Also when it was refused: the menu would go on showing what was not set.
            await show(interaction, front.studio, front.preferences)


class OwnAspectButton(GuardedButton, template=r"tb:type-aspect"):
    """Opens a form for an aspect or size that the menu does not offer."""

    who = Who.OWN
    doing = "opening the form"

    def __init__(self) -> None:
        super().__init__(ui.Button(label=say("Another aspect"), emoji="📐", custom_id="tb:type-aspect"))

    @classmethod
    async def from_custom_id(cls, _: AnyInteraction, __: ui.Item[Any], ___: re.Match[str], /) -> Self:
        """The button again, from its custom id."""
        return cls()

    async def act(self, interaction: AnyInteraction, front: Front) -> None:
        """Show the form; `cogs.settings` takes what comes back."""
        async with in_time(interaction):
            defaults = await front.preferences.defaults(interaction.user.id)
        form = ui.Modal(title=say("Your aspect"), custom_id=ASPECT_FORM, timeout=OPEN_SECONDS)
        form.add_item(
            ui.Label(
                text=say("Aspect"),
                description=say(
                    "By the model's own names, or a size such as 832x1216; empty is the model's own"
                ),
                component=ui.TextInput(
                    custom_id="aspect",
                    default=trim(defaults.aspect or "", MOST_ASPECT) or None,
                    required=False,
                    max_length=MOST_ASPECT,
                ),
            )
        )
        await open_form(interaction, form)


class PrivateButton(GuardedButton, template=r"tb:set-private:(?P<private>[01])"):
    """Says which of the two it shall be, so that pressing twice quickly is pressing once."""

    who = Who.OWN
    doing = "changing your settings"

    def __init__(self, *, private: bool) -> None:
        self.private = private
        super().__init__(
            ui.Button(
                label=say("Paint privately") if private else say("Paint publicly"),
                emoji="🔒" if private else "📢",
                custom_id=f"tb:set-private:{int(private)}",
            )
        )

    @classmethod
    async def from_custom_id(cls, _: AnyInteraction, __: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button again, from its custom id."""
        return cls(private=match["private"] == "1")

    async def act(self, interaction: AnyInteraction, front: Front) -> None:
        """Set it and show the panel anew."""
        await interaction.response.defer()
        user = interaction.user
        await front.preferences.set_private(user.id, user.name, private=self.private)
        await show(interaction, front.studio, front.preferences)


class ResetButton(GuardedButton, template=r"tb:reset-settings"):
    """Takes every default back."""

    who = Who.OWN
    doing = "resetting your settings"

    def __init__(self, *, disabled: bool = False) -> None:
        style = discord.ButtonStyle.danger
        super().__init__(
            ui.Button(label=say("Reset"), style=style, disabled=disabled, custom_id="tb:reset-settings")
        )

    @classmethod
    async def from_custom_id(cls, _: AnyInteraction, __: ui.Item[Any], ___: re.Match[str], /) -> Self:
        """The button again, from its custom id."""
        return cls()

    async def act(self, interaction: AnyInteraction, front: Front) -> None:
        """Forget them and show the panel anew."""
        await interaction.response.defer()
        await front.preferences.reset(interaction.user.id)
        await show(interaction, front.studio, front.preferences)


async def show(interaction: AnyInteraction, studio: Studio, preferences: Preferences) -> None:
    """Put the member's panel into an answer that was deferred."""
    defaults = await preferences.defaults(interaction.user.id)
    view = panel(studio, preferences, defaults, origin_of(interaction))
    await interaction.edit_original_response(view=view, allowed_mentions=NOBODY)


def panel(studio: Studio, preferences: Preferences, defaults: Defaults, origin: Origin) -> ui.LayoutView:
    """What is set, with all that changes it."""
    unfit, profile = preferences.unfit(defaults), preferences.model_of(defaults)
    ratings = [each.value for each in Rating if each.level <= _most(studio, origin).level]
    menus = (
        (Setting.MODEL, options.models(studio.profiles, studio.default_profile, ""), defaults.profile),
        (Setting.ASPECT, options.aspects(profile, ""), defaults.aspect),
        (Setting.NEGATIVE, options.presets(profile, ""), defaults.negative_preset),
        (Setting.COUNT, [(plural(n, "picture"), str(n)) for n in range(1, MAX_COUNT + 1)], defaults.count),
        (Setting.RATING, [(say("Rating {rating}", rating=each), each) for each in ratings], defaults.rating),
    )
    rows = [
        ui.ActionRow[Any](
            SettingSelect(setting, _entries(setting, choices, current, fits=setting not in unfit))
        )
        for setting, choices, current in menus
    ]
    return layout(
        WORKING,
        ui.TextDisplay(_text(studio, preferences, defaults)),
        *rows,
        ui.ActionRow(
            OwnAspectButton(),
            PrivateButton(private=not defaults.private),
            ResetButton(disabled=defaults == Defaults()),
        ),
    )


_RULE: Final = (
    "They count wherever you leave an option of `/imagine` out, in every server. What you type wins, then `preset:`, "
    "then these, then the model's card."
)
_UNSET: Final = {
    Setting.MODEL: "The bot's own model",
    Setting.ASPECT: "The model's own aspect",
    Setting.NEGATIVE: "The model's own negative preset",
    Setting.COUNT: "As many pictures as usual: one",
    Setting.RATING: "The model's own rating",
}


def _most(studio: Studio, origin: Origin) -> Rating:
    """The highest rating that any channel can have."""
    anywhere = replace(origin, channel_id=0, parent_id=0)
    every = [studio.ceiling(replace(anywhere, nsfw_channel=each)) for each in (False, True)]
    return max(every, key=lambda step: step.level)


def _entries(
    setting: Setting, choices: Sequence[options.Choice], current: str | int | None, *, fits: bool
) -> list[discord.SelectOption]:
    """A menu's entries: nothing of one's own, what is offered, and what is set where that is not among it."""
    chosen = "" if current is None else str(current)
    entries = [discord.SelectOption(label=translated(_UNSET[setting]), value=_OWN, default=not chosen)]
    offered = {value: label for label, value in choices[: _MENU - 2]}
    if chosen and chosen not in offered:
        named = clean(chosen)
        offered[chosen] = named if fits else say("{value} (left out with this model)", value=named)
    entries += [
        discord.SelectOption(label=trim(label, CHOICE_LIMIT), value=value, default=value == chosen)
        for value, label in offered.items()
    ]
    return entries


def _text(studio: Studio, preferences: Preferences, defaults: Defaults) -> str:
    profile, unfit = preferences.model_of(defaults), preferences.unfit(defaults)

    def shown(setting: Setting, value: str | None, own: str) -> str:
        if not value:
            return say("the model's own: {value}", value=inline(own))
        if setting not in unfit:
            return inline(value)
        return say(
            "{value} · {model} does not know it, so it is left out there",
            value=inline(value),
            model=clean(profile.name),
        )

    model = inline(profile.name)
    if defaults.profile and defaults.profile not in studio.profiles:
        gone = inline(defaults.profile)
        model = say("{model} (the bot's own, {gone} is no longer known)", model=model, gone=gone)
    elif not defaults.profile:
        model = say("{model} (the bot's own)", model=model)
    aspect = shown(Setting.ASPECT, defaults.aspect, profile.default_aspect)
    negative = shown(Setting.NEGATIVE, defaults.negative_preset, profile.default_negative or options.NONE)
    rating = shown(Setting.RATING, defaults.rating, profile.default_rating.value)
    private = say("**Private** `no`, for everybody in the channel")
    if defaults.private:
        private = say("**Private** `yes`, for your eyes only until you share them")
    lines = [
        say("### Your settings"),
        say(_RULE),
        say("**Model** {value}", value=model),
        say("**Aspect** {value}", value=aspect),
        say("**Negative preset** {value}", value=negative),
        say("**Count** {value}", value=inline(str(defaults.count or 1))),
        say("**Rating** {value}, lowered where a channel allows less", value=rating),
        private,
    ]
    return trim("\n".join(lines), 3000)


SETTING_CONTROLS: Final = (SettingSelect, OwnAspectButton, PrivateButton, ResetButton)
"""Every dynamic item of this module, for `setup_hook`."""

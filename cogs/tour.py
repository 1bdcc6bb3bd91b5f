"""A short tour for somebody who sees the bot for the first time: what to try, with buttons that do it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

import discord
from discord import ui

from cogs.buttons import AnyInteraction, GuardedButton
from cogs.layouts import WORKING, layout
from cogs.who import Who
from cogs.words import say, translated
from pipeline.request import ImagineRequest

if TYPE_CHECKING:
    from cogs.buttons import Front

_LINES: Final = (
    "### Welcome to Tagbrush",
    "Everything here is the real bot. Only Discord is simulated, and a very small model paints.",
    "**1.** Press one of the buttons, and watch a picture form.",
    "**2.** Under it: reroll it, vary it, enlarge it, edit it as a form, look at its details.",
    "**3.** Type `/imagine` and tags of your own; every option suggests what the model knows.",
    "**4.** Find everything again with `/history`; `/settings` keeps your own defaults. `/help` has the rest.",
    "**5.** At the top, become *Moderator* and type `/mod`; try it as *Guest*. `docs/moderation.md` has a walk.",
)


@dataclass(frozen=True, slots=True)
class Stop:
    """One thing to try. `label` stands on its button."""

    label: str
    request: ImagineRequest


_LABELS: Final = ("A girl at night", "Full body, at the beach", "Four at once", "Two hair colours", "A forest")
STOPS: Final = tuple(
    Stop(label, request)
    for label, request in zip(
        _LABELS,
        (
            ImagineRequest(
                prompt="1girl, green hair, twintails, green eyes, smile, beanie, green sweater, outdoors, night"
            ),
            ImagineRequest(
                prompt="1girl, blue hair, long hair, cat ears, open mouth, red dress, full body, beach, day",
                aspect="3:4",
            ),
            ImagineRequest(
                prompt="1girl, pink hair, witch hat, purple sweater, upper body, city, night", count=4
            ),
            ImagineRequest(prompt="1boy, {red|blue} hair, short hair, smile, hoodie, portrait, sunset"),
            ImagineRequest(prompt="no humans, forest, day, cat"),
        ),
        strict=True,
    )
)
"""In the words of the built-in model."""


class TourButton(GuardedButton, template=r"tb:tour:(?P<place>[0-9]{1,2})"):
    """Paints one of the stops, for whoever presses."""

    who = Who.EVERYBODY
    doing = "painting an example"

    def __init__(self, place: int) -> None:
        self.place = place
        super().__init__(
            ui.Button(
                label=translated(STOPS[place].label),
                style=discord.ButtonStyle.primary if place == 0 else discord.ButtonStyle.secondary,
                custom_id=f"tb:tour:{place}",
            )
        )

    @classmethod
    async def from_custom_id(cls, _: AnyInteraction, __: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button again, from its custom id; one of a longer tour of before is the last of this one."""
        return cls(min(int(match["place"]), len(STOPS) - 1))

    async def act(self, interaction: AnyInteraction, front: Front) -> None:
        """As if it had been typed; what makes several jobs asks first."""
        await front.batching.paint(interaction, STOPS[self.place].request)


def tour_view() -> ui.LayoutView:
    """What to try, with a button for each stop."""
    text = "\n".join(say(line) for line in _LINES)
    return layout(WORKING, ui.TextDisplay(text), ui.ActionRow(*(TourButton(n) for n in range(len(STOPS)))))

"""Select menus that work after any restart, as `cogs.buttons` does for buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

import discord
from discord import ui

from cogs.buttons import NEVER, AnyInteraction
from cogs.errors import guarded
from cogs.who import Who

if TYPE_CHECKING:
    from cogs.buttons import Front


class GuardedSelect(ui.DynamicItem[ui.Select[Any]], template=NEVER):
    """A select menu whose failures are answered. What is said of `GuardedButton` holds here, too."""

    doing: ClassVar[str] = "handling a menu"
    who: ClassVar[Who]
    """Who may use it; every subclass says so itself."""

    async def interaction_check(self, interaction: AnyInteraction, /) -> bool:  # noqa: ARG002 - discord.py's signature
        """Always pass: `act` checks, because an exception here would vanish."""
        return True

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Run `act`, unless they are banned; whatever it raises reaches the member."""
        front = cast("Front", interaction.client)
        async with guarded(interaction, self.doing):
            front.door.check(interaction, self.who)
            await self.act(interaction, front, self.item.values[0])
        await front.door.remind(interaction)

    async def act(self, interaction: AnyInteraction, front: Front, value: str) -> None:
        """What choosing a value does."""
        raise NotImplementedError

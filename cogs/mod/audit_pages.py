"""What a moderator has looked for in the audit log, page by page, with buttons that work after any restart."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

import discord
from discord import ui

from cogs.buttons import AnyInteraction, GuardedButton
from cogs.fate import NOBODY
from cogs.layouts import WORKING, layout
from cogs.mod.acting import check_moderator
from cogs.text import clean, inline, trim
from cogs.who import Who
from cogs.words import say
from db.audit import FORGOTTEN, Written
from db.audit_search import AuditSearch, Filter, Page

if TYPE_CHECKING:
    from cogs.buttons import Front

SHOWN: Final = 12
MOST_TEXT: Final = 25
"""Characters of a text to look for: it has to fit into a button's id, beside everything else."""
MOST_DAYS: Final = 3650
_DAY: Final = 86_400
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is looked for. Days are counted back from now; zeros and empty texts are left out."""

    user_id: int = 0
    actor_id: int = 0
    area: str = ""
    days: int = 0
    text: str = ""

    def filter(self) -> Filter:
        """As the database knows it."""
        return Filter(
            user_id=self.user_id or None,
            actor_id=self.actor_id or None,
            area=self.area,
            text=self.text,
            since=time.time() - self.days * _DAY if self.days else 0.0,
        )


def packed(wanted: Wanted) -> str:
    """As a part of a custom id; Discord's ids take 13 characters instead of 20."""
    ids = [_short(each) if each else "" for each in (wanted.user_id, wanted.actor_id)]
    return ":".join((*ids, wanted.area, str(wanted.days or ""), wanted.text))


def unpacked(text: str) -> Wanted:
    """The other way round."""
    user, actor, area, days, words = text.split(":", 4)
    return Wanted(
        user_id=int(user or "0", 36), actor_id=int(actor or "0", 36), area=area, days=int(days or 0), text=words
    )


def _short(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
    return digits or "0"


class AuditTurnButton(
    GuardedButton,
    template=r"tb:log:(?P<way>[no]):(?P<cursor>[0-9a-z]{1,12}):"
    r"(?P<wanted>[0-9a-z]{0,13}:[0-9a-z]{0,13}:[a-z_]{0,16}:[0-9]{0,4}:.*)",
):
    """Turns a page of the log."""

    who = Who.MODERATOR
    doing = "turning the page"

    def __init__(self, cursor: int, wanted: Wanted, *, newer: bool, disabled: bool = False) -> None:
        self.newer, self.cursor, self.wanted = newer, cursor, wanted
        super().__init__(
            ui.Button(
                label=say("Newer") if newer else say("Older"),
                emoji="◀️" if newer else "▶️",
                disabled=disabled,
                custom_id=f"tb:log:{'n' if newer else 'o'}:{_short(cursor)}:{packed(wanted)}",
            )
        )

    @classmethod
    async def from_custom_id(cls, _: AnyInteraction, __: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button again, from its custom id."""
        return cls(int(match["cursor"], 36), unpacked(match["wanted"]), newer=match["way"] == "n")

    async def act(self, interaction: AnyInteraction, front: Front) -> None:
        """Put the next page in place of this one."""
        check_moderator(interaction)
        await interaction.response.defer()
        bounds = {"after" if self.newer else "before": self.cursor}
        view = await page(front.enforcement.search, interaction.guild_id or 0, self.wanted, **bounds)
        await interaction.edit_original_response(view=view, allowed_mentions=NOBODY)


async def page(search: AuditSearch, guild_id: int, wanted: Wanted, **bounds: int) -> ui.LayoutView:
    """A page of what is wanted: the newest, or before or after an entry."""
    found = await search.page(guild_id, wanted.filter(), SHOWN, **bounds)
    return _view(found, wanted)


def _view(found: Page, wanted: Wanted) -> ui.LayoutView:
    head = say("### Audit log")
    asked = [f"<@{each}>" for each in (wanted.user_id, wanted.actor_id) if each]
    asked += [inline(each) for each in (wanted.area, wanted.text) if each]
    if wanted.days:
        asked.append(say("since <t:{moment}:d>", moment=int(time.time()) - wanted.days * _DAY))
    head = " · ".join([head, *asked])
    if not found.entries:
        return layout(WORKING, ui.TextDisplay(f"{head}\n{say('No decision in this server fits.')}"))
    text = "\n".join([head, *map(line, found.entries)])
    return layout(
        WORKING,
        ui.TextDisplay(trim(text, 3900)),
        ui.ActionRow(
            AuditTurnButton(found.entries[0].id, wanted, newer=True, disabled=not found.newer),
            AuditTurnButton(found.entries[-1].id, wanted, newer=False, disabled=not found.older),
        ),
    )


def line(written: Written) -> str:
    """One entry as moderators read it."""
    entry = written.entry
    if entry.actor_id == FORGOTTEN:
        who = say("somebody who was forgotten")
    else:
        who = f"<@{entry.actor_id}>" if entry.actor_id else say("by itself")
    parts = [f"`#{written.id}` <t:{int(written.at)}:R>", f"**{clean(entry.action)}**", who]
    if entry.user_id:
        parts.append(f"→ <@{entry.user_id}>")
    if entry.job_id:
        parts.append(say("job #{number}", number=entry.job_id))
    if entry.target:
        parts.append(inline(trim(entry.target, 80)))
    if entry.reason:
        parts.append(f"“{discord.utils.escape_markdown(clean(trim(entry.reason, 80)))}”")
    return " · ".join(parts)

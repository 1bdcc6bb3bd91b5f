"""`/history`: a member's own pictures, page by page."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Self

import discord
from discord import app_commands, ui
from discord.app_commands import Choice
from discord.ext import commands

from bot.album import MOST_TEXT, Album, Spread, Thumbnail
from bot.studio import Studio
from cogs import options
from cogs.access import may_see, origin_of
from cogs.buttons import AnyInteraction, GuardedButton
from cogs.errors import defer_privately, guarded
from cogs.fate import NOBODY
from cogs.layouts import WORKING, layout, message_link
from cogs.showing import send_result
from cogs.text import alt, clean, inline, length, trim
from cogs.uploads import Upload
from cogs.who import Who, may
from cogs.words import say
from db.history import Wanted
from pipeline.errors import InvalidRequest, MemberError

if TYPE_CHECKING:
    from cogs.buttons import Front

_DAY: Final = 86_400
_ROOM: Final = 70
"""Characters that filters may take of a button's id; its name and a picture's number take the rest of 100."""
_EMPTY: Final = (
    "### No pictures here\nNothing of yours in this server fits. `/imagine` paints, and `/history` without options "
    "shows all you have."
)


def packed(wanted: Wanted) -> str:
    """The filters as a part of a custom id: favourites, first day, day after the last, model and text."""
    days = [str(int(bound // _DAY)) if bound is not None else "" for bound in (wanted.since, wanted.until)]
    return ":".join((str(int(wanted.favourites)), *days, wanted.profile, wanted.text))


def unpacked(text: str) -> Wanted:
    """The other way round."""
    favourites, since, until, profile, words = text.split(":", 4)
    first, last = (float(day) * _DAY if day else None for day in (since, until))
    return Wanted(text=words, profile=profile, favourites=favourites == "1", since=first, until=last)


def _sees(interaction: AnyInteraction) -> Callable[[int, int], bool]:
    return lambda channel_id, author_id: may_see(interaction, channel_id, author_id)


class TurnButton(GuardedButton, template=r"tb:turn:(?P<way>[no]):(?P<cursor>[0-9]{1,18}):(?P<wanted>[01]:.*)"):
    """Turns a page of the history of whoever presses."""

    who = Who.OWN
    doing = "turning the page"

    def __init__(self, cursor: int, wanted: Wanted, *, newer: bool, disabled: bool = False) -> None:
        self.newer, self.cursor, self.wanted = newer, cursor, wanted
        super().__init__(
            ui.Button(
                label=say("Newer") if newer else say("Older"),
                emoji="◀️" if newer else "▶️",
                disabled=disabled,
                custom_id=f"tb:turn:{'n' if newer else 'o'}:{cursor}:{packed(wanted)}",
            )
        )

    @classmethod
    async def from_custom_id(cls, _: AnyInteraction, __: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button again, from its custom id."""
        return cls(int(match["cursor"]), unpacked(match["wanted"]), newer=match["way"] == "n")

    async def act(self, interaction: AnyInteraction, front: Front) -> None:
        """Put the next page in place of this one."""
        await interaction.response.defer()
        bounds = {"after" if self.newer else "before": self.cursor}
        spread = await front.album.page(origin_of(interaction), self.wanted, sees=_sees(interaction), **bounds)
        view, uploads = page_view(spread)
        await interaction.edit_original_response(
            view=view, attachments=[each.file("") for each in uploads], allowed_mentions=NOBODY
        )


class ShowButton(GuardedButton, template=r"tb:show:(?P<job>[0-9]{1,18}):(?P<place>[0-9])"):
    """Shows one job again, with its originals and all its buttons, to whoever presses."""

    who = Who.SEEING
    doing = "showing pictures"

    def __init__(self, job_id: int, place: int) -> None:
        self.job_id = job_id
        super().__init__(
            ui.Button(label=say("Show {place}", place=place), custom_id=f"tb:show:{job_id}:{place}")
        )

    @classmethod
    async def from_custom_id(cls, _: AnyInteraction, __: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button again, from its custom id."""
        return cls(int(match["job"]), int(match["place"]))

    async def act(self, interaction: AnyInteraction, front: Front) -> None:
        """Answer for their eyes only."""
        await defer_privately(interaction)
        job = await front.afterwards.painted(self.job_id, interaction.guild_id or 0, interaction.user.id)
        if not may_see(interaction, job.channel_id, job.user_id):
            raise MemberError("This job is no longer known here. `/imagine` paints new pictures.")
        await send_result(interaction, front.studio, front.afterwards, job)


def page_view(spread: Spread) -> tuple[ui.LayoutView, list[Upload]]:
    """A page as a gallery with a line for each picture, and the files that go with it."""
    page, wanted = spread.page, spread.wanted
    if not page.pictures:
        return layout(WORKING, ui.TextDisplay(say(_EMPTY))), []
    uploads, gallery = [], ui.MediaGallery[Any]()
    for place, thumbnail in enumerate(spread.pictures, start=1):
        if thumbnail.data is not None:
            name = f"history-{thumbnail.shown.image_id}.jpg"
            uploads.append(Upload(name, thumbnail.data))
            gallery.add_item(
                media=f"attachment://{name}",
                description=alt(f"{place}. {thumbnail.shown.prompt}"),
                spoiler=thumbnail.shown.check_state == "spoiler",
            )
    lines = [_head(wanted), *(_line(place, each) for place, each in enumerate(spread.pictures, start=1))]
    items: list[ui.Item[Any]] = [gallery] if uploads else []
    items.append(ui.TextDisplay(trim("\n".join(lines), 3800)))
    jobs = list(dict.fromkeys(each.job_id for each in page.pictures))
    places = {each.job_id: place for place, each in reversed(list(enumerate(page.pictures, start=1)))}
    items.append(ui.ActionRow(*(ShowButton(job_id, places[job_id]) for job_id in jobs)))
    first, last = page.pictures[0].image_id, page.pictures[-1].image_id
    items.append(
        ui.ActionRow(
            TurnButton(first, wanted, newer=True, disabled=not page.newer),
            TurnButton(last, wanted, newer=False, disabled=not page.older),
        )
    )
    return layout(WORKING, *items), uploads


def _head(wanted: Wanted) -> str:
    parts = [say("### Your pictures here")]
    if wanted.favourites:
        parts.append(say("favourites"))
    if wanted.text:
        parts.append(inline(wanted.text))
    if wanted.profile:
        parts.append(inline(wanted.profile))
    if wanted.since is not None:
        parts.append(say("since {day}", day=_date(wanted.since)))
    if wanted.until is not None:
        parts.append(say("until {day}", day=_date(wanted.until - _DAY)))
    return " · ".join(parts)


def _date(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")


def _line(place: int, thumbnail: Thumbnail) -> str:
    shown = thumbnail.shown
    star = "⭐ " if shown.favourite else ""
    which = " " + say("picture {n}", n=shown.position + 1) if shown.images > 1 else ""
    name = message_link(f"#{shown.job_id}", shown.guild_id, shown.channel_id, shown.message_id)
    prompt = inline(shown.prompt, 120) if thumbnail.allowed else say("not to be shown in this channel")
    return f"{place}. {star}{name}{which} · {prompt}\n-# {clean(shown.profile)} · {_date(shown.created_at)}"


class History(commands.Cog):
    """Finds what was painted."""

    def __init__(self, studio: Studio, album: Album) -> None:
        self._studio = studio
        self._album = album

    @may(Who.OWN)
    @app_commands.command(name="history", description="Your own pictures in this server, newest first")
    @app_commands.guild_only()
    @app_commands.describe(
        text="Words of the prompt, such as: green hair (gree* finds all that begin so)",
        model="Only what this model painted",
        favourites="Only your favourites",
        since="The first day, as 2026-11-21 (UTC)",
        until="The last day, as 2026-11-21 (UTC)",
    )
    async def history(
        self,
        interaction: discord.Interaction[Any],
        text: app_commands.Range[str, 1, MOST_TEXT] | None = None,
        model: str | None = None,
        favourites: bool = False,  # noqa: FBT001, FBT002 - an option of the command
        since: str | None = None,
        until: str | None = None,
    ) -> None:
        """Answer for the member's eyes only."""
        async with guarded(interaction, "looking up your pictures"):
            wanted = self._album.wanted(
                text=text or "",
                profile=(model or "").strip(),
                favourites=favourites,
                since=since or "",
                until=until or "",
            )
            if length(packed(wanted)) > _ROOM:
                raise InvalidRequest("So many filters do not fit together. Search for a shorter text.")
            await defer_privately(interaction)
            spread = await self._album.page(origin_of(interaction), wanted, sees=_sees(interaction))
            view, uploads = page_view(spread)
            await interaction.edit_original_response(
                view=view, attachments=[each.file("") for each in uploads], allowed_mentions=NOBODY
            )

    @history.autocomplete("model")
    async def _models(self, _: discord.Interaction[Any], typed: str) -> list[Choice[str]]:
        found = options.models(self._studio.profiles, self._studio.default_profile, typed)
        return [Choice(name=name, value=value) for name, value in found]

"""Buttons that work after any restart: their custom id holds all they need."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol, Self, cast

import discord

from bot.drafts import check_own
from cogs.access import may_manage
from cogs.errors import defer_privately, guarded, whisper
from cogs.mod.acting import entry
from cogs.patience import in_time
from cogs.who import Who
from cogs.words import say
from db.jobs import Job, JobState
from pipeline.errors import MemberError
from pipeline.request import ImagineRequest, choose_profile

if TYPE_CHECKING:
    from bot.afterwards import Afterwards
    from bot.album import Album
    from bot.enlarging import Enlarger
    from bot.expanding import Expander
    from bot.forgetting import Forgetter
    from bot.moderation.enforcement import Enforcement
    from bot.moderation.moderation import Moderation
    from bot.moderation.reviewing import Reviewing
    from bot.preferences import Preferences
    from bot.restoring import Restorer
    from bot.studio import Studio
    from cogs.batching import Batching
    from cogs.door import Door
    from cogs.erasing import Erasing
    from cogs.owner.broadcasting import Broadcaster
    from cogs.painting import Painting
    from cogs.sharing import Sharing

AnyInteraction = discord.Interaction[Any]
NEVER: Final = r"(?!)"
"""A template no custom id matches, for the base class."""


class Front(Protocol):
    """What a button needs of the client it was clicked on: discord.py hands dynamic items nothing else."""

    studio: Studio
    afterwards: Afterwards
    album: Album
    enlarger: Enlarger
    preferences: Preferences
    restorer: Restorer
    forgetter: Forgetter
    erasing: Erasing
    expander: Expander
    reviewing: Reviewing
    painting: Painting
    batching: Batching
    sharing: Sharing
    broadcaster: Broadcaster
    door: Door
    enforcement: Enforcement
    moderation: Moderation


class GuardedButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=NEVER):
    """A button whose failures are answered.

    discord.py only logs what a dynamic item's callback raises and swallows what its `interaction_check`
    raises. So both happen inside `act`, which subclasses implement, and neither method is overridden again.
    """

    doing: ClassVar[str] = "handling a button"
    who: ClassVar[Who]
    """Who may use it; every subclass says so itself."""

    async def interaction_check(self, interaction: AnyInteraction, /) -> bool:  # noqa: ARG002 - discord.py's signature
        """Always pass: `act` checks, because an exception here would vanish."""
        return True

    async def callback(self, interaction: AnyInteraction) -> None:
        """Run `act`, unless they are banned; whatever it raises reaches the member."""
        front = cast("Front", interaction.client)
        async with guarded(interaction, self.doing):
            front.door.check(interaction, self.who)
            await self.act(interaction, front)
        await front.door.remind(interaction)

    async def act(self, interaction: AnyInteraction, front: Front) -> None:
        """What the button does."""
        raise NotImplementedError


async def note_foreign(interaction: AnyInteraction, front: Front, job: Job, action: str) -> None:
    """Write into the log what somebody has done with another member's job."""
    if interaction.user.id != job.user_id:
        what = entry(interaction, action, user_id=job.user_id, job_id=job.id)
        await front.moderation.audit.add(what)


class CancelButton(GuardedButton, template=r"tb:cancel:(?P<job>[0-9]{1,18})"):
    """Cancels a job that waits or runs."""

    who = Who.AUTHOR_OR_MODERATOR
    doing = "cancelling"

    def __init__(self, job_id: int) -> None:
        self.job_id = job_id
        super().__init__(
            discord.ui.Button(
                label=say("Cancel"), style=discord.ButtonStyle.danger, custom_id=f"tb:cancel:{job_id}"
            )
        )

    @classmethod
    async def from_custom_id(cls, _: AnyInteraction, __: discord.ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button again, from its custom id."""
        return cls(int(match["job"]))

    async def act(self, interaction: AnyInteraction, front: Front) -> None:
        """Cancel for the author or a moderator; the job's own message then changes by itself."""
        await defer_privately(interaction)
        job = await front.studio.job(self.job_id)
        if job is None or job.guild_id != interaction.guild_id:
            raise MemberError("This job is no longer known, so there is nothing to cancel.")
        check_own(job, interaction.user.id)
        if not may_manage(interaction, job):
            raise MemberError("Only the member who asked for these pictures, or a moderator, can cancel them.")
        if job.state is JobState.CANCELLED:
            raise MemberError("This job was already cancelled.")
        if not await front.studio.cancel(job.id):
            raise MemberError("This job is already finished, so there is nothing left to cancel.")
        await note_foreign(interaction, front, job, "job.cancel")
        front.painting.follow(job.id)
        await whisper(interaction, say("Cancelled."))


class ExampleButton(GuardedButton, template=r"tb:example:(?P<profile>[^:]{1,80})"):
    """Paints the example of a model's own card."""

    who = Who.EVERYBODY
    doing = "painting a card's example"

    def __init__(self, profile_id: str, label: str = "") -> None:
        self.profile_id = profile_id
        super().__init__(
            discord.ui.Button(
                label=label or say("Paint the example"),
                style=discord.ButtonStyle.primary,
                custom_id=f"tb:example:{profile_id}",
            )
        )

    @classmethod
    async def from_custom_id(cls, _: AnyInteraction, __: discord.ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button again, from its custom id."""
        return cls(match["profile"])

    async def act(self, interaction: AnyInteraction, front: Front) -> None:
        """Queue the example as the card gives it. Only the rating words of this channel are added."""
        profile = choose_profile(front.studio.profiles, self.profile_id, self.profile_id)
        if not profile.examples:
            raise MemberError("The card of {name} gives no example.", name=profile.name)
        example = profile.examples[0]
        request = ImagineRequest(
            prompt=example.prompt,
            profile=profile.id,
            size=f"{example.width}x{example.height}",
            sampler=example.sampler,
            steps=example.steps,
            guidance_scale=example.guidance_scale,
            negative=example.negative_prompt,
            negative_preset="none",
            quality=(),
        )
        async with in_time(interaction):
            private = await front.preferences.private_default(interaction.user.id)
        await front.painting.paint(interaction, request, private=private)


BUTTONS: Final[tuple[type[GuardedButton], ...]] = (CancelButton, ExampleButton)
"""Every dynamic item, for `setup_hook`."""

"""The buttons with which moderators decide about a picture; they work as long as the review is in the database."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Self

import discord
from discord import ui

from cogs.buttons import AnyInteraction, GuardedButton
from cogs.fate import NOBODY, TROUBLE
from cogs.mod.acting import check_moderator, entry
from cogs.taking_down import take_down
from cogs.who import Who
from cogs.words import translated
from db.reviews import Decision, Review

if TYPE_CHECKING:
    from cogs.buttons import Front

_LABELS: Final = {
    Decision.APPROVE: ("Dismiss", "Approve"),
    Decision.SPOILER: ("Show as spoiler", "Approve with spoiler"),
    Decision.REJECT: ("Take down", "Reject"),
}
"""For a picture that everybody can see, and for one that is withheld."""
_STYLES: Final = {
    Decision.APPROVE: discord.ButtonStyle.success,
    Decision.SPOILER: discord.ButtonStyle.secondary,
    Decision.REJECT: discord.ButtonStyle.danger,
}


class ReviewButton(
    GuardedButton, template=r"tb:review:(?P<review>[0-9]{1,18}):(?P<decision>approve|spoiler|reject)"
):
    """Decides about one picture."""

    who = Who.MODERATOR
    doing = "deciding about a picture"

    def __init__(self, review_id: int, decision: Decision, *, hidden: bool = True) -> None:
        self.review_id, self.decision = review_id, decision
        super().__init__(
            ui.Button(
                label=translated(_LABELS[decision][hidden]),
                style=_STYLES[decision],
                custom_id=f"tb:review:{review_id}:{decision.value}",
            )
        )

    @classmethod
    async def from_custom_id(cls, _: AnyInteraction, __: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button again, from its custom id."""
        return cls(int(match["review"]), Decision(match["decision"]))

    async def act(self, interaction: AnyInteraction, front: Front) -> None:
        """Decide, and say so in place of the picture."""
        check_moderator(interaction)
        await interaction.response.defer()
        decided = await front.reviewing.decide(
            self.review_id, self.decision, entry(interaction, f"review.{self.decision.value}")
        )
        await show_anew(interaction.client, front, decided.job_id)
        from cogs.mod.review_view import closed_view  # which shows these buttons

        try:
            await interaction.edit_original_response(
                view=closed_view(decided), attachments=[], allowed_mentions=NOBODY
            )
        except TROUBLE:
            front.reviewing.wake()  # the desk tries, too


async def show_anew(client: discord.Client, front: Front, job_id: int) -> None:
    """A job shows other pictures than before: its message changes, and those of who painted them again go."""
    job = await front.studio.job(job_id)
    if job is None or job.deleted_at is not None:
        return
    for other in (await front.afterwards.messages_of(job))[1:]:
        await take_down(client, other)
    guild = client.get_guild(job.guild_id)
    front.painting.follow_anew(job_id, guild.preferred_locale if guild else None)


def buttons_of(review: Review) -> list[ReviewButton]:
    """All that can be decided."""
    return [ReviewButton(review.id, each, hidden=review.hidden) for each in Decision]

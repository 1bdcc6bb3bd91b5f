"""A finished job shown again to one member: originals, facts and buttons."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, cast

import discord

from bot.afterwards import Afterwards
from bot.orders import PictureGone
from bot.studio import Studio
from cogs.access import origin_of
from cogs.fate import NOBODY, TROUBLE, Fate, fate_of
from cogs.restoring import restore_row
from cogs.text import alt
from cogs.uploads import Upload, limit_of, remark_of, send_fitting
from cogs.views import asked_prompt, result_view
from cogs.words import say
from db.jobs import Job
from pipeline.errors import MemberError

if TYPE_CHECKING:
    from cogs.buttons import Front


async def send_result(
    interaction: discord.Interaction[Any], studio: Studio, afterwards: Afterwards, job: Job
) -> None:
    """Put a job's pictures into the deferred answer of an interaction, in the best encoding that Discord takes.

    Raises:
        PictureGone: none of its files is left.
        MemberError: its rating is above what may be shown here, or Discord does not take the pictures.
    """
    afterwards.check_rating(job, origin_of(interaction))
    async with cast("Front", interaction.client).painting.few:
        try:
            await _send(interaction, studio, afterwards, job)
        except TROUBLE as error:
            match fate_of(error):
                case Fate.TOO_LARGE:
                    raise MemberError(
                        "Discord does not take these pictures here, however small I make them. The originals are kept."
                    ) from error
                case Fate.LATER:
                    raise MemberError(
                        "Discord does not take pictures at the moment. They are kept: `/show job:{job}` shows them "
                        "later.",
                        job=job.id,
                    ) from error
            raise


async def originals(studio: Studio, job: Job) -> list[tuple[int, bytes]]:
    """Position and file of each of a job's pictures that is still there.

    Raises:
        PictureGone: none is.
    """
    pictures = []
    for image in job.images:
        if image.file is not None:
            with contextlib.suppress(PictureGone):
                pictures.append((image.position, await studio.picture_bytes(image)))
    if not pictures:
        raise PictureGone(job.id)
    return pictures


async def _send(
    interaction: discord.Interaction[Any], studio: Studio, afterwards: Afterwards, job: Job
) -> None:
    pictures = await originals(studio, job)
    gone = sum(image.file is not None for image in job.images) - len(pictures)
    parents = await afterwards.lineage(job)
    lost = say("{count} of the files are no longer on the disk.", count=gone) if gone else ""

    async def send(uploads: tuple[Upload, ...], used: int) -> None:
        remark = " ".join(filter(None, (remark_of(used), lost)))
        names = [upload.name for upload in uploads]
        view = result_view(job, names, afterwards.profile_of(job), remark, parents[:1])
        if gone:
            view.add_item(restore_row(job.id))
        files = [upload.file(alt(asked_prompt(job))) for upload in uploads]
        await interaction.edit_original_response(view=view, attachments=files, allowed_mentions=NOBODY)

    await send_fitting(job.id, pictures, limit_of(interaction.guild, interaction), send)

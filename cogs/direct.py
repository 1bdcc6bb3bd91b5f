"""The last way to a member: a direct message, with the pictures where those fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import discord

from cogs.fate import NOBODY, Fate, fate_of
from cogs.post import search
from cogs.text import CONTENT_LIMIT, alt, clean, trim
from cogs.uploads import DEFAULT_LIMIT, Upload, place_in, remark_of, send_fitting
from cogs.views import asked_prompt
from cogs.words import say
from db.jobs import Job, JobState

_REFUSED: Final = frozenset({Fate.TOO_LARGE, Fate.FAULT})
"""Errors that say something about the files, and nothing about the way."""


def kept(job: Job) -> str:
    """Where a job's pictures can be seen when they could not be posted; empty when it has none."""
    if job.state not in {JobState.RENDERED, JobState.DELIVERED} or not any(each.file for each in job.images):
        return ""
    return say(
        "Your pictures of job #{job} are kept: `/show job:{job}` in the server shows them.",
        job=job.id,
    )


async def write(
    client: discord.Client,
    job: Job,
    text: str,
    pictures: Sequence[tuple[int, bytes]] = (),
    *,
    doubtful: bool = False,
) -> discord.Message | None:
    """Write to the job's member. Where the pictures are refused, they are told that those are kept.

    Args:
        client: sends it.
        job: whose member is meant.
        text: to be sent; it may hold mentions of ours, which ping nobody.
        pictures: position and original PNG of each.
        doubtful: whether an earlier attempt may have arrived; then that one is looked for first.

    Returns:
        The message that shows the pictures, if they were sent now.

    Raises:
        discord.HTTPException, aiohttp.ClientError, OSError: see `fate_of`.
    """
    direct = await client.create_dm(discord.Object(job.user_id))
    if pictures and doubtful and await search(client, direct, job) is not None:
        return None

    async def send(uploads: tuple[Upload, ...], used: int) -> discord.Message:
        hidden = {image.position for image in job.images if image.check_state == "spoiler"}
        files = [
            upload.file(alt(asked_prompt(job)), spoiler=place_in(upload.name) in hidden) for upload in uploads
        ]
        said = trim(clean(" ".join(filter(None, (text, remark_of(used))))), CONTENT_LIMIT)
        nonce = f"tb{job.id}d{job.revision or ''}"
        return await direct.send(said, files=files, nonce=nonce, allowed_mentions=NOBODY)

    if pictures:
        try:
            return await send_fitting(job.id, pictures, DEFAULT_LIMIT, send, job.revision)
        except discord.HTTPException as error:
            if fate_of(error) not in _REFUSED:
                raise
            text = f"{text} {say('Discord does not take them here.')} {kept(job)}"
    said = trim(clean(text), CONTENT_LIMIT)
    await direct.send(said, nonce=f"tb{job.id}t", allowed_mentions=NOBODY)
    return None

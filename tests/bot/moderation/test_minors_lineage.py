"""What a picture was painted from counts for the built-in list, however many pictures lie between."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.app import App
from bot.orders import LOCAL, Lineage
from db.jobs import Job
from pipeline.errors import MemberError
from tests.bot.conftest import request


async def painted(app: App, prompt: str, source: str = "") -> Job:
    """A finished job, from another picture if one is named."""
    planned = await app.studio.planned(LOCAL, request(prompt=prompt))
    if source:
        recipes = tuple(replace(each, init_image=source, strength=0.5) for each in planned.recipes)
        planned = replace(planned, recipes=recipes)
    accepted = await app.studio.submit(LOCAL, request(), planned, Lineage("edit"))
    async for _ in app.studio.changes(accepted.job.id):
        pass
    job = await app.studio.job(accepted.job.id)
    assert job is not None
    return job


def file_of(job: Job) -> str:
    """The hash of its first picture."""
    assert job.images[0].sha256
    return job.images[0].sha256


async def test_the_first_picture_of_a_line_counts(app: App) -> None:
    """A prompt in between that says nothing of it washes nothing off."""
    between = await painted(app, "1girl, park", file_of(await painted(app, "child, park")))
    with pytest.raises(MemberError, match="`child` and `nude`"):
        await painted(app, "1girl, nude", file_of(between))


async def test_deleting_the_first_picture_changes_nothing(app: App) -> None:
    """What was painted from it still shows it."""
    first = await painted(app, "child, park")
    between = await painted(app, "1girl, park", file_of(first))
    await app.afterwards.delete(first)
    with pytest.raises(MemberError, match="`child` and `nude`"):
        await painted(app, "1girl, nude", file_of(between))


async def test_a_line_of_harmless_pictures_may_go_on(app: App) -> None:
    """Only what comes together is refused."""
    between = await painted(app, "1girl, park", file_of(await painted(app, "1girl, beach")))
    assert file_of(await painted(app, "1girl, nude", file_of(between)))

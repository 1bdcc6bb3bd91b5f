"""The history's queries against a plain reading of everything there is."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import product
from random import Random

import pytest

from db.database import Database
from db.gallery import Gallery
from db.history import History, Shown, Wanted, words_of
from db.jobs import Job, Jobs
from tests.db.conftest import Clock, new_job, paint

HAIR = ("green hair", "red hair", "long hair")


async def fill(db: Database, jobs: Jobs, clock: Clock) -> list[Job]:
    """Forty jobs of two members in two guilds: some deleted, failed or cancelled, some pictures marked by member 7."""
    rng, made = Random(3), list[int]()
    for number in range(40):
        clock.time = 86_400.0 * number
        prompt = f"1girl, {rng.choice(HAIR)}"
        new = new_job(
            images=rng.randint(1, 4), user=rng.choice((7, 7, 8)), guild=rng.choice((9, 9, 9, 10)), prompt=prompt
        )
        new = replace(new, request=json.dumps({"prompt": prompt}))
        images = tuple(replace(each, profile=rng.choice(("miniature", "other"))) for each in new.images)
        job = await jobs.create(replace(new, images=images))
        made.append(job.id)
        for image in job.images:
            if rng.random() < 0.85:
                await paint(jobs, image.id)
            elif rng.random() < 0.5:
                await jobs.image_failed(image.id, "no", "ref")
        await jobs.cancel(job.id)
        if rng.random() < 0.8:
            await jobs.delivered(job.id, 5000 + job.id)
        if rng.random() < 0.15:
            await Gallery(db).delete(job.id)
        for image in job.images:
            if rng.random() < 0.3:
                await History(db).toggle_favourite(7, "Mia", image.id)
    return [found for job_id in made if (found := await jobs.get(job_id)) is not None]


async def expected(history: History, made: list[Job], wanted: Wanted) -> list[int]:
    """Ids of the pictures that member 7 should see in guild 9, newest first."""
    found = []
    for job in made:
        marked = await history.favourites_among(7, job.id)
        prompt = json.loads(job.request)["prompt"]
        fits = job.guild_id == 9 and job.deleted_at is None and job.state.value in {"rendered", "delivered"}
        fits = fits and (wanted.favourites or job.user_id == 7)
        fits = fits and all(word in prompt.replace(",", " ").split() for word in words_of(wanted.text))
        fits = fits and (wanted.since is None or job.created_at >= wanted.since)
        fits = fits and (wanted.until is None or job.created_at < wanted.until)
        for image in job.images:
            own = image.state.value == "painted" and (not wanted.profile or image.profile == wanted.profile)
            if fits and own and (not wanted.favourites or image.position in marked):
                found.append(image.id)
    return sorted(found, reverse=True)


async def test_every_page_in_both_directions(db: Database, jobs: Jobs, clock: Clock) -> None:
    """For each combination of filters: nothing missing, nothing twice, nothing of anybody else's."""
    made, history = await fill(db, jobs, clock), History(db)
    seen_any = 0
    for text, profile, favourites, since, until in product(
        ("", "green", "hair red"), ("", "other"), (False, True), (None, 86_400.0 * 12), (None, 86_400.0 * 30)
    ):
        wanted = Wanted(text=text, profile=profile, favourites=favourites, since=since, until=until)
        right = await expected(history, made, wanted)
        seen_any += len(right)
        older: list[Shown] = []
        page = await history.page(7, 9, wanted, size=3)
        assert not page.newer
        while page.pictures:
            older += page.pictures
            assert page.older == (len(older) < len(right))
            if not page.older:
                break
            page = await history.page(7, 9, wanted, size=3, before=page.pictures[-1].image_id)
            assert page.newer
        assert [each.image_id for each in older] == right
        if right:
            newer: list[int] = [right[-1]]
            while found := (await history.page(7, 9, wanted, size=3, after=newer[0])).pictures:
                newer = [each.image_id for each in found] + newer
            assert newer == right
    assert seen_any > 100


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("green hair", ("green", "hair")),
        ("gree* hair", ("gree*", "hair")),
        ('"a" OR prompt:(b) NEAR', ("a", "OR", "prompt", "b", "NEAR")),
        ("_ ** 🌸 -", ()),
        ("緑の髪", ("緑の髪",)),
    ],
)
def test_words_of_a_search(text: str, words: tuple[str, ...]) -> None:
    """Letters and digits of any script; a star at the end of one stands."""
    assert words_of(text) == words

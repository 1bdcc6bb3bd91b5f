"""Jobs through their states, and the state machine that nobody can get around."""

from __future__ import annotations

import asyncio

import pytest

from db.database import Database
from db.jobs import CapReached, ImageState, Jobs, JobState, Pending
from tests.db.conftest import Clock, new_job, paint

HUGE = 2**63 - 1
"""The largest snowflake that SQLite's integers hold."""


async def test_what_was_asked_is_read_back(jobs: Jobs) -> None:
    """The job that `create` returns is the one that is stored."""
    job = await jobs.create(new_job(images=3, user=HUGE, guild=HUGE - 1))
    assert await jobs.get(job.id) == job
    assert (job.state, job.created_at, job.user_id) == (JobState.QUEUED, 1000.0, HUGE)
    assert [(image.position, image.seed, image.state) for image in job.images] == [
        (0, 0, ImageState.QUEUED),
        (1, 1, ImageState.QUEUED),
        (2, 2, ImageState.QUEUED),
    ]


@pytest.mark.parametrize(
    "text", ["'; DROP TABLE jobs; --", 'a "quoted" ?', "null\0byte", "שלום \u202e", "💜" * 3000]
)
async def test_any_text_is_stored_as_it_is(jobs: Jobs, text: str) -> None:
    """Values are never part of the SQL."""
    job = await jobs.create(new_job(prompt=text, user_name=text))
    stored = await jobs.get(job.id)
    assert stored is not None
    assert (stored.images[0].prompt, stored.user_name) == (text, text)


async def test_unknown_jobs_are_none(jobs: Jobs) -> None:
    """By number and by message."""
    assert await jobs.get(1) is None
    assert await jobs.find_by_message(1) is None


async def test_a_name_is_kept_up_to_date(jobs: Jobs) -> None:
    """Members rename themselves; there is one row for each."""
    first = await jobs.create(new_job(user_name="Mia"))
    await jobs.create(new_job(user_name="Mia the Great"))
    stored = await jobs.get(first.id)
    assert stored is not None
    assert stored.user_name == "Mia the Great"


async def test_the_usual_way(jobs: Jobs, clock: Clock) -> None:
    """Queued, running, rendered, delivered, each with its time."""
    job = await jobs.create(new_job(images=2))
    clock.time = 1010
    assert await jobs.image_started(job.images[0].id)
    clock.time = 1020
    assert (await jobs.image_started(job.images[1].id)) is True
    running = await jobs.get(job.id)
    assert running is not None
    assert (running.state, running.started_at) == (JobState.RUNNING, 1010)
    painted = {"file": "a.png", "sha256": "ff", "seconds": 1.5, "weights": "w", "recipe": "{}"}
    first = await jobs.image_painted(job.images[0].id, **painted)  # type: ignore[arg-type]
    assert first.state is JobState.RUNNING
    clock.time = 1030
    done = await jobs.image_painted(job.images[1].id, **painted)  # type: ignore[arg-type]
    assert (done.state, done.rendered_at) == (JobState.RENDERED, 1030)
    image = done.images[0]
    assert (image.state, image.file, image.sha256, image.seconds, image.weights, image.recipe) == (
        ImageState.PAINTED,
        "a.png",
        "ff",
        1.5,
        "w",
        "{}",
    )
    clock.time = 1040
    assert await jobs.delivered(job.id, 55)
    final = await jobs.get(job.id)
    assert final is not None
    assert (final.state, final.delivered_at, final.message_id) == (JobState.DELIVERED, 1040, 55)


async def test_delivered_is_true_exactly_once(jobs: Jobs) -> None:
    """However many tasks try at the same moment."""
    job = await jobs.create(new_job())
    assert await jobs.delivered(job.id, 1) is False
    await paint(jobs, job.images[0].id)
    results = await asyncio.gather(*(jobs.delivered(job.id, message) for message in range(1, 9)))
    assert sorted(results) == [False] * 7 + [True]


async def test_a_rendered_job_is_withheld_once(jobs: Jobs) -> None:
    """And then neither delivered nor taken up by a later start; before that there is nothing to withhold."""
    job = await jobs.create(new_job())
    assert not await jobs.withhold(job.id, "Not here.")
    await paint(jobs, job.images[0].id)
    assert await jobs.withhold(job.id, "Not here.")
    assert not await jobs.withhold(job.id, "Nor there.")
    assert not await jobs.delivered(job.id, 1)
    stored = await jobs.get(job.id)
    assert stored is not None
    assert (stored.state, stored.error) == (JobState.WITHHELD, "Not here.")
    assert stored.delivered_at is not None


async def test_delivery_without_a_message_keeps_the_one_that_is_known(jobs: Jobs) -> None:
    """The progress message became the picture message."""
    job = await jobs.create(new_job())
    await jobs.set_message(job.id, 12, 34)
    await paint(jobs, job.images[0].id)
    await jobs.delivered(job.id, None)
    stored = await jobs.find_by_message(34)
    assert stored is not None
    assert (stored.id, stored.channel_id) == (job.id, 12)


async def test_the_newest_job_of_a_message_counts(jobs: Jobs) -> None:
    """A message that was used again shows the later job."""
    for _ in range(2):
        newest = await jobs.create(new_job())
        await jobs.set_message(newest.id, 1, 34)
    found = await jobs.find_by_message(34)
    assert found is not None
    assert found.id == newest.id


async def test_an_image_starts_once(jobs: Jobs) -> None:
    """The second one is told that it is too late."""
    job = await jobs.create(new_job())
    assert await jobs.image_started(job.images[0].id) is True
    assert await jobs.image_started(job.images[0].id) is False


async def test_a_job_whose_pictures_all_fail_fails(jobs: Jobs) -> None:
    """With the first error and its reference."""
    job = await jobs.create(new_job(images=2))
    first = await jobs.image_failed(job.images[0].id, "No memory.", "AAA")
    last = await jobs.image_failed(job.images[1].id, "No disk.", "BBB")
    assert (first.state, last.state) == (JobState.QUEUED, JobState.FAILED)
    assert (last.error, last.reference, last.rendered_at) == ("No memory.", "AAA", None)
    assert [(image.error, image.reference) for image in last.images] == [
        ("No memory.", "AAA"),
        ("No disk.", "BBB"),
    ]


async def test_a_job_with_one_painted_picture_is_rendered(jobs: Jobs) -> None:
    """What could be painted is delivered, and the error is kept beside it."""
    job = await jobs.create(new_job(images=2))
    await paint(jobs, job.images[0].id)
    last = await jobs.image_failed(job.images[1].id, "No memory.", "AAA")
    assert (last.state, last.error) == (JobState.RENDERED, "No memory.")


async def test_cancelling_returns_what_was_not_done(jobs: Jobs) -> None:
    """Painted pictures stay recorded; a second time does nothing."""
    job = await jobs.create(new_job(images=3))
    first, second, third = job.images
    await paint(jobs, first.id)
    await jobs.image_started(second.id)
    assert await jobs.cancel(job.id) == (second.id, third.id)
    assert await jobs.cancel(job.id) == ()
    stored = await jobs.get(job.id)
    assert stored is not None
    assert stored.state is JobState.CANCELLED
    assert [image.state for image in stored.images] == [
        ImageState.PAINTED,
        ImageState.CANCELLED,
        ImageState.CANCELLED,
    ]


async def test_what_finishes_after_the_cancelling_changes_nothing(jobs: Jobs) -> None:
    """The first one wins: nothing that was cancelled is painted, failed, started or delivered."""
    job = await jobs.create(new_job())
    image = job.images[0].id
    await jobs.image_started(image)
    await jobs.cancel(job.id)
    late = await jobs.image_painted(image, file="a", sha256="b", seconds=1, weights="", recipe="{}")
    await jobs.image_failed(image, "x", "y")
    assert not await jobs.image_started(image)
    assert not await jobs.delivered(job.id, 1)
    assert await jobs.get(job.id) == late
    assert (late.state, late.error, late.images[0].state) == (JobState.CANCELLED, None, ImageState.CANCELLED)


async def test_a_rendered_job_cannot_be_cancelled(jobs: Jobs) -> None:
    """It is on its way to the member."""
    job = await jobs.create(new_job())
    rendered = await paint(jobs, job.images[0].id)
    assert await jobs.cancel(job.id) == ()
    assert await jobs.get(job.id) == rendered


async def test_an_unknown_picture_is_a_fault_of_the_caller(jobs: Jobs) -> None:
    """There is no job to return."""
    with pytest.raises(LookupError):
        await jobs.image_failed(12345, "x", "y")


async def test_unknown_states_do_not_get_into_the_database(db: Database, jobs: Jobs) -> None:
    """The tables themselves refuse them."""
    job = await jobs.create(new_job())
    with pytest.raises(Exception, match="CHECK constraint"):
        async with db.transaction() as tx:
            await tx.execute("UPDATE jobs SET state = 'lost' WHERE id = ?", job.id)


# -- caps and lists --------------------------------------------------------------------------------------


async def test_a_members_cap(jobs: Jobs) -> None:
    """Pictures that wait or run count, not jobs; nothing of the refused job is stored."""
    await jobs.create(new_job(images=3))
    with pytest.raises(CapReached) as caught:
        await jobs.create(new_job(images=2, cap_user=4))
    assert (caught.value.which, caught.value.cap, caught.value.pending) == ("user", 4, 3)
    assert await jobs.counts_pending(7, 9) == Pending(user=3, guild=3)
    await jobs.create(new_job(images=1, cap_user=4))


async def test_a_guilds_cap(jobs: Jobs) -> None:
    """All its members together."""
    await jobs.create(new_job(images=3, user=1))
    with pytest.raises(CapReached) as caught:
        await jobs.create(new_job(images=2, user=2, cap_guild=4))
    assert (caught.value.which, caught.value.cap, caught.value.pending) == ("guild", 4, 3)


async def test_a_cap_is_of_this_guild(jobs: Jobs) -> None:
    """What a member has waiting elsewhere is another guild's business."""
    await jobs.create(new_job(images=4, guild=1, cap_user=4))
    await jobs.create(new_job(images=4, guild=2, cap_user=4))
    assert await jobs.counts_pending(7, 2) == Pending(user=4, guild=4)


async def test_what_is_done_makes_room(jobs: Jobs) -> None:
    """Painted, failed and cancelled pictures no longer count."""
    job = await jobs.create(new_job(images=2, cap_user=2))
    await paint(jobs, job.images[0].id)
    await jobs.image_failed(job.images[1].id, "x", "y")
    cancelled = await jobs.create(new_job(images=2, cap_user=2))
    await jobs.cancel(cancelled.id)
    await jobs.create(new_job(images=2, cap_user=2))


async def test_waiting_jobs_are_this_guilds_oldest_first(jobs: Jobs) -> None:
    """Those of others and those that are done are not among them."""
    mine = [await jobs.create(new_job(guild=1)) for _ in range(4)]
    await jobs.create(new_job(guild=2))
    await jobs.cancel(mine[1].id)
    await jobs.image_started(mine[2].images[0].id)
    assert [job.id for job in await jobs.waiting_jobs(1, 10)] == [mine[0].id, mine[2].id, mine[3].id]
    assert [job.id for job in await jobs.waiting_jobs(1, 1)] == [mine[0].id]


async def test_counts_name_every_state(jobs: Jobs) -> None:
    """Zero where there is none."""
    await jobs.create(new_job())
    counts = await jobs.counts()
    assert counts == dict.fromkeys(JobState, 0) | {JobState.QUEUED: 1}

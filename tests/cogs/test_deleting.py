"""Deleting a result: by whom, what goes, and what is left where something fails."""

from __future__ import annotations

from pathlib import Path

import discord
import pytest

from tests.support.results import RESULT, ask_to_delete, files
from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import World, answer_of, text_of


@pytest.mark.parametrize("who", ["alice", "mod"])
async def test_author_and_moderator_delete(painted: World, who: str) -> None:
    """Message and files are gone, and the answer takes the question's place."""
    assert files(painted)
    _, asked = await ask_to_delete(painted, getattr(painted, who))
    assert painted.history() == []
    assert files(painted) == []
    assert text_of(asked.response) == "Deleted."


async def test_a_stranger_may_not_delete(painted: World) -> None:
    """Nor does it ask them."""
    result = await painted.bob.click(painted.galleries()[0], label="Delete")
    assert "Only the member who asked" in answer_of(result)
    assert len(files(painted)) == 1


async def test_what_was_deleted_cannot_be_gone_on_from(painted: World) -> None:
    """Discord would not take the message down: its buttons say what happened."""
    painted.env.inject_error("DELETE", "/channels/*/messages/*", status=403, code=50001)
    _, asked = await ask_to_delete(painted, painted.alice)
    assert "would not let me" in text_of(asked.response)
    assert files(painted) == []
    for label in (each for each in RESULT if each != "Delete"):
        result = await painted.bob.click(painted.galleries()[0], label=label)
        assert "These pictures were deleted" in answer_of(result)


async def test_a_message_that_stayed_is_taken_down_by_another_press(painted: World) -> None:
    """By those who may delete; the files are gone already."""
    painted.env.inject_error("DELETE", "/channels/*/messages/*", status=403, code=50001)
    await ask_to_delete(painted, painted.alice)
    refused = await painted.bob.click(painted.galleries()[0], label="Delete")
    assert "Only the member who asked" in answer_of(refused)
    result = await painted.alice.click(painted.galleries()[0], label="Delete")
    assert answer_of(result) == "Deleted."
    assert painted.history() == []


async def test_files_that_cannot_be_removed_are_told_and_tried_again(
    painted: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next start removes them."""

    def refuse(self: Path, *, missing_ok: bool = False) -> None:
        raise PermissionError(13, "denied")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", refuse)
        _, asked = await ask_to_delete(painted, painted.alice)
    assert "1 file could not be removed from the disk yet" in text_of(asked.response)
    assert len(files(painted)) == 1
    await painted.restart()
    await painted.until(lambda: not files(painted), "the sweep")


async def test_a_moderator_of_another_channel_may_not_delete(painted: World) -> None:
    """Who may delete messages elsewhere shows the job there, and may not delete it."""
    janitor = painted.guild.add_member(painted.env.create_user("janitor"))
    other = painted.guild.create_text_channel(
        "memes", overwrites={janitor: discord.PermissionOverwrite(manage_messages=True)}
    )
    result = await janitor.slash(other, "show", job="1")
    assert result.response is not None
    refused = await janitor.click(result.response, label="Delete")
    assert "Only the member who asked" in answer_of(refused)
    assert len(files(painted)) == 1


async def test_deleted_while_it_is_being_posted(world: World, engine: ScriptedEngine) -> None:
    """The pictures that arrive after that are taken down."""
    deliver = world.app.studio.delivered

    async def late(job_id: int, message_id: int | None, revision: int | None = None) -> bool:
        job = await world.app.studio.job(job_id)
        assert job is not None
        await world.app.afterwards.delete(job)
        return await deliver(job_id, message_id, revision)

    world.app.studio.delivered = late  # type: ignore[method-assign]
    await world.imagine()
    await world.finished()
    await world.until(lambda: world.galleries() == [], "the message is taken down")
    assert files(world) == []


async def test_a_deletion_cut_short_is_finished_by_the_next_start(painted: World) -> None:
    """Between the note in the database and the files lies a moment in which the process can be killed."""
    assert await painted.app.afterwards._gallery.delete(1)
    assert files(painted)
    await painted.restart()
    await painted.until(lambda: not files(painted), "the sweep")
    assert await painted.app.afterwards.sweep() == 0

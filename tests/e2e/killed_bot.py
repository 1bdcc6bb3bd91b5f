"""A bot that is killed: run as `python -m tests.e2e.killed_bot DATA WEIGHTS MOMENT` by `test_kill.py`.

It opens the real bot with the real engine on a simulated Discord, lets two members of one guild ask for
pictures, and kills its own process with SIGKILL at the given moment. With the moment `never` it takes up what it
finds and ends by itself. Every message with pictures is printed when Discord has accepted it, and written to a file
from which the next process's Discord takes it, as the real one would still have it.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import simcord

from bot.dispatcher import Dispatcher
from bot.pictures import Pictures
from cogs.following import Follower
from cogs.post import Post
from cogs.uploads import Upload
from db.jobs import Job
from pipeline.work import Event, Stepped
from tests.support.simcord_env import World
from tests.support.wire import Wire

MOMENTS = ("queued", "painting", "saved", "rendered", "accepted", "posted")
JOBS = 4
STEPS = 4


def die(*_: object) -> None:
    """As `kill -9` from outside."""
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGKILL)


def arm(moment: str) -> None:
    """Make the process die at a moment, by stepping in front of the method that is called then."""
    real_event, real_save, real_deliver = Dispatcher.on_event, Pictures._save, Follower._deliver

    one_at_a_time = asyncio.Lock()

    def on_event(self: Dispatcher, event: Event) -> None:
        if moment == "painting" and isinstance(event, Stepped) and event.step == 2 and event.id > 2:
            die()
        real_event(self, event)

    def save(self: Pictures, *args: Any) -> Any:
        saved = real_save(self, *args)
        if moment == "saved":
            die()  # the file is there, the database does not know it yet
        return saved

    async def deliver(self: Follower, *args: Any, **kwargs: Any) -> None:
        if moment == "rendered":
            die()
        # One at a time: what this Discord has just taken of another job may not be in the file yet.
        async with one_at_a_time:
            await real_deliver(self, *args, **kwargs)
            if moment == "posted":
                die()  # one job is done for good, the others are anywhere

    Dispatcher.on_event = on_event  # type: ignore[method-assign]
    Pictures._save = save  # type: ignore[method-assign, assignment]
    Follower._deliver = deliver  # type: ignore[method-assign]


def report_posts(accepted: Path, moment: str) -> None:
    """Print the job of every message with pictures that Discord has accepted, and keep the message."""
    real_post = Follower._post_pictures
    real_result = Post.result

    async def result(self: Post, view: Any, uploads: Sequence[Upload], *args: Any) -> int | None:
        message_id = await real_result(self, view, uploads, *args)
        entry = {"message": message_id, "channel": self._channel.id, "files": [u.name for u in uploads]}
        with accepted.open("a") as log:
            log.write(json.dumps(entry) + "\n")
            log.flush()
            os.fsync(log.fileno())
        return message_id

    async def post(self: Follower, job: Job, *args: Any, **kwargs: Any) -> int | None:
        message_id = await real_post(self, job, *args, **kwargs)
        print("posted", job.id, flush=True)
        if moment == "accepted":
            die()  # Discord has the pictures, the database does not know it yet
        return message_id

    Follower._post_pictures = post  # type: ignore[method-assign]
    Post.result = result  # type: ignore[method-assign, assignment]


def keep_messages(env: simcord.Env, accepted: Path) -> None:
    """Give this Discord what the one of an earlier process has accepted."""
    if not accepted.exists():
        return
    backend = env.backend
    for entry in map(json.loads, accepted.read_text().splitlines()):
        channel = entry["channel"]
        files = [
            backend.cdn.store_attachment(backend.snowflake(), channel, name, b"png", None)
            for name in entry["files"]
        ]
        message = backend.create_message(channel, backend.bot_user.id, attachments=files, broadcast=False)
        del backend.messages[channel][message.id]
        message.id = entry["message"]
        backend.messages[channel][message.id] = message


class EarlyWorld(World):
    """A world whose guild is there before the bot connects, with the same ids in every process."""

    accepted: Path

    async def open(self) -> None:
        """Make the guild, then start the bot."""
        await self._open_bot()
        self.env = simcord.Env(self.bot, check_errors=False, settle_timeout=60.0)
        self._park.env = self.env
        self.wire = Wire(self.env)
        self.wire.listen()
        self.guild = self.env.create_guild("Painters", id=1400000000000000001)
        self.channel = self.guild.create_text_channel("painting")
        self.alice = self.guild.add_member(self.env.create_user("alice"))
        self.bob = self.guild.add_member(self.env.create_user("bob"))
        # Only now the time of the real clock, from which the database takes its own.
        self.env.backend.clock._epoch = datetime.now(UTC)
        keep_messages(self.env, self.accepted)
        await self.env.start()
        await self.env.settle()


async def main(data: str, weights: str, moment: str) -> None:
    """Play the part."""
    accepted = Path(data) / "accepted-by-discord.jsonl"
    report_posts(accepted, moment)
    world = EarlyWorld(Path(data), None, {"weights": {"WEIGHTS_MINIATURE": Path(weights)}})
    world.accepted = accepted
    await world.open()
    if moment != "never":
        arm(moment)
        for number in range(JOBS):
            actor = (world.alice, world.bob)[number % 2]
            await world.imagine(actor, prompt=f"1girl, number {number}", steps=STEPS, seed=number * 10, count=2)
            print("queued", number, flush=True)
        if moment == "queued":
            die()
    await world.finished(seconds=200.0)
    await world.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

"""A bot that is killed: run as `python -m tests.e2e.killed_bot DATA CACHE MOMENT` by `test_kill.py`.

It opens the real bot with the real engine on a simulated Discord, lets two members of one guild ask for
pictures, and kills its own process with SIGKILL at the given moment. With the moment `never` it takes up what it
finds and ends by itself. Every message with pictures is printed when Discord has accepted it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import simcord

from bot.dispatcher import Dispatcher
from bot.pictures import Pictures
from cogs.painting import Painting
from db.jobs import Job
from pipeline.work import Event, Stepped
from tests.support.simcord_env import World
from tests.support.wire import Wire

MOMENTS = ("queued", "painting", "saved", "rendered", "posted")
JOBS = 4
STEPS = 4


def die(*_: object) -> None:
    """As `kill -9` from outside."""
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGKILL)


def arm(moment: str) -> None:
    """Make the process die at a moment, by stepping in front of the method that is called then."""
    real_event, real_save, real_deliver = Dispatcher.on_event, Pictures._save, Painting._deliver

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

    async def deliver(self: Painting, *args: Any, **kwargs: Any) -> None:
        if moment == "rendered":
            die()
        # One at a time: this Discord dies with the process, so what it has just taken of another job could not be
        # found again at the next start, as it is on the real one.
        async with one_at_a_time:
            await real_deliver(self, *args, **kwargs)
            if moment == "posted":
                die()  # one job is done for good, the others are anywhere

    Dispatcher.on_event = on_event  # type: ignore[method-assign]
    Pictures._save = save  # type: ignore[method-assign, assignment]
    Painting._deliver = deliver  # type: ignore[method-assign]


def report_posts() -> None:
    """Print the job of every message with pictures that Discord has accepted."""
    real_post = Painting._post_pictures

    async def post(self: Painting, job: Job, *args: Any, **kwargs: Any) -> int:
        message_id = await real_post(self, job, *args, **kwargs)
        print("posted", job.id, flush=True)
        return message_id

    Painting._post_pictures = post  # type: ignore[method-assign]


class EarlyWorld(World):
    """A world whose guild is there before the bot connects, with the same ids in every process."""

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
        await self.env.start()
        await self.env.settle()


async def main(data: str, cache: str, moment: str) -> None:
    """Play the part."""
    report_posts()
    world = EarlyWorld(Path(data), None, {"cache_dir": Path(cache)})
    await world.open()
    if moment != "never":
        arm(moment)
        for number in range(JOBS):
            actor = (world.alice, world.bob)[number % 2]
            await world.imagine(actor, prompt=f"1girl, number {number}", steps=STEPS, seed=number * 10, count=2)
            print("queued", number, flush=True)
        if moment == "queued":
            die()
    while world.app.studio.waiting_jobs() or world.bot.painting.busy:
        await world.env.settle()
        await asyncio.sleep(0.02)
    await world.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

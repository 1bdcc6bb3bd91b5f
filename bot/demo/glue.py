"""What simcord 3.2.1 lacks for a live page, in one place. It touches private parts, hence the exact pin.

1. `Park` tells simcord which waits are for the world outside (the executor thread).
2. `open_page` opens a page beside another one: simcord allows one, and a page shows one channel.
3. `Live` keeps the pages up to date by itself and lets clicks through while it does.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import simcord

if TYPE_CHECKING:
    from simcord.actors import MemberActor
    from simcord.builders import ChannelHandle
    from simcord.preview import Preview

log = logging.getLogger(__name__)

REFRESH_SECONDS: Final = 0.25
MEDIA_BYTES: Final = 2 * 1024**3
"""simcord stops showing pictures after 128 MiB a session, which a patient newcomer reaches."""


class Park:
    """The injected wait of `bot.dispatcher`: plain until `env` is set, declared to simcord from then on."""

    def __init__(self) -> None:
        self.env: simcord.Env | None = None

    async def __call__(self, awaitable: Awaitable[Any], *, reason: str) -> Any:
        """Wait. Tasks that simcord does not own (the dispatcher's) need no declaration, and may make none."""
        env = self.env
        if env is None or asyncio.current_task() not in env._work.tasks:  # noqa: SLF001 - there is no public test
            return await awaitable
        return await env.external_wait(awaitable, reason=reason)


def open_page(
    env: simcord.Env, channel: ChannelHandle, viewers: Sequence[MemberActor], port: int | None = None
) -> Preview:
    """A page of one channel, to be entered at once, also beside others."""
    env._preview = None  # noqa: SLF001
    return env.preview(channel, viewers=viewers, layout="channel", port=port)


class Live:
    """Keeps preview pages live: a task refreshes them, and a lock keeps refreshes and clicks apart.

    Without the lock about 40 % of the clicks race with a refresh and are rejected. The page numbers its
    revisions and refuses a click on an old one, so each action is given the current number: between two
    refreshes only the progress bar changes, never what a button means.
    """

    def __init__(self, env: simcord.Env, *previews: Preview) -> None:
        self._env = env
        self._previews = previews
        self._lock = asyncio.Lock()
        self._seen = -1
        for preview in previews:
            preview._action = partial(self._action, preview, preview._action)  # type: ignore[method-assign]  # noqa: SLF001
            preview._MAX_MEDIA_BYTES = MEDIA_BYTES  # type: ignore[misc]  # noqa: SLF001

    async def _action(
        self, preview: Preview, act: Callable[[Any, Any], Awaitable[Any]], context_id: Any, body: Any
    ) -> Any:
        async with self._lock:
            if isinstance(body, dict) and "published_revision" in body:
                with contextlib.suppress(simcord.SetupError):
                    body["published_revision"] = preview._get_page(context_id).revision  # noqa: SLF001
            self._env._preview = preview  # noqa: SLF001 - simcord tells it of what is done here
            try:
                return await act(context_id, body)
            finally:
                # The page has answered with what is new on it; the other ones have not.
                self._seen = len(self._env.http_requests) if len(self._previews) == 1 else -1

    async def run(self) -> None:
        """Refresh until cancelled. its clock follows the wall clock, so pauses and tokens run out."""
        last = time.monotonic()
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            try:
                async with self._lock:
                    now = time.monotonic()
                    passed, last = now - last, now
                    await self._env.advance_time(passed)
                    requests = len(self._env.http_requests)
                    if requests != self._seen:
                        for preview in self._previews:
                            await preview.refresh()
                        self._seen = requests
            except (simcord.SetupError, TimeoutError) as error:
                # Something else of simcord's is in progress, or the bot is busy: the next round catches up.
                log.debug("the page was not refreshed: %s", error)

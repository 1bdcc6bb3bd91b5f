"""`python -m bot demo`: the real bot on a simulated Discord, as a page in the browser."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import tempfile
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from bot.logs import set_up_logs
from bot.settings import Settings, read_settings
from pipeline.numbers import whole_number
from pipeline.sentence import Sentence


def run(args: argparse.Namespace) -> int:
    """Serve the page until its session is ended or Ctrl+C."""
    port = whole_number(Sentence("--port"), args.port, 0, 65535)
    with tempfile.TemporaryDirectory(prefix="tagbrush-demo-") as folder:
        asked = read_settings()
        # The simulated Discord forgets everything when it ends, so its jobs live as long as it does; the models'
        # cache is the usual one.
        settings = read_settings(
            data_dir=Path(folder), cache_dir=asked.cache, log_level="warning", default_profile="miniature"
        )
        set_up_logs(settings)
        # The simulator has no gateway: discord.py's warnings about intents and voice say nothing here.
        for name in ("simcord", "discord.client", "discord.state"):
            logging.getLogger(name).setLevel(logging.ERROR)
        _say("Starting the bot on a simulated Discord ...", as_json=args.json)
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_serve(settings, port or None, as_json=args.json))
    return 0


async def _serve(settings: Settings, port: int | None, *, as_json: bool) -> None:
    from bot.app import App, open_app
    from bot.demo.glue import Park
    from bot.demo.server import serve

    def opened(park: Park) -> AbstractAsyncContextManager[App]:
        return open_app(settings, park=park)

    def ready(url: str, moderators: str) -> None:
        if as_json:
            print(json.dumps({"url": url, "moderators": moderators}), flush=True)
        else:
            print(
                f"Open {url}\nType /imagine there, with a prompt such as: 1girl, green hair, twintails, beanie, "
                f"outdoors, night\nThe moderators' channel: {moderators}\nStop with Ctrl+C.",
                flush=True,
            )

    await serve(opened, port=port, ready=ready)


def _say(text: str, *, as_json: bool) -> None:
    if not as_json:
        print(text, flush=True)

"""`python -m bot doctor`: one line for each check; fails when the bot could not work."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import AsyncIterator
from typing import Final

from bot.doctor import machine
from bot.doctor.check import Check, Status, fail, ok
from bot.doctor.online import check_discord
from bot.doctor.output import check_output
from bot.models import read_profiles
from bot.settings import Settings, read_settings
from pipeline.errors import MemberError
from pipeline.profiles.types import Profile

_SIGNS: Final = {Status.OK: "ok  ", Status.WARN: "note", Status.FAIL: "FAIL"}


def run(args: argparse.Namespace) -> int:
    """Run every check and print it."""
    return asyncio.run(_doctor(as_json=args.json))


async def _doctor(*, as_json: bool) -> int:
    worst = 0
    async for check in checks():
        if as_json:
            print(
                json.dumps(
                    {"check": check.name, "status": check.status, "text": check.text}, ensure_ascii=False
                )
            )
        else:
            print(f"{_SIGNS[check.status]}  {check.name}: {check.text}", flush=True)
        worst |= check.status is Status.FAIL
    return worst


async def checks() -> AsyncIterator[Check]:
    """Every check, cheapest first. What depends on broken settings is left out."""
    yield machine.check_python()
    yield machine.check_torch()
    try:
        settings = read_settings()
        profiles = read_profiles(settings)
    except MemberError as error:
        yield fail("settings", error.text)
        return
    yield ok("settings", f"{len(profiles)} profiles, {settings.default_profile} is the default")
    for check in (machine.check_memory(), machine.check_disk(settings), await machine.check_database(settings)):
        yield check
    for check in machine.check_weights(settings, profiles):
        yield check
    for check in await asyncio.to_thread(_device, settings, profiles):
        yield check
    yield await asyncio.to_thread(check_output, settings)
    async for check in check_discord(settings):
        yield check


def _device(settings: Settings, profiles: dict[str, Profile]) -> list[Check]:
    return list(machine.check_device(settings, profiles))

"""What ceilings, word rules, the check, reviews and strikes tell on the page of settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from bot.moderation import ceilings, reviewing, strikes, thresholds
from cogs.mod.page import Page, setting
from cogs.mod.subject import length_text
from cogs.text import percent, plural
from cogs.words import say
from pipeline.prompt.above import Above

if TYPE_CHECKING:
    from bot.app import App

NAMES: Final = (
    ceilings.RATING,
    ceilings.ABOVE,
    thresholds.NAME,
    reviewing.CHANNEL,
    reviewing.HIDE_AFTER,
    strikes.DAYS,
    strikes.STEPS,
)
_MOST: Final = 10
"""Channels and roles of one setting; the area's own `show` has them all."""


def tell_rest(page: Page, app: App) -> None:
    """Add their lines to the page."""
    page.add(
        NAMES, lambda guild_id: [*_ratings(app, guild_id), *_check(app, guild_id), *_strikes(app, guild_id)]
    )


def _ratings(app: App, guild_id: int) -> Iterator[str]:
    found = app.moderation.ceilings
    places = {f"<#{target}>": rating.value for target, rating in found.channels(guild_id).items()}
    places |= {f"<@&{target}>": rating.value for target, rating in found.roles(guild_id).items()}
    yield setting(say("Ceilings"), _listed(places), say("by age-restriction"))
    moved = say("moved to the negative prompt") if found.above(guild_id) is Above.MOVE else None
    yield setting(say("Words above the ceiling"), moved, say("the request is refused"))
    rules = len(app.moderation.words.of(guild_id))
    yield setting(say("Word rules"), str(rules) if rules else None, say("the built-in list alone"))


def _check(app: App, guild_id: int) -> Iterator[str]:
    found = app.checker.thresholds
    whole, usual = found.of_guild(guild_id), percent(thresholds.DEFAULT)
    yield setting(say("Withheld from"), percent(whole) if whole != thresholds.DEFAULT else None, usual)
    channels = {f"<#{target}>": percent(value) for target, value in found.of_channels(guild_id).items()}
    if channels:
        yield setting(say("Withheld in channels from"), _listed(channels), usual)
    channel = app.reviewing.channel(guild_id)
    yield setting(
        say("Channel for reviews"), f"<#{channel}>" if channel else None, say("none, only `/mod review list`")
    )
    count, most = app.reviewing.hide_after(guild_id), reviewing.DEFAULT_HIDE_AFTER
    yield setting(say("Reports that take a picture down"), str(count) if count != most else None, str(most))


def _strikes(app: App, guild_id: int) -> Iterator[str]:
    rules = app.enforcement.sanctions.rules
    days, steps = rules.days(guild_id), rules.steps(guild_id)
    usual = (strikes.DEFAULT_DAYS, dict(strikes.DEFAULT_STEPS))
    yield setting(say("Strikes"), _counted(days, steps) if (days, steps) != usual else None, _counted(*usual))


def _counted(days: int, steps: Mapping[int, int]) -> str:
    counts = say("count for {days}", days=plural(days, "day")) if days else say("count for ever")
    follows = [
        say("from {count} on a ban: {length}", count=count, length=length_text(seconds))
        for count, seconds in steps.items()
    ]
    return "; ".join([counts, *follows])


def _listed(places: Mapping[str, str]) -> str | None:
    """`#a: this, #b: that`; None where there is nothing."""
    some: Iterable[str] = [f"{place}: {value}" for place, value in list(places.items())[:_MOST]]
    more = "…" if len(places) > _MOST else ""
    return ", ".join([*some, *([more] if more else [])]) or None

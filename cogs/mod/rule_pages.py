"""How rules are shown: one line each, page by page, and what a trial came to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Self

import discord
from discord import ui

from bot.moderation.rule_test import Outcome
from cogs.buttons import AnyInteraction, GuardedButton
from cogs.fate import NOBODY
from cogs.mod.acting import check_moderator
from cogs.text import inline, plain, shown, trim
from cogs.who import Who
from cogs.words import say, translated
from pipeline.safety.matcher import Kind, Match, Rule
from pipeline.safety.minors import Part

if TYPE_CHECKING:
    from cogs.buttons import Front

PAGE: Final = 8
_TOLD: Final = 12
"""Matches that are shown of each sort; the rest is counted."""
_LABELS: Final = {
    Part.ALONE: "never painted",
    Part.AGE: "an age, refused together with sexual words",
    Part.SEXUAL: "sexual, refused together with an age",
}
_SHOWN: Final = 50


def line(rule: Rule) -> str:
    """One rule as moderators read it."""
    what = say("blocks {words}", words=inline(rule.pattern)) if rule.kind is Kind.BLOCK else ""
    what = what or say("allows {words}", words=inline(rule.pattern))
    note = f" · “{plain(trim(rule.note, _SHOWN))}”" if rule.note else ""
    return f"`#{rule.number}` {what}{note}"


def page_view(rules: Sequence[Rule], page: int, text: str) -> tuple[str, discord.ui.View | None]:
    """One page, newest rules first, with the buttons to the next ones where there are any."""
    wanted = text.casefold()
    found = [rule for rule in reversed(rules) if wanted in rule.pattern.casefold()]
    if not found:
        return say("No rules here yet. `/mod rule add` makes one.") if not text else say(
            "No rule has these letters."
        ), None
    pages = -(-len(found) // PAGE)
    page = min(max(page, 0), pages - 1)
    head = say("### Rules: {count} (page {page} of {pages})", count=len(found), page=page + 1, pages=pages)
    content = "\n".join([head, *(line(rule) for rule in found[page * PAGE : (page + 1) * PAGE])])
    if pages == 1:
        return content, None
    view = ui.View(timeout=None)
    view.add_item(RulePageButton(page - 1, text, later=False, disabled=page == 0))
    view.add_item(RulePageButton(page + 1, text, later=True, disabled=page + 1 == pages))
    return content, view


class RulePageButton(
    GuardedButton, template=r"tb:rules:(?P<way>[no]):(?P<page>-?[0-9]{1,6}):(?P<text>(?s:.*))"
):
    """Turns a page of the rules."""

    who = Who.MODERATOR
    doing = "turning the page"

    def __init__(self, page: int, text: str, *, later: bool, disabled: bool = False) -> None:
        self.page, self.text = page, text
        super().__init__(
            ui.Button(
                label=say("Older") if later else say("Newer"),
                emoji="▶️" if later else "◀️",
                disabled=disabled,
                custom_id=f"tb:rules:{'o' if later else 'n'}:{page}:{text}",
            )
        )

    @classmethod
    async def from_custom_id(cls, _: AnyInteraction, __: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button again, from its custom id."""
        return cls(int(match["page"]), match["text"], later=match["way"] == "o")

    async def act(self, interaction: AnyInteraction, front: Front) -> None:
        """Put the page in place of this one."""
        check_moderator(interaction)
        await interaction.response.defer()
        rules = front.moderation.words.of(interaction.guild_id or 0)
        content, view = page_view(rules, self.page, self.text)
        await interaction.edit_original_response(content=content, view=view, allowed_mentions=NOBODY)


def trial_text(outcome: Outcome) -> str:
    """What a trial came to, for the moderator who asked."""
    parts = [
        say("**This prompt would be refused.**") if outcome.blocked else say("**No rule refuses this prompt.**")
    ]
    if outcome.refused is not None:
        words = " + ".join(
            inline(each, _SHOWN) for each in (outcome.refused.word, outcome.refused.sexual) if each
        )
        parts.append(say("The built-in rule against sexualised minors refuses {words}.", words=words))
    parts += _listed(say("Rules of this server:"), [_match(each) for each in outcome.here])
    parts += _listed(say("Rules of this bot:"), [_match(each) for each in outcome.everywhere])
    parts += _listed(
        say("Words of the built-in list:"),
        [
            f"{inline(each.quote, _SHOWN)} – {translated(_LABELS[Part(each.rule.note)])}"
            for each in outcome.built_in
        ],
    )
    if outcome.problem is not None:
        parts.append(say("Besides, it could not be painted: {problem}", problem=shown(outcome.problem.text)))
    return "\n".join(parts)


def _match(match: Match) -> str:
    told = f"{line(match.rule)} → {inline(match.quote, _SHOWN)}"
    return f"{told} ({say('allowed by another rule')})" if match.allowed else told


def _listed(head: str, lines: list[str]) -> list[str]:
    if not lines:
        return []
    more = [f"… +{len(lines) - _TOLD}"] if len(lines) > _TOLD else []
    return [head, *(f"- {each}" for each in lines[:_TOLD]), *more]

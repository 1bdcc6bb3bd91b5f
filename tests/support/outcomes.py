"""What came of trying something: hidden, refused, answered, or something that must not be."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Self

import simcord

from tests.support.simcord_env import text_of
from tests.support.stage import Stage

FAULT = "went wrong"
REFUSED = (
    "You are banned",
    "Only the owner of this bot",
    "Only moderators can",
    "Only the member",
    "Only whoever",
    "Only you",
    "This job is no longer known",
    "This batch is no longer",
    "is no longer known",
    "only they can do that",
    "You may not use this here",
)
"""How the answers begin, or what they contain, that somebody gets who may not."""


@dataclass(frozen=True)
class Outcome:
    """What came of trying."""

    hidden: bool = False
    acknowledged: bool = True
    texts: tuple[str, ...] = ()
    form: bool = False
    public: bool = False
    """Whether anybody else saw an answer."""

    @property
    def text(self) -> str:
        """All that was said."""
        return "\n".join(self.texts)

    @property
    def refused(self) -> bool:
        """Whether it was not for them."""
        return self.hidden or any(part in self.text for part in REFUSED)

    def problem(self, *, may: bool, private: bool) -> str:
        """What is wrong with it, empty if nothing is."""
        if FAULT in self.text:
            return f"a fault: {self.text}"
        if self.hidden:
            return "hidden" if may else ""
        if not self.acknowledged or not (self.text.strip() or self.form):
            return "silence"
        if may and self.refused:
            return f"refused: {self.text}"
        if not may and not self.refused:
            return f"not refused: {self.text}"
        if (private or not may) and self.public:
            return f"everybody sees the answer: {self.text}"
        return ""


def outcome_of(result: simcord.InteractionResult, pressed: int = 0) -> Outcome:
    """The outcome of an interaction; `pressed` is the message of the button, which may change in its own place."""
    told = [each for each in (result.response, *result.followups) if each is not None]
    return Outcome(
        acknowledged=result.acknowledged,
        texts=tuple(text_of(each) for each in told if each.id != pressed),
        form=result.modal is not None,
        public=any(not each.ephemeral for each in told if each.id != pressed),
    )


async def settled_outcome(stage: Stage, result: simcord.InteractionResult) -> Outcome:
    """The outcome; of what only shows pictures in the end, when these are there."""
    outcome = outcome_of(result)
    if outcome.acknowledged and not outcome.text.strip() and not outcome.form:
        stage.engine.hold_at = None
        await stage.world.finished()
        outcome = outcome_of(result)
    return outcome


class Faults(logging.Handler):
    """Collects what the bot logs as a fault of its own."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self.found.append(f"{record.name}: {record.getMessage()}")

    def __enter__(self) -> Self:
        """Listen."""
        logging.getLogger().addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        logging.getLogger().removeHandler(self)

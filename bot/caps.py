"""What is said where too much waits already. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bot.orders import QueueFull
from db.jobs import CapReached
from pipeline.queueing.eta import wording
from pipeline.sentence import Sentence


def full(error: CapReached, left: Sequence[float]) -> QueueFull:
    """The refusal; `left` is how long what waits of theirs will still take, in seconds, where that is known."""
    when = Sentence("Come back when the first of them is done")
    if left:
        when = Sentence("Come back in {time}", time=wording(min(left)))
    who = Sentence("You already have") if error.which == "user" else Sentence("This server already has")
    return QueueFull(
        "{who} {pending} pictures waiting, and {cap} is the most here. {when}; `/queue` shows them.",
        who=who,
        pending=error.pending,
        cap=error.cap,
        when=when,
    )

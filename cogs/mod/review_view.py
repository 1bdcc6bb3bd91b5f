"""What moderators see of a picture that they are to decide about."""

from __future__ import annotations

import json
from typing import Any, Final

from discord import ui

from cogs.layouts import DONE, STOPPED, WORKING, layout, message_link
from cogs.mod.review_buttons import buttons_of
from cogs.text import alt, block, clean, percent, plain, trim
from cogs.words import say
from db.reviews import Kind, Review

PROMPT_ROOM: Final = 900
_REASON_ROOM: Final = 150


def review_view(review: Review, file: str = "") -> ui.LayoutView:
    """The picture as a spoiler with all that is known of it, and the buttons; `file` is the attachment's name."""
    items: list[ui.Item[Any]] = [ui.TextDisplay(say("### Review #{number}", number=review.id))]
    if file:
        gallery: ui.MediaGallery[Any] = ui.MediaGallery()
        gallery.add_item(media=f"attachment://{file}", description=alt(review.prompt), spoiler=True)
        items.append(gallery)
    else:
        items.append(ui.TextDisplay(say("The file of this picture is no longer on the disk.")))
    # What a member paints privately is shown as far as has to be decided about it, and no further.
    if not review.private:
        items.append(ui.TextDisplay(block(review.prompt, PROMPT_ROOM)))
    items.append(ui.TextDisplay(trim("\n".join(_facts(review)), 2400)))
    items.append(ui.ActionRow(*buttons_of(review)))
    return layout(WORKING, *items)


def closed_view(review: Review) -> ui.LayoutView:
    """What is left when it was decided: no picture."""
    shown = review.state in {"approved", "spoiler", "dismissed"}
    head = say("### Review #{number}", number=review.id)
    return layout(
        DONE if shown else STOPPED,
        ui.TextDisplay("\n".join([head, end_of(review), f"-# {_where(review)}"])),
    )


def end_of(review: Review) -> str:
    """How it was decided."""
    match review.state:
        case "approved":
            return say("Approved: it is shown.")
        case "spoiler":
            return say("Approved: it is shown as a spoiler.")
        case "rejected":
            return say("Rejected: it is shown nowhere, and its file is deleted.")
        case "dismissed":
            return say("The reports were dismissed: it stays as it is.")
        case "expired":
            return say("Nobody has decided for so long that its file was deleted.")
    return say("It was deleted meanwhile.")


def line(review: Review) -> str:
    """One line of the list."""
    return f"`#{review.id}` <t:{int(review.created_at)}:R> · {_where(review)} · {_why(review)}"


def _where(review: Review) -> str:
    name = message_link(
        say("job #{number}", number=review.job_id),
        review.guild_id,
        review.job_channel_id,
        None if review.private else review.job_message_id,
    )
    picture = say("picture {n}", n=review.position + 1)
    place = say("a private draft") if review.private else f"<#{review.job_channel_id}>"
    return f"{name}, {picture} · <@{review.user_id}> · {place}"


def _why(review: Review) -> str:
    if review.kind is Kind.UNCHECKED:
        return say("could not be checked (reference {reference})", reference=review.reference or "-")
    if review.kind is Kind.WITHHELD:
        return say("the automatic check rates it above `{ceiling}`", ceiling=review.ceiling or "-")
    if review.hidden:
        return say("reported by {count}, taken down", count=review.reports)
    return say("reported by {count}, still shown", count=review.reports)


def _facts(review: Review) -> list[str]:
    lines = [_where(review), _why(review)]
    if review.scores:
        lines.append(scores_line(review.scores))
    if review.threshold is not None:
        lines.append(say("-# Withheld from {threshold} on.", threshold=percent(review.threshold)))
    if review.classifier:
        lines.append(f"-# {clean(review.classifier)}")
    lines += [f"> {plain(trim(clean(reason), _REASON_ROOM))}" for reason in review.reasons]
    return lines


def scores_line(scores: str) -> str:
    """The four probabilities."""
    try:
        found = json.loads(scores)
        return " · ".join(f"{clean(str(name))} {percent(float(value))}" for name, value in found.items())
    except (ValueError, TypeError, AttributeError):
        return "-"

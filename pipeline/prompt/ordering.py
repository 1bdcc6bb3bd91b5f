"""Ordering tags by a profile's template.

A template names slots in the order in which the model was trained to see them; every tag is sorted into its
slot and keeps its place among the tags of the same slot. A weighted group moves as a whole, and each chunk
between two `BREAK`s is ordered for itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from pipeline.prompt.tags import Item, key_of
from pipeline.prompt.words import table

START: Final = "start"
END: Final = "end"
"""Answers of `special` for tags that go before or after everything else unless the template has their slot."""

_FALLBACKS: Final = {
    "subject": ("character",),
    "character": ("subject",),
    "series": ("character", "subject"),
}
"""Where a tag goes when the template lacks its slot, before `rest`."""

_MAX_NAME_WORDS: Final = 4
_COLOURS = (
    "aqua|black|blonde|blue|brown|green|grey|gray|orange|pink|purple|red|silver|white|yellow|golden|dark|light|"
    "multicolored|two-tone|gradient|violet|crimson|teal|platinum"
)
_GARMENTS = (
    "dress|gown|shirt|skirt|pants|shorts|jacket|coat|sweater|hoodie|kimono|yukata|swimsuit|bikini|uniform|suit|"
    "armor|boots|shoes|socks|thighhighs|pantyhose|leotard|bodysuit|apron|vest|robe|cape|cloak|sleeves|clothes|"
    "outfit|costume|footwear|legwear|underwear|panties|bra|sneakers|sandals|t-shirt|blouse|cardigan|jeans"
)
_ACCESSORIES = (
    "ribbon|bow|hat|cap|gloves|necktie|bowtie|scarf|choker|necklace|earrings|hairband|headband|ornament|belt|"
    "frills|trim|collar|glasses|eyewear|hairclip|crown|jewelry|mask|headwear|bag|neckerchief|flower crown|veil"
)
_ACTIONS = (
    "sitting|standing|lying|kneeling|walking|running|leaning|looking|reaching|hand|hands|arm|arms|leg|legs|"
    "pointing|playing|riding|hugging|flying|jumping"
)
_FORMS: Final = tuple(
    (re.compile(pattern), slot)
    for pattern, slot in (
        (r"\d+\+?\s?(?:girl|boy|other)s?|(?:a|one|two) (?:girl|boy|man|woman)s?", "subject"),
        (r"1 .+|an? (?:girl|boy|man|woman) named .+", "character"),
        (r"by (?!(?:the|an?)\b).+|artist: ?.+|.+ \((?:artist|style)\)", "art_style"),
        (r".+ \(series\)", "series"),
        (r".+ \((?:medium|texture)\)", "painting_style"),
        (r".+ theme", "theme"),
        (r".+ background", "background"),
        (r"(?:in|at|inside|outside) (?:the |an? )?.+|.+ (?:interior|room)", "main_environment"),
        (r"holding .+", "other_items"),
        (rf"(?:{_ACTIONS}) .+", "action"),
        (r".+ (?:smile|expression)", "expression"),
        (
            r"(?:very |absurdly )?(?:long|short|medium|" + _COLOURS + r")(?:[ -]\w+)? hair",
            "main_characteristics",
        ),
        (r"(?:dark|tan|pale|colored)[ -]skin(?:ned)?.*", "main_characteristics"),
        (
            r".*\b(?:hair|eyes|eye|ears|tail|horns|wings|bangs|braids?|pupils|lips|breasts|skin)",
            "other_characteristics",
        ),
        (rf".*\b(?:{_ACCESSORIES})", "clothing_accessories"),
        (rf"wearing .+|.*\b(?:{_GARMENTS})", "clothing"),
        (r".* (?:sky|light|lighting|sunlight|trees?|leaves)", "secondary_environment"),
        (r".+ quality|.+ score|score \d.*", "quality"),
        (r".+ aesthetic|(?:beautiful|detailed|intricate) .+", "aesthetics"),
    )
)
"""Forms of tags that the table does not list, tried in this order on the whole tag."""


def order_items(
    items: Sequence[Item],
    template: Sequence[str],
    special: Callable[[str], tuple[str, str] | None] = lambda _: None,
) -> list[Item]:
    """Sort the items of one chunk by the template. Sorting what was sorted changes nothing.

    Args:
        items: the chunk.
        template: slot names in order; a tag without a slot in it goes to `rest`, which comes last unless it
            is named.
        special: for the key of a tag that the card documents, its slot and `START` or `END`; None otherwise.
    """
    order = [*template] if "rest" in template else [*template, "rest"]
    places = {slot: place for place, slot in enumerate(order)}
    slots: list[str] = []
    ranks: list[int] = []
    for item in items:
        slot, side = _slot_of(item, special)
        slots.append(slot)
        if side and slot not in places:
            ranks.append(-1 if side == START else len(order))
        else:
            ranks.append(_place(slot, places))
    if places["rest"] > max(places.get("series", -1), places.get("character", -1)):
        _name_neighbours(items, slots, ranks, places)
    return [items[index] for index in sorted(range(len(items)), key=ranks.__getitem__)]


def classify(name: str) -> str:
    """The slot of one tag, given its key (lower case, spaces); `rest` when nothing is known about it."""
    words = table()
    name = words.synonyms.get(name, name)
    if name in words.slots:
        return words.slots[name]
    if name in words.series:
        return "series"
    if name in words.characters:
        return "character"
    for form, slot in _FORMS:
        if form.fullmatch(name):
            return slot
    match = re.fullmatch(r"\S.* \(([^()]*)\)", name)
    if match and (match.group(1) in words.qualifiers or match.group(1) in words.series):
        return "character"
    return "rest"


def _slot_of(item: Item, special: Callable[[str], tuple[str, str] | None]) -> tuple[str, str]:
    """Slot and side of an item: a group belongs where its first tag that is known belongs."""
    for tag in item.tags:
        name = key_of(tag)
        if known := special(name):
            return known
        if (slot := classify(name)) != "rest":
            return slot, ""
    return "rest", ""


def _place(slot: str, places: Mapping[str, int]) -> int:
    for candidate in (slot, *_FALLBACKS.get(slot, ())):
        if candidate in places:
            return places[candidate]
    return places["rest"]


def _name_neighbours(
    items: Sequence[Item], slots: list[str], ranks: list[int], places: Mapping[str, int]
) -> None:
    """Unknown tags straight before a series are taken for its characters: `arima kana, oshi no ko`."""
    for index in range(len(items) - 2, -1, -1):
        follows_name = slots[index + 1] in ("series", "character")
        if slots[index] == "rest" and follows_name and _could_be_name(items[index]):
            if slots[index + 1] == "character" and not _leads_to_series(slots, index + 1):
                continue
            slots[index] = "character"
            ranks[index] = _place("character", places)


def _leads_to_series(slots: Sequence[str], start: int) -> bool:
    for slot in slots[start:]:
        if slot != "character":
            return slot == "series"
    return False


def _could_be_name(item: Item) -> bool:
    return len(item.tags) == 1 and len(key_of(item.tags[0]).split(" ")) <= _MAX_NAME_WORDS

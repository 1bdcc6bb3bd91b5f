"""Sorting tags by a template."""

from __future__ import annotations

import random

import pytest

from pipeline.profiles.types import TEMPLATE_SLOTS
from pipeline.prompt.grammar import render
from pipeline.prompt.normalise import spell_literals
from pipeline.prompt.ordering import classify, order_items
from pipeline.prompt.tags import read, spans
from pipeline.prompt.words import table
from tests.pipeline.prompt.samples import NUMBERED

SHORT = ("subject", "character", "series", "rest")
CARD_ORDER = (
    "by xxx, 1 frieren \\(sousou no frieren\\), elf, cowboy shot, impasto, fantasy theme, in the forest, "
    "gradient background, sitting on ground, expressionless, white hair, twintails, wearing a white dress, "
    "frills, holding a magic wand, grass, beautiful color, best quality, birds"
)
"""The AIDXL card's example, one tag for each slot."""


def ordered(text: str, template: tuple[str, ...] = SHORT) -> str:
    """The printed prompt after ordering each chunk."""
    chunks = read(spell_literals(text)[0])
    return render([spans(order_items(items, template)) for items in chunks])


def test_the_full_order_of_aidxl() -> None:
    """Shuffled, the card's example comes back in the card's order."""
    tags = CARD_ORDER.split(", ")
    shuffler = random.Random(5)
    for _ in range(20):
        shuffler.shuffle(tags)
        assert ordered(", ".join(tags), NUMBERED.template) == CARD_ORDER


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("smile, oshi no ko, hoshino ai, 1girl", "1girl, hoshino ai, oshi no ko, smile"),
        ("outdoors, someone unknown, oshi no ko, 1girl", "1girl, someone unknown, oshi no ko, outdoors"),
        ("night, kafka \\(honkai: star rail\\), 1girl", "1girl, kafka \\(honkai: star rail\\), night"),
        ("b, a, 1girl, solo", "1girl, b, a, solo"),
        ("smile, (1girl, solo:1.2)", "(1girl, solo:1.2), smile"),
        ("b, 1girl BREAK a, 1boy", "1girl, b BREAK 1boy, a"),
    ],
)
def test_the_short_template(typed: str, expected: str) -> None:
    """Subject, character and series come first; all else keeps its order; groups and chunks stay whole."""
    assert ordered(typed) == expected
    assert ordered(expected) == expected


def test_slots_of_the_table_exist() -> None:
    """The word table names only slots that a template may hold."""
    assert set(table().slots.values()) <= set(TEMPLATE_SLOTS)


@pytest.mark.parametrize(
    ("tag", "slot"),
    [
        ("3girls", "subject"),
        ("by wlop", "art_style"),
        ("neon lit room", "main_environment"),
        ("crimson hair", "main_characteristics"),
        ("glowing red eyes", "other_characteristics"),
        ("sleeveless teal gown", "clothing"),
        ("striped scarf", "clothing_accessories"),
        ("holding a lantern", "other_items"),
        ("orange background", "background"),
        ("xyzzy", "rest"),
    ],
)
def test_unlisted_tags_are_known_by_their_form(tag: str, slot: str) -> None:
    """Endings and beginnings tell where a tag belongs."""
    assert classify(tag) == slot


@pytest.mark.parametrize(
    ("name", "slot"),
    [
        ("by the sea", "rest"),
        ("by a lake", "rest"),
        ("by an oak", "rest"),
        ("by wlop", "art_style"),
        ("by theo", "art_style"),
        ("by anmi", "art_style"),
    ],
)
def test_by_names_an_artist_unless_an_article_follows(name: str, slot: str) -> None:
    """`by the sea` is a place."""
    assert classify(name) == slot

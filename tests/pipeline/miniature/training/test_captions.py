"""Captions say what the scene shows, in many ways, and nothing that contradicts it."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, replace
from random import Random

import pytest

from pipeline.miniature.artist import scene as words
from pipeline.miniature.artist.scene import Scene, random_scene
from pipeline.miniature.training.captions import (
    COMPLAINTS,
    PRAISE,
    CaptionOptions,
    caption,
    full_tags,
    vocabulary,
)
from pipeline.miniature.training.words import undrawn_words

GIRL = Scene(
    "1girl",
    "forest",
    "night",
    "impasto",
    "masterpiece",
    "newest",
    hair_colour="blonde hair",
    hair_style="twintails",
    eye_colour="blue eyes",
    mouth="smile",
    headwear="witch hat",
    garment="sweater",
    garment_colour="red",
    framing="full body",
    pose="waving",
)
NEVER = CaptionOptions(
    tag_dropout=0, extra_dropout=0, caption_dropout=0, quality_dropout=0, short=0, distractors=0, complaint=0
)


def many(scene: Scene, options: CaptionOptions, count: int = 1500) -> list[list[str]]:
    """Captions split into tags."""
    return [caption(scene, Random(index), options).split(", ") for index in range(count)]


def share(captions: list[list[str]], *tags: str) -> float:
    """How many of the captions hold one of the tags."""
    return sum(bool(set(tags) & set(found)) for found in captions) / len(captions)


def test_full_tags_name_everything() -> None:
    """Subject first, quality and year last."""
    assert full_tags(GIRL) == (
        "1girl", "blonde hair", "twintails", "blue eyes", "smile", "witch hat", "red sweater", "full body",
        "waving", "forest", "night", "impasto", "masterpiece", "newest",
    )  # fmt: skip


def test_closed_eyes_have_no_colour_and_look_at_nobody() -> None:
    """Neither as tag nor in a caption."""
    closed = replace(GIRL, closed_eyes=True)
    assert "blue eyes" not in full_tags(closed)
    assert "closed eyes" in full_tags(closed)
    assert share(many(closed, NEVER), "blue eyes", "looking at viewer") == 0


def test_every_tag_stays_without_dropout_in_any_order() -> None:
    """The subject leads, and nothing is said twice."""
    captions = many(GIRL, NEVER, 200)
    for tags in captions:
        assert set(full_tags(GIRL)) - {"red sweater"} <= set(tags)
        assert {"red sweater", "sweater"} & set(tags)
        assert tags[0] == "1girl"
        assert len(tags) == len(set(tags))
    assert len({tuple(tags) for tags in captions}) == 200


def test_clothing_has_three_wordings() -> None:
    """Colour and garment, both ways, or the garment alone."""
    captions = many(GIRL, NEVER)
    forms = Counter(("red sweater" in tags, "sweater" in tags) for tags in captions)
    assert forms[True, False] / 1500 == pytest.approx(0.6, abs=0.05)
    assert forms[True, True] / 1500 == pytest.approx(0.2, abs=0.05)
    assert forms[False, True] / 1500 == pytest.approx(0.2, abs=0.05)


def test_the_same_chance_gives_the_same_caption() -> None:
    """Captions depend on the generator alone."""
    options = CaptionOptions()
    assert [caption(GIRL, Random(i), options) for i in range(20)] == [
        caption(GIRL, Random(i), options) for i in range(20)
    ]


def test_probabilities_are_obeyed() -> None:
    """Every share comes out as the options say."""
    captions = many(GIRL, replace(NEVER, tag_dropout=0.3))
    assert share(captions, "1girl") == 1
    assert share(captions, "twintails") == pytest.approx(0.7, abs=0.05)
    assert share(many(GIRL, replace(NEVER, caption_dropout=0.2)), "") == pytest.approx(0.2, abs=0.04)
    assert share(many(GIRL, replace(NEVER, quality_dropout=0.4)), "masterpiece") == pytest.approx(0.6, abs=0.05)
    assert share(many(GIRL, NEVER), "rating: general", "general", "safe") == pytest.approx(0.25, abs=0.04)
    assert share(many(GIRL, NEVER), PRAISE[0]) == pytest.approx(0.15, abs=0.04)
    assert share(many(GIRL, replace(NEVER, distractors=0.5)), *undrawn_words()) == pytest.approx(0.5, abs=0.05)


def test_the_default_prompts_were_seen() -> None:
    """Two neighbouring quality tags at once; but never a better quality than the picture's."""
    assert share(many(GIRL, NEVER), "best quality") == pytest.approx(0.4, abs=0.05)
    for quality, company in (("worst quality", "low quality"), ("low quality", "worst quality")):
        captions = many(replace(GIRL, quality=quality), replace(NEVER, complaint=0.5))
        assert share([tags for tags in captions if quality in tags], company) > 0.3
    for quality in ("best quality", "normal quality"):
        found = many(replace(GIRL, quality=quality), NEVER)
        assert share(found, *(other for other in words.QUALITIES if other != quality)) == 0


def test_short_captions_hold_two_to_five_tags() -> None:
    """As people type."""
    lengths = {len(tags) for tags in many(GIRL, replace(NEVER, short=1))}
    # One more where the garment is named twice.
    assert lengths == {2, 3, 4, 5, 6}


def test_quality_stands_at_the_end_mostly() -> None:
    """Else anywhere."""
    rank = {"masterpiece", "best quality", "newest", *PRAISE, "rating: general", "general", "safe"}
    captions = many(GIRL, NEVER)
    at_end = sum(set(tags[-2:]) <= rank for tags in captions) / len(captions)
    assert 0.7 <= at_end < 0.8


def test_kept_tags_stay_in_front() -> None:
    """Neither shuffled nor dropped."""
    for tags in many(GIRL, replace(NEVER, keep_tags=3, tag_dropout=0.5), 100):
        assert tags[:3] == ["1girl", "blonde hair", "twintails"]


def test_bad_pictures_have_flaws_and_complaints() -> None:
    """And good ones never."""
    bad = replace(GIRL, quality="worst quality")
    captions = many(bad, replace(NEVER, complaint=0.2))
    complaints = [tags for tags in captions if tags[0] != "1girl"]
    assert len(complaints) / 1500 == pytest.approx(0.2, abs=0.05)
    assert all(set(tags) <= {"worst quality", "low quality", *COMPLAINTS} for tags in complaints)
    flawed = [tags for tags in captions if tags[0] == "1girl" and set(tags) & set(COMPLAINTS)]
    assert len(flawed) / 1500 == pytest.approx(0.4 * 0.8, abs=0.06)
    assert share(many(GIRL, CaptionOptions()), *COMPLAINTS) == 0


def test_extras_follow_what_is_drawn() -> None:
    """No sky indoors, no ocean in a forest."""
    captions = many(GIRL, NEVER)
    for tag in ("solo", "looking at viewer", "outdoors", "night sky", "tree", "hat"):
        assert 0.1 < share(captions, tag) < 0.9, tag
    assert share(captions, "ocean", "building", "scenery", "bow", "animal ears", "cat") == 0
    empty = Scene("no humans", "beach", "day", "", "best quality", "", cat=True)
    captions = many(empty, NEVER)
    assert share(captions, "cat") == 1
    assert 0.1 < share(captions, "scenery") < 0.9
    assert share(captions, "solo", "looking at viewer", "night sky", "tree") == 0


def test_captions_use_the_vocabulary_only() -> None:
    """So that the tokenizer knows every word."""
    known = {*vocabulary(), *undrawn_words(), ""}
    for index in range(2000):
        rng = Random(index)
        assert set(caption(random_scene(rng), rng, CaptionOptions()).split(", ")) <= known


def test_undrawn_words_contradict_nothing() -> None:
    """They name no colour, place or clothing of the artist, and nothing indecent."""
    drawn = set(vocabulary())
    colours = {*words.GARMENT_COLOURS, *(colour.split()[0] for colour in words.HAIR_COLOURS)}
    assert 350 <= len(undrawn_words()) == len(set(undrawn_words()))
    for word in undrawn_words():
        assert word == word.lower().strip()
        assert word not in drawn
        assert not word.endswith((" eyes", " hat", "background", "quality"))
        assert not colours & set(word.split())
        assert not {*words.GARMENTS, "girl", "boy", "night", "day", "nude", "sexy"} & set(word.split())


@pytest.mark.parametrize("name", [field.name for field in fields(CaptionOptions) if field.name != "keep_tags"])
def test_probabilities_are_checked(name: str) -> None:
    """The sentence names the option."""
    for wrong in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match=name):
            replace(CaptionOptions(), **{name: wrong})  # type: ignore[arg-type]

"""The plain parts of the adherence benchmark: what is asked, how it is counted, how it is shown."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from benchmarks.adherence.attributes import HEADS, INDEX, UNASKED, answers, labels
from benchmarks.adherence.document import Line, Section, share_line
from benchmarks.adherence.figures import edge_width, rising, sharpness, wilson
from benchmarks.adherence.limbs import Limbs, draw_limbs
from benchmarks.adherence.prompts import (
    AVOIDED,
    STRENGTHS,
    WEIGHTED,
    adherence_prompts,
    asked_scene,
    between_prompts,
    expected_of,
    full_body_prompts,
    negative_prompts,
    nine_aspects,
    nobody_prompts,
    quality_pairs,
    tags_of,
    weight_prompts,
    year_pairs,
)
from benchmarks.adherence.sheet import contact_sheet
from pipeline.miniature.artist.scene import NOBODY, SIMPLE, Scene, is_held_out, random_scene
from pipeline.miniature.training.pictures import BUCKETS
from pipeline.profiles import load_profiles

GIRL = Scene(
    "1girl",
    "outdoors",
    "night",
    "",
    "masterpiece",
    "",
    hair_colour="red hair",
    hair_style="long hair",
    eye_colour="blue eyes",
    mouth="smile",
    garment="sweater",
    garment_colour="green",
    framing="upper body",
    seed=3,
)


def test_buckets_are_the_profiles() -> None:
    """The benchmark paints what the profile documents."""
    assert [(b.width, b.height) for b in load_profiles()["miniature"].buckets] == list(BUCKETS)


def test_answers_leave_out_what_cannot_be_seen() -> None:
    """Closed eyes have no colour, a simple background has no light, an empty place has no person."""
    assert answers(GIRL)["eye colour"] == "blue eyes"
    assert answers(GIRL)["head wear"] == ""
    assert "painting" not in answers(GIRL)
    assert "eye colour" not in answers(replace(GIRL, closed_eyes=True))
    assert "light" not in answers(replace(GIRL, place=SIMPLE, light=""))
    nobody = answers(Scene(NOBODY, "city", "day", "impasto", "worst quality", "oldest", cat=True))
    assert nobody == {
        "subject": NOBODY,
        "place": "city",
        "light": "day",
        "painting": "impasto",
        "quality": "worst quality",
        "year": "oldest",
        "cat": "cat",
    }


def test_labels_fit_every_scene() -> None:
    """Each head has an index of its answers or is not asked; limbs only in full-body pictures."""
    rng = Random(0)
    for number in range(200):
        scene = random_scene(rng, held_out=number % 2 == 0)
        found = labels(scene, Limbs(arms=1))
        assert len(found) == len(HEADS)
        assert all(x == UNASKED or 0 <= x < len(h.answers) for x, h in zip(found, HEADS, strict=True))
        assert (found[INDEX["arms"]] == 0) == (scene.framing == "full body")
        assert found[INDEX["pose"]] == UNASKED


def test_expected_are_only_the_tags_of_the_prompt() -> None:
    """What a prompt does not name is not judged."""
    assert expected_of(GIRL, ["1girl", "red hair", "green sweater"]) == {
        "subject": "1girl",
        "hair colour": "red hair",
        "garment": "sweater",
        "garment colour": "green",
    }
    everything = expected_of(GIRL, tags_of(GIRL))
    assert everything["closed eyes"] == ""
    assert not {"head wear", "blush", "pose", "painting", "quality", "year"} & set(everything)
    closed = replace(GIRL, closed_eyes=True)
    assert expected_of(closed, tags_of(closed))["closed eyes"] == "closed eyes"


def test_main_prompts() -> None:
    """Held out, the same at every call, all sizes alike often, and the card's quality tags left to the profile."""
    found = adherence_prompts(90)
    assert found == adherence_prompts(90)
    assert all(is_held_out(*asked_scene(number, "main").triple) for number in range(90))
    sizes = [asked.request.size for asked in found]
    assert {sizes.count(f"{width}x{height}") for width, height in BUCKETS} == {10}
    assert not any("masterpiece" in asked.request.prompt for asked in found)
    assert all("place" in asked.expected and "framing" in asked.expected for asked in found)
    lengths = [len(asked.expected) for asked in found]
    assert min(lengths) < 8 < max(lengths)
    held_out = {"hair colour", "garment", "garment colour", "place"}
    assert all(held_out <= asked.expected.keys() for asked in found)
    assert any("head wear" in asked.absent for asked in found)
    assert not any(asked.absent & asked.expected.keys() for asked in found)


def test_every_sheet_shows_the_nine_sizes_and_other_scenes() -> None:
    """In the profile's order."""
    one, other = nine_aspects(), nine_aspects(1)
    assert [asked.size for asked in one] == [asked.size for asked in other] == list(BUCKETS)
    assert not {asked.note for asked in one} & {asked.note for asked in other}


def test_sets_of_the_other_checks() -> None:
    """Pairs share their seed and prompt; negatives and weights change nothing else."""
    for one, other in (*quality_pairs(5), *year_pairs(5)):
        assert one.request.seed == other.request.seed
        assert one.request.prompt == other.request.prompt
        assert one.request != other.request
    open_, avoided = negative_prompts(AVOIDED[0], 3)
    assert [asked.request.negative for asked in avoided] == [AVOIDED[0].tag] * 3
    assert [asked.request.seed for asked in avoided] == [asked.request.seed for asked in open_]
    by_strength = weight_prompts(WEIGHTED[0], 2)
    assert list(by_strength) == list(STRENGTHS)
    assert by_strength[1.5][1].request.prompt.endswith("(beanie:1.5)")
    bodies = [asked.scene for asked in full_body_prompts(6) if asked.scene]
    assert all(scene.framing == "full body" and is_held_out(*scene.triple) for scene in bodies)
    assert [scene.place == SIMPLE for scene in bodies[::2]] == [True] * 3
    assert all(asked.size not in BUCKETS for asked in between_prompts(6))
    empty = nobody_prompts(4)
    assert [asked.expected["subject"] for asked in empty] == [NOBODY] * 4
    assert [asked.scene.cat for asked in empty if asked.scene] == [False, True, False, True]


@pytest.mark.parametrize("probe", [*WEIGHTED, *AVOIDED])
def test_probes_ask_what_their_prompt_leaves_open(probe: object) -> None:
    """The tag is not in the prompt, and the judge knows its answer."""
    from benchmarks.adherence.prompts import Probe

    assert isinstance(probe, Probe)
    assert probe.tag not in probe.prompt
    assert probe.answer in HEADS[INDEX[probe.head]].answers
    assert not set(HEADS[INDEX[probe.head]].answers) & set(probe.prompt.split(", ")) - {""}


def test_wilson() -> None:
    """Figures from the formula's usual example, and the ends."""
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(10, 10) == pytest.approx((0.7225, 1.0), abs=1e-4)


def test_blur_is_seen_by_both_measures() -> None:
    """A blurred picture has less of the Laplacian and wider edges."""
    from PIL import Image, ImageFilter

    crisp = Image.new("RGB", (96, 96), (240, 240, 240))
    crisp.paste((30, 60, 90), (20, 20, 70, 76))
    soft = np.asarray(crisp.filter(ImageFilter.GaussianBlur(2)))
    assert sharpness(np.asarray(crisp)) > 2 * sharpness(soft)
    assert edge_width(np.asarray(crisp)) < edge_width(soft)


def test_rising() -> None:
    """With and without slack."""
    assert rising([0.1, 0.1, 0.4])
    assert not rising([0.2, 0.1])
    assert rising([0.2, 0.199], slack=0.002)


def test_tables() -> None:
    """Targets from below and from above, and the verdict of a section."""
    good = share_line("a", 99, 100, target=0.98)
    bad = share_line("b", 12, 100, most=0.10)
    assert (good.passed, bad.passed) == (True, False)
    assert share_line("c", 0, 0, target=0.5).passed is None
    section = Section("Title", (good, bad, Line("plain", "1 s")), "A note.")
    assert section.missed
    assert "| b | 12.0% (12 of 100) | 7.0% to 19.8% |  |  | under 10% | **missed** |" in section.markdown()
    assert "too weak" in share_line("d", 97, 100, target=0.98, artist=0.97).artist
    assert share_line("d", 97, 100, target=0.98, artist=0.99).artist == "99.0%"


def test_other_limbs_change_the_picture() -> None:
    """Every wrong number of limbs is another picture; two of each is the artist's own."""
    scene = replace(GIRL, framing="full body", place=SIMPLE, light="")
    usual = draw_limbs(scene, 160, 224, Limbs()).tobytes()
    others = [Limbs(arms=1), Limbs(arms=3), Limbs(legs=1), Limbs(legs=1, fused=True), Limbs(legs=3)]
    found = {draw_limbs(scene, 160, 224, limbs).tobytes() for limbs in others}
    assert len(found | {usual}) == len(others) + 1
    assert draw_limbs(scene, 160, 224, Limbs()).tobytes() == usual


def test_contact_sheet_holds_every_picture() -> None:
    """Pictures of different sizes, packed and in columns, with captions below."""
    pictures = [np.full((height, width, 3), 90, np.uint8) for width, height in BUCKETS]
    sheet = np.asarray(contact_sheet(pictures, ["1girl, " * 12] * len(pictures)))
    dark = (sheet == 90).all(-1).sum()
    assert dark == sum(width * height for width, height in BUCKETS)
    assert contact_sheet(pictures[:3], columns=2, scale=2).height > 2 * (256 + 208)

"""The prompts of the benchmark, from combinations of hair colour, clothing colour and place held out of training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Final

from benchmarks.adherence.attributes import answers
from pipeline.miniature.artist.scene import QUALITIES, SIMPLE, YEARS, Scene, random_scene
from pipeline.miniature.training.captions import full_tags
from pipeline.miniature.training.pictures import BUCKETS
from pipeline.request import ImagineRequest

PROFILE: Final = "miniature"
BETWEEN: Final = ((272, 240), (240, 272), (320, 208), (208, 320), (352, 176), (176, 352))
"""Sizes that lie between the documented ones, width x height in pixels."""
SHORT_SHARE: Final = 0.25
"""Share of prompts that name only some of the tags; they are judged by what they name."""
STRENGTHS: Final = (0.5, 0.75, 1.0, 1.25, 1.5)
LACKED: Final = ("head wear", "blush", "pose")
"""Heads of things that a scene may lack without saying so."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One picture to paint, and what has to be in it.

    Attributes:
        request: as a member would type it; whatever it leaves open is the profile's default.
        expected: the right answer for each head that the prompt speaks of.
        absent: heads of things that the scene lacks, and that a prompt of all its tags does not ask for.
        scene: what the prompt describes, for the artist to draw the same; None where a prompt leaves things open.
        note: what a caption below the picture says.
    """

    request: ImagineRequest
    expected: Mapping[str, str] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()
    scene: Scene | None = None
    note: str = ""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        width, _, height = (self.request.size or "").partition("x")
        return int(width), int(height)


@dataclass(frozen=True, slots=True)
class Probe:
    """A tag whose strength or absence is measured: what the judge is asked, and a prompt that leaves it open."""

    tag: str
    head: str
    answer: str
    prompt: str


WEIGHTED: Final = (
    Probe("beanie", "head wear", "beanie", "1girl, brown hair, long hair, upper body, simple background"),
    Probe("red hair", "hair colour", "red hair", "1girl, twintails, blue dress, upper body, outdoors, day"),
    Probe("twintails", "hair style", "twintails", "1girl, blonde hair, sweater, cowboy shot, city"),
    Probe("smile", "mouth", "smile", "1girl, pink hair, bob cut, hoodie, portrait, forest, day"),
    Probe("night", "light", "night", "1girl, black hair, short hair, yellow dress, upper body, beach"),
    Probe("blush", "blush", "blush", "1girl, white hair, long hair, portrait, simple background"),
)
"""Tags of six kinds; each prompt leaves the tag's question open."""
AVOIDED: Final = (
    Probe("night", "light", "night", "1girl, long hair, sweater, upper body, outdoors"),
    Probe("smile", "mouth", "smile", "1girl, short hair, blue hair, portrait"),
    Probe("blush", "blush", "blush", "1girl, blonde hair, portrait, indoors"),
    Probe("short hair", "hair style", "short hair", "1boy, red hair, hoodie, upper body"),
    Probe("arms up", "pose", "arms up", "1girl, brown hair, upper body, simple background"),
    Probe("cat", "cat", "cat", "no humans, outdoors, day"),
)
"""Tags that turn up by themselves in a quarter of the pictures or more: the others have little to be kept out."""


def request(prompt: str, size: tuple[int, int] = BUCKETS[0], **others: object) -> ImagineRequest:
    """A member's request for the miniature at a documented size, everything else the profile's default."""
    return replace(
        ImagineRequest(prompt=prompt, profile=PROFILE, size=f"{size[0]}x{size[1]}"),
        **others,  # type: ignore[arg-type]
    )


def tags_of(scene: Scene) -> list[str]:
    """The scene's tags without those that the profile adds (quality) and the year."""
    return [tag for tag in full_tags(scene) if tag not in (*QUALITIES, *YEARS)]


def asked_scene(number: int, space: str, *, framing: str = "", simple: bool = False) -> Scene:
    """Scene `number` of a seed space, in a held-out combination and of the quality that is the default.

    Args:
        number: 0 and up.
        space: names the seeds; spaces share none.
        framing: only scenes of this framing.
        simple: only scenes before a simple background.
    """
    rng = Random(f"benchmark/{space}/{number}")
    while True:
        scene = random_scene(rng, held_out=True)
        if (not framing or scene.framing == framing) and (not simple or scene.place == SIMPLE):
            return replace(scene, quality="masterpiece", year="")


def nobody_scene(number: int) -> Scene:
    """Scene `number` without a person, every other one with a cat. None is held out: combinations are people's."""
    rng = Random(f"benchmark/nobody/{number}")
    while True:
        scene = random_scene(rng, held_out=False)
        if not scene.person and scene.cat == bool(number % 2):
            return replace(scene, quality="masterpiece", year="")


def expected_of(scene: Scene, tags: Sequence[str]) -> dict[str, str]:
    """The answers that a prompt of these tags settles: absent things (no hat, no blush) are not named by one."""
    said = {}
    for head, answer in answers(scene).items():
        if not answer or head in ("quality", "year"):
            continue
        named = f"{scene.garment_colour} {scene.garment}" if head.startswith("garment") else answer
        if named in tags:
            said[head] = answer
    if "eye colour" in said and "mouth" in said:
        # Eyes whose colour is named are open.
        said["closed eyes"] = ""
    return said


def of_scene(scene: Scene, number: int, space: str, size: tuple[int, int]) -> Asked:
    """A prompt for a scene: in the artist's order, shuffled, or short, in turn by chance.

    Short prompts name the held-out combination and the framing too, and at least two more things out of three.
    """
    rng = Random(f"benchmark/{space}/words/{number}")
    subject, *rest = tags_of(scene)
    short = rng.random() < SHORT_SHARE
    if short:
        needed = {scene.framing, scene.place, scene.hair_colour, f"{scene.garment_colour} {scene.garment}"}
        rest = [tag for tag in rest if tag in needed or rng.random() < 0.6]
    if rng.random() < 0.5:
        rng.shuffle(rest)
    tags = [subject, *rest]
    text = ", ".join(tags)
    lacks = frozenset(head for head in LACKED if answers(scene).get(head) == "" and not short)
    wished = request(text, size, seed=rng.randrange(2**32))
    return Asked(wished, expected_of(scene, tags), lacks, scene, text)


def adherence_prompts(count: int) -> list[Asked]:
    """The main set: the nine sizes in turn, every shape of prompt."""
    return [
        of_scene(asked_scene(number, "main"), number, "main", BUCKETS[number % len(BUCKETS)])
        for number in range(count)
    ]


def between_prompts(count: int) -> list[Asked]:
    """The sizes between the documented ones in turn."""
    return [
        of_scene(asked_scene(number, "between"), number, "between", BETWEEN[number % len(BETWEEN)])
        for number in range(count)
    ]


def nobody_prompts(count: int) -> list[Asked]:
    """Pictures without people, every other one with a cat, the nine sizes in turn."""
    return [
        of_scene(nobody_scene(number), number, "nobody", BUCKETS[number % len(BUCKETS)])
        for number in range(count)
    ]


def full_body_prompts(count: int) -> list[Asked]:
    """Full-body pictures in the square and the upright sizes, half of them before a simple background."""
    sizes = [size for size in BUCKETS if size[1] >= size[0]]
    found = []
    for number in range(count):
        scene = asked_scene(number, "limbs", framing="full body", simple=number % 2 == 0)
        tags = tags_of(scene)
        seed = Random(f"benchmark/limbs/seed/{number}").randrange(2**32)
        asked = request(", ".join(tags), sizes[number % len(sizes)], seed=seed)
        note = f"{number + 1}: {', '.join(tags)}"
        found.append(Asked(asked, expected_of(scene, tags), scene=scene, note=note))
    return found


def weight_prompts(probe: Probe, seeds: int) -> dict[float, list[Asked]]:
    """For each strength the same prompt with the same seeds, the tag at that strength."""
    return {
        strength: [
            Asked(request(f"{probe.prompt}, ({probe.tag}:{strength})", seed=seed), {probe.head: probe.answer})
            for seed in range(seeds)
        ]
        for strength in STRENGTHS
    }


def negative_prompts(probe: Probe, seeds: int) -> tuple[list[Asked], list[Asked]]:
    """The same prompt and seeds without and with the tag in the negative prompt."""
    open_ = [Asked(request(probe.prompt, seed=seed)) for seed in range(1000, 1000 + seeds)]
    return open_, [replace(asked, request=replace(asked.request, negative=probe.tag)) for asked in open_]


def quality_pairs(count: int) -> list[tuple[Asked, Asked]]:
    """Prompts with the same seed: `masterpiece`, and `worst quality`."""
    return _pairs(count, "quality", {"quality": ("masterpiece",)}, {"quality": ("worst quality",)})


def year_pairs(count: int) -> list[tuple[Asked, Asked]]:
    """Prompts with the same seed and the default quality: `newest`, and `oldest`."""
    return _pairs(count, "year", {"year": "newest"}, {"year": "oldest"})


def _pairs(
    count: int, space: str, first: Mapping[str, object], second: Mapping[str, object]
) -> list[tuple[Asked, Asked]]:
    found = []
    for number in range(count):
        asked = of_scene(asked_scene(number, space), number, space, BUCKETS[number % len(BUCKETS)])
        one, other = (replace(asked, request=replace(asked.request, **options)) for options in (first, second))  # type: ignore[arg-type]
        found.append((one, other))
    return found


def nine_aspects(sheet: int = 0) -> list[Asked]:
    """One picture of each documented size, in the order of the profile; every sheet shows other scenes."""
    first = sheet * len(BUCKETS)
    return [
        of_scene(asked_scene(number, "sheet"), number, "sheet", size)
        for number, size in enumerate(BUCKETS, first)
    ]

"""What two recipes differ in: numbers and names, and the tags of their prompts. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from pipeline.errors import InvalidRequest
from pipeline.prompt.tags import Tag, key_of, read, text_of
from pipeline.recipe import Recipe
from pipeline.samplers import SAMPLERS
from pipeline.sentence import Sentence
from pipeline.upscalers import UPSCALERS

NOISE: Final = Sentence("noise alone")
ANOTHER: Final = Sentence("a picture")
_SHOWN_OF_HASH: Final = 8


@dataclass(frozen=True, slots=True)
class Change:
    """One value of a recipe that is `one` in the first and `two` in the second. Values are names or sentences."""

    what: Sentence
    one: str
    two: str


@dataclass(frozen=True, slots=True)
class Reweighted:
    """A tag that both prompts have, with other emphasis. A weight is None where parts of the tag differ in theirs."""

    tag: str
    one: float | None
    two: float | None


@dataclass(frozen=True, slots=True)
class TagChange:
    """What the tags of two prompts differ in, from the first to the second.

    `moved` is true when the tags that both have stand in another order, or are divided otherwise by `BREAK`.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    reweighted: tuple[Reweighted, ...] = ()
    moved: bool = False

    def __bool__(self) -> bool:
        """Whether there is any difference."""
        return bool(self.added or self.removed or self.reweighted or self.moved)


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that two recipes differ in. `weights` tells that the same recipe met other weights."""

    prompt: TagChange
    negative: TagChange
    changes: tuple[Change, ...]
    weights: Change | None

    @property
    def same_recipe(self) -> bool:
        """Whether the two ask for the very same picture."""
        return not (self.prompt or self.negative or self.changes)


def difference(one: Recipe, two: Recipe) -> Difference:
    """Compare two recipes, field by field and tag by tag."""
    pairs: list[tuple[Sentence, str, str]] = [
        (Sentence("Model"), one.profile, two.profile),
        (Sentence("Seed"), str(one.seed), str(two.seed)),
        (Sentence("Size"), _size(one), _size(two)),
        (Sentence("Sampler"), _sampler(one), _sampler(two)),
        (Sentence("Steps"), str(one.steps), str(two.steps)),
        (Sentence("Guidance"), f"{one.guidance_scale:g}", f"{two.guidance_scale:g}"),
        *_starts(one, two),
        (Sentence("Strength"), _strength(one), _strength(two)),
        (Sentence("Enlarged by"), _upscaler(one), _upscaler(two)),
        (Sentence("Painted over"), _painted(one), _painted(two)),
    ]
    if one.mask and two.mask and one.mask != two.mask:
        pairs.append((Sentence("Painted over"), Sentence("a part"), Sentence("another part")))
    weights = Change(Sentence("Weights"), one.weights, two.weights) if one.weights != two.weights else None
    return Difference(
        prompt=tag_change(one.prompt, two.prompt),
        negative=tag_change(one.negative_prompt, two.negative_prompt),
        changes=tuple(Change(*pair) for pair in pairs if pair[1] != pair[2]),
        weights=weights,
    )


def tag_change(one: str, two: str) -> TagChange:
    """Compare two prompts by their tags; spelling and case of a tag do not count, its weight does."""
    if one == two:
        return TagChange()
    first, second = _tags(one), _tags(two)
    if first is None or second is None:  # a prompt of an old row that can no longer be read: only as a whole
        return TagChange(added=(two,), removed=(one,))
    before = {name: tag for name, tag, _ in first}
    after = {name: tag for name, tag, _ in second}
    # Chunk and order of what both have; a tag in another chunk is read by the text encoders apart from the rest.
    order = [(name, chunk) for name, _, chunk in first if name in after]
    new_order = [(name, chunk) for name, _, chunk in second if name in before]
    return TagChange(
        added=tuple(text_of(tag) for name, tag in after.items() if name not in before),
        removed=tuple(text_of(tag) for name, tag in before.items() if name not in after),
        reweighted=tuple(
            Reweighted(text_of(after[name]), _weight(tag), _weight(after[name]))
            for name, tag in before.items()
            if name in after and _weights(tag) != _weights(after[name])
        ),
        moved=order != new_order,
    )


_Named = tuple[tuple[str, int], Tag, int]
"""A tag with its key and how often that came before, the tag itself, and the number of its chunk."""


def _tags(prompt: str) -> list[_Named] | None:
    try:
        chunks = read(prompt)
    except InvalidRequest:
        return None
    seen: Counter[str] = Counter()
    found: list[_Named] = []
    for number, items in enumerate(chunks):
        for tag in (tag for item in items for tag in item.tags):
            key = key_of(tag)
            found.append(((key, seen[key]), tag, number))
            seen[key] += 1
    return found


def _weight(tag: Tag) -> float | None:
    return tag[0].weight if len(tag) == 1 else None


def _weights(tag: Tag) -> tuple[tuple[int, float], ...]:
    """Where in the tag which weight begins."""
    return tuple((len(span.text), span.weight) for span in tag) if len(tag) > 1 else ((0, tag[0].weight),)


def _size(recipe: Recipe) -> str:
    return f"{recipe.width} x {recipe.height}"


def _sampler(recipe: Recipe) -> str:
    return SAMPLERS[recipe.sampler].name if recipe.sampler in SAMPLERS else recipe.sampler


def _upscaler(recipe: Recipe) -> str:
    known = UPSCALERS.get(recipe.upscaler)
    return known.name if known else recipe.upscaler or Sentence("nothing")


def _painted(recipe: Recipe) -> Sentence:
    return Sentence("a part") if recipe.mask else Sentence("all of it")


def _starts(one: Recipe, two: Recipe) -> list[tuple[Sentence, str, str]]:
    if one.init_image and two.init_image and one.init_image != two.init_image:
        return [(Sentence("Starts from"), _named(one), _named(two))]
    return [(Sentence("Starts from"), _start(one), _start(two))]


def _start(recipe: Recipe) -> Sentence:
    return ANOTHER if recipe.init_image else NOISE


def _named(recipe: Recipe) -> Sentence:
    return Sentence("a picture ({hash})", hash=recipe.init_image[:_SHOWN_OF_HASH])


def _strength(recipe: Recipe) -> str:
    return f"{recipe.strength:g}" if recipe.init_image and not recipe.upscaler else "-"

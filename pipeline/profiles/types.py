"""What a model profile is: frozen data that mirrors a model's card line by line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

TEMPLATE_SLOTS: Final = (
    "subject",
    "character",
    "series",
    "art_style",
    "race",
    "composition",
    "painting_style",
    "theme",
    "main_environment",
    "background",
    "action",
    "expression",
    "main_characteristics",
    "other_characteristics",
    "clothing",
    "clothing_accessories",
    "other_items",
    "secondary_environment",
    "aesthetics",
    "quality",
    "secondary_description",
    "rest",
)
"""Every slot name that a tag-order template may hold; `pipeline.prompt.ordering` sorts tags into them."""


class Rating(StrEnum):
    """The rating ladder, mildest first."""

    GENERAL = "general"
    SENSITIVE = "sensitive"
    QUESTIONABLE = "questionable"
    EXPLICIT = "explicit"

    @property
    def level(self) -> int:
        """0 (general) to 3 (explicit)."""
        return list(Rating).index(self)


class Conditioning(StrEnum):
    """How the prompt becomes embeddings; see `pipeline.engine.conditioning`."""

    STOCK = "stock"
    """Every chunk padded to 77 tokens with the tokenizer's own pad token; pooled output of the first chunk."""
    LPW = "lpw"
    """The rules of diffusers' community pipeline `lpw_stable_diffusion_xl`; pooled output of the last chunk."""


class TagKind(StrEnum):
    """The families of special tags a card documents."""

    QUALITY = "quality"
    SCORE = "score"
    AESTHETIC = "aesthetic"
    YEAR = "year"
    STYLE = "style"


class TagSide(StrEnum):
    """Where a family of added tags goes in the prompt."""

    START = "start"
    END = "end"


@dataclass(frozen=True, slots=True)
class SpecialTag:
    """One documented tag and what its card says it means."""

    tag: str
    meaning: str
    kind: TagKind


@dataclass(frozen=True, slots=True)
class YearRange:
    """Years written as `year {n}`: any whole year from `first` to `last`."""

    first: int
    last: int
    pattern: str = "year {n}"


@dataclass(frozen=True, slots=True)
class RatingWords:
    """How a profile speaks one step of the ladder.

    `positive` are the words for pictures of that rating; `negative` the words that keep it out, used in the
    negative prompt for every step above the ceiling.
    """

    positive: tuple[str, ...]
    negative: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bucket:
    """One documented size: the card's own aspect name, width and height in pixels."""

    aspect: str
    width: int
    height: int
    label: str = ""
    """The card's word beside the aspect, for example `Square` or `Horizontal`; empty if it has none."""


@dataclass(frozen=True, slots=True)
class FreeSizes:
    """A rule instead of a list: both sides multiples of `multiple`, at least `minimum`, area around `area`.

    `tolerance` is how far the area may stray, as a fraction of `area` (0.25 allows 75 % to 125 %).
    """

    multiple: int
    minimum: int
    area: int
    tolerance: float


@dataclass(frozen=True, slots=True)
class Range:
    """A number's allowed range, the card's recommended part of it and the default."""

    minimum: float
    maximum: float
    recommended_low: float
    recommended_high: float
    default: float
    words: str = ""
    """What the card itself says, where two numbers do not tell it all (`below 30`)."""


@dataclass(frozen=True, slots=True)
class Licence:
    """One licence as one page states it; `remark` says when pages disagree."""

    name: str
    url: str
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the weights come from.

    `repo` is a hub repository (`owner/name`), or empty for the model that comes with the program. `revision`
    is a branch, tag or commit; whatever it is, the commit it resolves to at the first download is written
    down and used from then on. `file` names the single checkpoint file in the repository when there is no
    diffusers layout. `variant` is the file variant (`fp16`) or empty. `vae_repo` overrides the checkpoint's VAE.
    """

    repo: str
    revision: str = "main"
    file: str = ""
    variant: str = ""
    vae_repo: str = ""
    vae_revision: str = "main"


@dataclass(frozen=True, slots=True)
class NegativePreset:
    """A documented negative prompt. `addition` presets are appended to another one, not used alone."""

    id: str
    name: str
    text: str
    meaning: str = ""
    addition: bool = False


@dataclass(frozen=True, slots=True)
class Example:
    """The card's own example, painted by the button in `/models` and used by the parity tests.

    `prompt` and `negative_prompt` are final: nothing is to be added to them. `title` says where on the card
    it stands.
    """

    prompt: str
    negative_prompt: str
    width: int
    height: int
    sampler: str
    steps: int
    guidance_scale: float
    title: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """One checkpoint and everything its card documents about it."""

    id: str
    name: str
    summary: str
    author: str
    card_url: str
    licences: tuple[Licence, ...]
    source: Source
    conditioning: Conditioning
    samplers: tuple[str, ...]
    """Allowed sampler ids, see `pipeline.samplers`; all the field's usual ones unless the card forbids."""
    sampler: str
    """The recommended one."""
    recommended_samplers: tuple[str, ...]
    steps: Range
    guidance_scale: Range
    buckets: tuple[Bucket, ...]
    """Documented sizes; for a profile with `free_sizes` these are merely handy examples of the rule."""
    free_sizes: FreeSizes | None
    default_aspect: str
    tags: tuple[SpecialTag, ...]
    """Every quality, score, aesthetic, named-year and painting-style tag of the card, best first."""
    years: YearRange | None
    """Numbered years, beside or instead of the named year tags in `tags`."""
    default_tags: tuple[str, ...]
    """The quality string the card recommends, in its order; added when the member chooses no quality tags."""
    tag_side: Mapping[TagKind, TagSide]
    """Where each family goes."""
    ratings: Mapping[Rating, RatingWords]
    default_rating: Rating
    negative_presets: tuple[NegativePreset, ...]
    default_negative: str
    """Id of the default negative preset; empty for none."""
    template: tuple[str, ...]
    """Tag-order template: names out of `TEMPLATE_SLOTS` in order; empty when the card knows no order."""
    template_text: str
    """The template in the card's own words, for `/models` and `/help`."""
    examples: tuple[Example, ...]
    advice: tuple[str, ...]
    """Sentences of advice and limits from the card, for `/models`."""
    vram_gib: float = 8.0
    """Memory a picture needs in half precision, as a rule of thumb for `doctor`."""
    extra: Mapping[str, str] = field(default_factory=dict)
    ratings_remark: str = ""
    """A sentence where the words in `ratings` are not the card's own; empty if they are."""
    tokenizer: Path | None = None
    """Folder of the tokenizer that its prompts are counted with; None for CLIP's, which SDXL checkpoints share."""

    @property
    def weights_setting(self) -> str:
        """Name of the setting that points this profile at local weights (`WEIGHTS_ANIMAGINE_XL_4_0`)."""
        return "WEIGHTS_" + "".join(c if c.isalnum() else "_" for c in self.id).upper()

    def tags_of(self, kind: TagKind) -> tuple[SpecialTag, ...]:
        """The documented tags of one family, best first."""
        return tuple(tag for tag in self.tags if tag.kind is kind)

"""From one TOML table to a `Profile`: which keys there are, and what type and form each has.

What the parts must be to one another (a default that is documented, a size that is allowed) is checked in
`pipeline.profiles.checks`.
"""

from __future__ import annotations

from typing import Final

from pipeline import built_in
from pipeline.profiles.reader import Table
from pipeline.profiles.types import (
    TEMPLATE_SLOTS,
    Bucket,
    Conditioning,
    Example,
    FreeSizes,
    Licence,
    NegativePreset,
    Profile,
    Range,
    Rating,
    RatingWords,
    Source,
    SpecialTag,
    TagKind,
    TagSide,
    YearRange,
)
from pipeline.samplers import SAMPLERS

ID: Final = r"[a-z0-9][a-z0-9.-]{0,39}"
"""Ids stand in commands, file names and button ids, which are short."""
PRESET_ID: Final = r"(?!none$)[a-z0-9][a-z0-9-]{0,39}"
"""`none` is what a member writes for no preset at all."""
REPO: Final = r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}"
REVISION: Final = r"(?!.*\.\.)[A-Za-z0-9][\w./-]{0,99}"
FILE: Final = r"(?!.*\.\.)[A-Za-z0-9][\w./ +-]{0,200}\.safetensors"
TAG: Final = r"[^,\\]{1,90}"
"""Commas part tags; 100 is the most that a choice of a Discord option may hold."""
URL: Final = r"https?://\S{1,500}"
MIN_SIDE: Final = 64
MAX_SIDE: Final = 8192
MAX_STEPS: Final = 150
"""What a recipe may hold."""
MAX_GUIDANCE: Final = 50.0


def build_profile(top: Table) -> Profile:
    """Read a whole profile.

    Raises:
        ProfileError: a key is missing, unknown, of the wrong type or of the wrong form.
    """
    ratings = top.table("ratings")
    ratings_remark = ratings.text("remark", "", empty=True)
    source = _source(top.table("source"))
    profile = Profile(
        id=top.matching("id", ID, "an id: lower-case letters, digits, `.` and `-`, at most 40"),
        name=top.matching("name", r".{1,80}", "a name of at most 80 characters"),
        summary=top.text("summary"),
        author=top.text("author"),
        card_url=top.matching("card_url", URL, "a web address", ""),
        licences=_licences(top),
        source=source,
        conditioning=Conditioning(top.one_of("conditioning", Conditioning)),
        samplers=top.some_of("samplers", SAMPLERS, tuple(SAMPLERS)),
        sampler=top.one_of("sampler", SAMPLERS),
        recommended_samplers=top.some_of("recommended_samplers", SAMPLERS),
        steps=_range(top.table("steps"), 1, MAX_STEPS, whole=True),
        guidance_scale=_range(top.table("guidance_scale"), 0, MAX_GUIDANCE, whole=False),
        buckets=_buckets(top),
        free_sizes=_free_sizes(top.table("free_sizes")) if "free_sizes" in top else None,
        default_aspect=top.text("default_aspect"),
        tags=_tags(top.table("tags")),
        years=_years(top.table("years")) if "years" in top else None,
        default_tags=top.texts("default_tags"),
        tag_side=_sides(top.table("tag_side")),
        ratings=_ratings(ratings),
        ratings_remark=ratings_remark,
        default_rating=Rating(top.one_of("default_rating", Rating)),
        negative_presets=_presets(top),
        default_negative=top.text("default_negative", empty=True),
        template=top.some_of("template", TEMPLATE_SLOTS),
        template_text=top.text("template_text", "", empty=True),
        examples=_examples(top),
        advice=top.texts("advice", ()),
        vram_gib=top.number("vram_gib", 0, 1000, 8.0),
        extra=_extra(top.table("extra")) if "extra" in top else {},
        tokenizer=None if source.repo else built_in.tokenizer_folder(),
    )
    # Optional tables that are absent are still keys that a misspelt one may be meant to be.
    top.expect("free_sizes", "years", "extra")
    top.finish()
    return profile


def _licences(top: Table) -> tuple[Licence, ...]:
    found = []
    for table in top.tables("licences"):
        found.append(
            Licence(
                table.text("name"),
                table.matching("url", URL, "a web address", ""),
                table.text("remark", "", empty=True),
            )
        )
        table.finish()
    return tuple(found)


def _source(table: Table) -> Source:
    repo = table.matching("repo", REPO, "a repository `owner/name`") if table.filled("repo") else ""
    revision = "a branch, a tag or a commit"
    source = Source(
        repo=repo,
        revision=table.matching("revision", REVISION, revision, "main"),
        file=table.matching("file", FILE, "the name of a .safetensors file in the repository", ""),
        variant=table.matching("variant", r"[A-Za-z0-9_-]{1,30}", "a variant such as `fp16`", ""),
        vae_repo=table.matching("vae_repo", REPO, "a repository `owner/name`", ""),
        vae_revision=table.matching("vae_revision", REVISION, revision, "main"),
    )
    table.finish()
    return source


def _range(table: Table, low: float, high: float, *, whole: bool) -> Range:
    def number(key: str) -> float:
        return table.whole(key, int(low), int(high)) if whole else table.number(key, low, high)

    limits = Range(
        minimum=number("minimum"),
        maximum=number("maximum"),
        recommended_low=number("recommended_low"),
        recommended_high=number("recommended_high"),
        default=number("default"),
        words=table.text("words", "", empty=True),
    )
    table.finish()
    if limits.minimum > limits.maximum:
        table.fail("maximum", f"{limits.maximum:g} is below the minimum, {limits.minimum:g}")
    if limits.recommended_low > limits.recommended_high:
        table.fail("recommended_high", f"{limits.recommended_high:g} is below recommended_low")
    for key in ("recommended_low", "recommended_high", "default"):
        value: float = getattr(limits, key)
        if not limits.minimum <= value <= limits.maximum:
            table.fail(
                key,
                f"{value:g} is not between the minimum {limits.minimum:g} and the maximum {limits.maximum:g}",
            )
    return limits


def _side(table: Table, key: str) -> int:
    value = table.whole(key, MIN_SIDE, MAX_SIDE)
    if value % 8:
        # The VAE makes one latent of 8 x 8 pixels.
        table.fail(key, f"{value} is not a multiple of 8")
    return value


def _buckets(top: Table) -> tuple[Bucket, ...]:
    found = []
    for table in top.tables("buckets"):
        aspect = table.matching(
            "aspect", r"[^\s,][^,]{0,39}", "an aspect name of at most 40 characters without commas"
        )
        found.append(
            Bucket(aspect, _side(table, "width"), _side(table, "height"), table.text("label", "", empty=True))
        )
        table.finish()
    return tuple(found)


def _free_sizes(table: Table) -> FreeSizes:
    rule = FreeSizes(
        multiple=table.whole("multiple", 8, 256),
        minimum=_side(table, "minimum"),
        area=table.whole("area", MIN_SIDE**2, MAX_SIDE**2),
        tolerance=table.number("tolerance", 0.01, 0.9),
    )
    table.finish()
    if rule.multiple % 8:
        table.fail("multiple", f"{rule.multiple} is not a multiple of 8")
    if rule.minimum**2 > rule.area:
        table.fail("minimum", f"a square of {rule.minimum} is larger than the area {rule.area}")
    return rule


def _tags(table: Table) -> tuple[SpecialTag, ...]:
    found = []
    for kind in TagKind:
        for row in table.tables(kind.value, empty=True):
            tag = row.matching("tag", TAG, "one tag: at most 90 characters, no comma and no backslash")
            found.append(SpecialTag(tag, row.text("meaning", "", empty=True), kind))
            row.finish()
    table.finish()
    return tuple(found)


def _years(table: Table) -> YearRange:
    years = YearRange(
        first=table.whole("first", 1900, 2100),
        last=table.whole("last", 1900, 2100),
        pattern=table.matching("pattern", r"[^{},]*\{n\}[^{},]*", "a text with `{n}` for the year", "year {n}"),
    )
    table.finish()
    if years.first > years.last:
        table.fail("last", f"{years.last} is before the first year, {years.first}")
    return years


def _sides(table: Table) -> dict[TagKind, TagSide]:
    sides = {
        kind: TagSide(table.one_of(kind.value, TagSide, TagSide.END)) for kind in TagKind if kind.value in table
    }
    table.expect(*TagKind)
    table.finish()
    return sides


def _ratings(table: Table) -> dict[Rating, RatingWords]:
    ratings = {}
    for rating in Rating:
        words = table.table(rating.value)
        ratings[rating] = RatingWords(words.texts("positive"), words.texts("negative"))
        words.finish()
    table.finish()
    return ratings


def _presets(top: Table) -> tuple[NegativePreset, ...]:
    found = []
    for table in top.tables("negative_presets", empty=True):
        found.append(
            NegativePreset(
                id=table.matching(
                    "id", PRESET_ID, "a preset id: lower-case letters, digits and `-`, and not `none`"
                ),
                name=table.matching("name", r".{1,80}", "a name of at most 80 characters"),
                text=table.text("text"),
                meaning=table.text("meaning", "", empty=True),
                addition=table.flag("addition", default=False),
            )
        )
        table.finish()
    return tuple(found)


def _examples(top: Table) -> tuple[Example, ...]:
    found = []
    for table in top.tables("examples", empty=True):
        found.append(
            Example(
                prompt=table.text("prompt"),
                negative_prompt=table.text("negative_prompt", "", empty=True),
                width=_side(table, "width"),
                height=_side(table, "height"),
                sampler=table.one_of("sampler", SAMPLERS),
                steps=table.whole("steps", 1, MAX_STEPS),
                guidance_scale=table.number("guidance_scale", 0, MAX_GUIDANCE),
                title=table.text("title", "", empty=True),
            )
        )
        table.finish()
    return tuple(found)


def _extra(table: Table) -> dict[str, str]:
    return {key: table.text(key, empty=True) for key in table.keys()}  # noqa: SIM118 - not a dict: this marks them known

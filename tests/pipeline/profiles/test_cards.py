"""The built-in profiles say what the models' cards say. The facts here are copied from the cards by hand."""

from __future__ import annotations

import pytest

from pipeline.miniature.artist import scene
from pipeline.profiles import load_profiles
from pipeline.profiles.types import TEMPLATE_SLOTS, Conditioning, Profile, Rating, TagKind, TagSide
from pipeline.samplers import SAMPLERS

PROFILES = load_profiles()
V3 = PROFILES["animagine-xl-3.0"]
V4 = PROFILES["animagine-xl-4.0"]
AIDXL = PROFILES["aidxl-0.8"]
BOYS = PROFILES["animeboys-xl"]
MINIATURE = PROFILES["miniature"]

NEGATIVE_V3 = (
    "nsfw, lowres, bad anatomy, bad hands, text, error, missing fingers, extra digit, fewer digits, cropped, "
    "worst quality, low quality, normal quality, jpeg artifacts, signature, watermark, username, blurry, "
    "artist name"
)
NEGATIVE_V4 = (
    "lowres, bad anatomy, bad hands, text, error, missing finger, extra digits, fewer digits, cropped, "
    "worst quality, low quality, low score, bad score, average score, signature, watermark, username, blurry"
)
WIDGET_V4 = NEGATIVE_V4.replace("missing finger, extra digits", "missing fingers, extra digit")


def tags(profile: Profile, kind: TagKind) -> dict[str, str]:
    """Tag to meaning."""
    return {tag.tag: tag.meaning for tag in profile.tags_of(kind)}


def sizes(profile: Profile) -> dict[str, tuple[int, int]]:
    """Aspect to size."""
    return {bucket.aspect: (bucket.width, bucket.height) for bucket in profile.buckets}


def words(profile: Profile) -> dict[str, tuple[str, ...]]:
    """The rating ladder in the card's words."""
    return {rating.value: said.positive for rating, said in profile.ratings.items()}


def test_these_profiles_are_built_in() -> None:
    """In the order in which members see them."""
    assert list(PROFILES) == ["animagine-xl-4.0", "animagine-xl-3.0", "aidxl-0.8", "animeboys-xl", "miniature"]


def test_weights_settings_are_named_after_the_id() -> None:
    """Capitals, and `_` for every other sign."""
    assert V4.weights_setting == "WEIGHTS_ANIMAGINE_XL_4_0"


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_every_profile_offers_every_sampler(profile: Profile) -> None:
    """No card forbids one; the recommended ones differ."""
    assert profile.samplers == tuple(SAMPLERS)
    assert profile.sampler == "euler_a" == profile.recommended_samplers[0]


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_template_slots_are_those_that_ordering_knows(profile: Profile) -> None:
    """Two packages name them: they must agree."""
    assert set(profile.template) <= set(TEMPLATE_SLOTS)


# Animagine XL 3.0


def test_v3_quality_tags_and_their_scores() -> None:
    """The card's table of quality modifiers."""
    assert tags(V3, TagKind.QUALITY) == {
        "masterpiece": "score above 150",
        "best quality": "score 100 to 150",
        "high quality": "score 75 to 100",
        "medium quality": "score 25 to 75",
        "normal quality": "score 0 to 25",
        "low quality": "score -5 to 0",
        "worst quality": "score below -5",
    }


def test_v3_year_tags_and_their_years() -> None:
    """The card's table of year modifiers; it has no numbered years."""
    assert tags(V3, TagKind.YEAR) == {
        "newest": "2022 to 2023",
        "late": "2019 to 2021",
        "mid": "2015 to 2018",
        "early": "2011 to 2014",
        "oldest": "2005 to 2010",
    }
    assert V3.years is None


def test_v3_ratings() -> None:
    """The card's table of rating modifiers, and its advice for the negative prompt."""
    assert words(V3) == {
        "general": ("rating: general",),
        "sensitive": ("rating: sensitive",),
        "questionable": ("rating: questionable", "nsfw"),
        "explicit": ("rating: explicit", "nsfw"),
    }
    assert V3.ratings[Rating.SENSITIVE].negative == ("nsfw", "rating: sensitive")


def test_v3_sizes() -> None:
    """Nine, under the card's own aspect names."""
    assert sizes(V3) == {
        "1:1": (1024, 1024),
        "9:7": (1152, 896),
        "7:9": (896, 1152),
        "19:13": (1216, 832),
        "13:19": (832, 1216),
        "7:4": (1344, 768),
        "4:7": (768, 1344),
        "12:5": (1536, 640),
        "5:12": (640, 1536),
    }
    assert [f"{b.aspect} {b.label}" for b in V3.buckets if b.label] == [
        "1:1 Square",
        "7:4 Horizontal",
        "4:7 Vertical",
        "12:5 Horizontal",
        "5:12 Vertical",
    ]


def test_v3_settings() -> None:
    """Guidance around 5 to 7, steps below 30, quality tags before the prompt."""
    assert (V3.guidance_scale.recommended_low, V3.guidance_scale.recommended_high) == (5, 7)
    assert (V3.steps.recommended_high, V3.steps.words) == (29, "below 30")
    assert V3.default_tags == ("masterpiece", "best quality")
    assert V3.tag_side[TagKind.QUALITY] is TagSide.START
    assert V3.negative_presets[0].text == NEGATIVE_V3
    assert V3.template_text == "1girl/1boy, character name, from what series, everything else in any order."
    assert V3.template == ("subject", "character", "series", "rest")


def test_v3_weights_and_conditioning() -> None:
    """The card's snippet: the stock pipeline with another VAE."""
    assert (V3.source.repo, V3.source.vae_repo) == (
        "Linaqruf/animagine-xl-3.0",
        "madebyollin/sdxl-vae-fp16-fix",
    )
    assert V3.conditioning is Conditioning.STOCK


def test_v3_shows_both_licences() -> None:
    """Two pages disagree: both are there, and the remark says that one claims to supersede the other."""
    assert [licence.name for licence in V3.licences] == [
        "Fair AI Public License 1.0-SD",
        "CreativeML Open RAIL++-M",
    ]
    assert "supersedes" in V3.licences[1].remark


def test_v3_examples() -> None:
    """The snippet first, then both widget examples."""
    tail = "masterpiece, best quality"
    rest = f"green hair, sweater, looking at viewer, upper body, beanie, outdoors, night, turtleneck, {tail}"
    assert [example.prompt for example in V3.examples] == [
        "1girl, arima kana, oshi no ko, solo, upper body, v, smile, looking at viewer, outdoors, night",
        f"1girl, {rest}",
        f"1boy, male focus, {rest}",
    ]
    assert {example.negative_prompt for example in V3.examples} == {NEGATIVE_V3}
    first = V3.examples[0]
    assert (first.width, first.height, first.guidance_scale, first.steps) == (832, 1216, 7, 28)


# Animagine XL 4.0


def test_v4_quality_and_score_tags() -> None:
    """Best first; `absurdres` is among the enhancement tags."""
    assert [t for t in tags(V4, TagKind.QUALITY) if t != "absurdres"] == [
        "masterpiece",
        "best quality",
        "low quality",
        "worst quality",
    ]
    assert list(tags(V4, TagKind.SCORE)) == [
        "high score",
        "great score",
        "good score",
        "average score",
        "bad score",
        "low score",
    ]
    assert V4.default_tags == ("masterpiece", "high score", "great score", "absurdres")


def test_v4_years() -> None:
    """`year 2005` to `year 2025`."""
    assert V4.years is not None
    assert (V4.years.first, V4.years.last, V4.years.pattern.format(n=2007)) == (2005, 2025, "year 2007")


def test_v4_ratings() -> None:
    """The card's four words."""
    assert words(V4) == {
        "general": ("safe",),
        "sensitive": ("sensitive",),
        "questionable": ("nsfw",),
        "explicit": ("explicit",),
    }


def test_v4_sizes() -> None:
    """Nine, with orientation, where 832 x 1216 goes by 2:3."""
    assert [(b.label, b.width, b.height, b.aspect) for b in V4.buckets] == [
        ("Square", 1024, 1024, "1:1"),
        ("Landscape", 1152, 896, "9:7"),
        ("Landscape", 1216, 832, "3:2"),
        ("Landscape", 1344, 768, "7:4"),
        ("Landscape", 1536, 640, "12:5"),
        ("Portrait", 896, 1152, "7:9"),
        ("Portrait", 832, 1216, "2:3"),
        ("Portrait", 768, 1344, "4:7"),
        ("Portrait", 640, 1536, "5:12"),
    ]


def test_v4_settings() -> None:
    """Guidance 5 to 7 (6), steps 25 to 28 (25), the community pipeline's conditioning."""
    guidance, steps = V4.guidance_scale, V4.steps
    assert (guidance.recommended_low, guidance.recommended_high, guidance.default) == (5, 7, 6)
    assert (steps.recommended_low, steps.recommended_high, steps.default) == (25, 28, 25)
    assert V4.conditioning is Conditioning.LPW
    assert (V4.source.repo, V4.source.variant) == ("cagliostrolab/animagine-xl-4.0", "")
    assert V4.negative_presets[0].text == NEGATIVE_V4
    assert (
        V4.template_text
        == "1girl/1boy/1other, character name, from which series, everything else in any order."
    )
    assert [licence.name for licence in V4.licences] == ["CreativeML Open RAIL++-M"]


def test_v4_examples() -> None:
    """The snippet, both widget examples with a slightly other negative prompt, and the structure example."""
    tail = "masterpiece, high score, great score, absurdres"
    rest = f"green hair, sweater, looking at viewer, upper body, beanie, outdoors, night, turtleneck, {tail}"
    snippet = (
        r"1girl, arima kana, oshi no ko, hoshimachi suisei, hoshimachi suisei \(1st costume\), cosplay, "
        rf"looking at viewer, smile, outdoors, night, v, {tail}"
    )
    structure = (
        rf"{tail}, 1girl, firefly \(honkai: star rail\), honkai \(series\), honkai: star rail, casual, "
        "solo, looking at viewer, outdoors, smile, reaching towards viewer, night"
    )
    assert [(example.prompt, example.negative_prompt) for example in V4.examples] == [
        (snippet, NEGATIVE_V4),
        (f"1girl, {rest}", WIDGET_V4),
        (f"1boy, male focus, {rest}", WIDGET_V4),
        (structure, NEGATIVE_V4),
    ]
    first = V4.examples[0]
    assert (first.width, first.height, first.guidance_scale, first.steps) == (832, 1216, 6, 25)


# Anime Illust Diffusion XL 0.8


def test_aidxl_quality_tags() -> None:
    """Six levels from best to worst, and the extra weight that the card recommends."""
    assert list(tags(AIDXL, TagKind.QUALITY)) == [
        "amazing quality",
        "best quality",
        "high quality",
        "normal quality",
        "low quality",
        "worst quality",
    ]
    assert AIDXL.default_tags == ("(amazing quality:1.5)",)
    assert AIDXL.tag_side[TagKind.QUALITY] is TagSide.END


def test_aidxl_painting_styles() -> None:
    """All eleven trigger words; two stand on the card without a meaning."""
    styles = tags(AIDXL, TagKind.STYLE)
    assert list(styles) == [
        "flat color",
        "clean color",
        "celluloid",
        "flat-pasto",
        "thin-pasto",
        "pseudo-impasto",
        "impasto",
        "realistic",
        "photorealistic",
        "cel shading",
        "3d",
    ]
    assert [style for style, meaning in styles.items() if not meaning] == ["realistic", "3d"]
    assert styles["photorealistic"] == "redefined to a style closer to the real world"


def test_aidxl_aesthetic_tags() -> None:
    """Those that its example of the order of tags names as aesthetics."""
    assert list(tags(AIDXL, TagKind.AESTHETIC)) == ["beautiful color", "detailed"]


def test_aidxl_size_rule() -> None:
    """Multiples of 32, area around 1024 x 1024, at least 256."""
    rule = AIDXL.free_sizes
    assert rule is not None
    assert (rule.multiple, rule.minimum, rule.area) == (32, 256, 1024 * 1024)


def test_aidxl_rating_words_are_a_house_rule() -> None:
    """The card names none, and the profile says so; other profiles have nothing to remark."""
    assert AIDXL.ratings_remark.startswith("House rule: the card of AIDXL names no rating words")
    assert AIDXL.ratings_remark.endswith(".")
    assert AIDXL.ratings[Rating.EXPLICIT].positive == ("explicit", "nsfw")
    assert AIDXL.ratings[Rating.EXPLICIT].negative == ("nsfw", "explicit")
    assert {profile.ratings_remark for profile in (V3, V4, BOYS)} == {""}


def test_aidxl_order_of_tags() -> None:
    """The card's full order."""
    assert AIDXL.template == (
        "art_style",
        "character",
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
    assert AIDXL.template_text.startswith(
        "art style (by xxx) -> character (1 frieren (sousou no frieren)) -> race"
    )
    assert AIDXL.template_text.endswith("-> secondary description (birds, cloud, butterfly)")
    assert AIDXL.template_text.count("->") == 18


def test_aidxl_settings() -> None:
    """Guidance 5 to 11; Euler a with 20 or more steps, or DPM++ 2M Karras with about 35."""
    assert (AIDXL.guidance_scale.recommended_low, AIDXL.guidance_scale.recommended_high) == (5, 11)
    assert AIDXL.recommended_samplers == ("euler_a", "dpmpp_2m_karras")
    assert AIDXL.steps.recommended_low == 20
    assert AIDXL.source.repo == "Eugeoter/anime_illust_diffusion_xl"
    assert AIDXL.default_negative == ""


def test_aidxl_example() -> None:
    """Its example of merging styles."""
    assert AIDXL.examples[0].prompt == (
        "chun-li, amazing quality, (by yoneyama mai:0.9), (by chi4:0.8), by ask, by modare, (by ikky:0.9)"
    )


# AnimeBoysXL


def test_boys_quality_and_aesthetic_tags() -> None:
    """The thresholds of both tables."""
    assert {t: m for t, m in tags(BOYS, TagKind.QUALITY).items() if t != "absurdres"} == {
        "best quality": "score 150 or more",
        "amazing quality": "score from 100 to below 150",
        "great quality": "score from 75 to below 100",
        "normal quality": "score from 0 to below 75",
        "bad quality": "score between -5 and 0",
        "worst quality": "score -5 or less",
    }
    assert tags(BOYS, TagKind.AESTHETIC) == {
        "best aesthetic": "aesthetic score 6.675 or more",
        "great aesthetic": "aesthetic score from 6.0 to below 6.675",
        "normal aesthetic": "aesthetic score from 5.0 to below 6.0",
        "bad aesthetic": "aesthetic score below 5.0",
    }
    assert BOYS.default_tags == ("best quality", "amazing quality", "best aesthetic", "absurdres")


def test_boys_ratings() -> None:
    """General has no word of its own."""
    assert words(BOYS) == {
        "general": (),
        "sensitive": ("slightly nsfw",),
        "questionable": ("fairly nsfw",),
        "explicit": ("very nsfw",),
    }


def test_boys_negative_presets() -> None:
    """Heavy (recommended), light, and the flat-style addition."""
    heavy = (
        "lowres, (bad:1.05), text, error, missing, extra, fewer, cropped, jpeg artifacts, worst quality, "
        "bad quality, watermark, bad aesthetic, unfinished, chromatic aberration, scan, scan artifacts, 1girl, "
        "breasts"
    )
    light = "lowres, jpeg artifacts, worst quality, watermark, blurry, bad aesthetic, 1girl, breasts"
    assert {preset.id: (preset.text, preset.addition) for preset in BOYS.negative_presets} == {
        "heavy": (heavy, False),
        "light": (light, False),
        "flat": ("realistic, lips, nose", True),
    }
    assert BOYS.default_negative == "heavy"


def test_boys_settings() -> None:
    """(Euler a, 28, 5), three sizes, years 2005 to 2023."""
    assert (BOYS.sampler, BOYS.steps.default, BOYS.guidance_scale.default) == ("euler_a", 28, 5)
    assert sizes(BOYS) == {"portrait": (832, 1216), "square": (1024, 1024), "landscape": (1216, 832)}
    assert BOYS.years is not None
    assert (BOYS.years.first, BOYS.years.last) == (2005, 2023)
    assert [licence.name for licence in BOYS.licences] == ["CreativeML OpenRAIL-M"]
    # The first version's repository: the cards of the later ones ask for other prompts and guidance.
    assert BOYS.source.repo == "Koolchh/AnimeBoysXL-v1.0"


# The built-in miniature


def test_miniature_sizes_are_a_quarter_of_the_documented_ones() -> None:
    """Side by side with Animagine's nine."""
    assert {(4 * w, 4 * h) for w, h in sizes(MINIATURE).values()} == set(sizes(V3).values())


def test_miniature_words() -> None:
    """Those its trained checkpoint knows."""
    assert tuple(tags(MINIATURE, TagKind.QUALITY)) == scene.QUALITIES
    assert tuple(tags(MINIATURE, TagKind.YEAR)) == scene.YEARS
    assert tuple(tags(MINIATURE, TagKind.STYLE)) == scene.PAINTINGS
    assert MINIATURE.default_tags == ("masterpiece", "best quality")
    assert words(MINIATURE) == words(V3)
    [preset] = MINIATURE.negative_presets
    assert preset.text == ("lowres, bad anatomy, bad hands, worst quality, low quality, blurry, jpeg artifacts")
    assert (MINIATURE.steps.default, MINIATURE.guidance_scale.default, MINIATURE.source.repo) == (25, 3, "")


def test_miniature_advice_names_everything_that_it_can_draw() -> None:
    """A member finds the whole vocabulary in `/models`."""
    advice = " ".join(MINIATURE.advice)
    colours = [tag.rpartition(" ")[0] for tag in (*scene.HAIR_COLOURS, *scene.EYE_COLOURS)]
    vocabulary = (
        *scene.SUBJECTS, *colours, *scene.HAIR_STYLES, *scene.MOUTHS, scene.CLOSED_EYES, scene.BLUSH,
        *scene.HEADWEAR, *scene.GARMENTS, *scene.GARMENT_COLOURS, *scene.FRAMINGS, *scene.POSES, *scene.PLACES,
        *scene.LIGHTS, *scene.PAINTINGS,
    )  # fmt: skip
    assert [tag for tag in vocabulary if tag not in advice] == []


def test_miniature_examples_say_only_what_it_can_draw() -> None:
    """Several, each of tags that it was trained on, and paintable as they stand."""
    known = {
        *scene.SUBJECTS, *scene.HAIR_COLOURS, *scene.HAIR_STYLES, *scene.EYE_COLOURS, *scene.MOUTHS,
        *scene.HEADWEAR, *scene.GARMENTS, *scene.FRAMINGS, *scene.POSES, *scene.PLACES, *scene.LIGHTS,
        *scene.PAINTINGS, *scene.QUALITIES, "cat",
        *(f"{colour} {garment}" for colour in scene.GARMENT_COLOURS for garment in scene.GARMENTS),
    }  # fmt: skip
    assert len(MINIATURE.examples) >= 3
    for example in MINIATURE.examples:
        assert [tag for tag in example.prompt.split(", ") if tag not in known] == []
        assert (example.width, example.height) in sizes(MINIATURE).values()
        assert example.negative_prompt == MINIATURE.negative_presets[0].text

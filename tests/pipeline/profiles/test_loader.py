"""A mistyped profile is refused with file, key and reason; a right one of the owner's needs no code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import ProfileError
from pipeline.profiles import load_profile, load_profiles
from pipeline.profiles.loader import DATA

GOOD = (DATA / "animagine-xl-3.0.toml").read_text(encoding="utf-8")
AIDXL = (DATA / "aidxl-0.8.toml").read_text(encoding="utf-8")


def own(text: str, number: int = 5) -> str:
    """A profile of the owner's, made from a built-in one."""
    text = text.replace('id = "animagine-xl-3.0"', f'id = "own-{number}"', 1)
    return text.replace('name = "Animagine XL 3.0"', f'name = "Own {number}"', 1)


def refused(folder: Path, text: str) -> str:
    """What is said about a file of this text."""
    file = folder / "mine.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ProfileError) as caught:
        load_profile(file)
    assert "mine.toml" in caught.value.text
    return caught.value.text


def test_a_fifth_model_takes_a_data_file_and_no_code(tmp_path: Path) -> None:
    """It comes after the built-in ones."""
    (tmp_path / "own.toml").write_text(own(GOOD), encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not a profile", encoding="utf-8")
    profiles = load_profiles(tmp_path)
    assert list(profiles)[-1] == "own-5"
    assert profiles["own-5"].weights_setting == "WEIGHTS_OWN_5"


def test_an_own_profile_may_replace_a_built_in_one(tmp_path: Path) -> None:
    """By having its id; it keeps its place."""
    (tmp_path / "own.toml").write_text(GOOD.replace("default = 28", "default = 24", 1), encoding="utf-8")
    profiles = load_profiles(tmp_path)
    assert list(profiles) == list(load_profiles())
    assert profiles["animagine-xl-3.0"].steps.default == 24


def test_optional_parts_may_be_left_out(tmp_path: Path) -> None:
    """Samplers, examples, presets, advice and the like have defaults."""
    file = tmp_path / "small.toml"
    file.write_text(
        """
        id = "small"
        name = "Small"
        summary = "The least."
        author = "Me"
        conditioning = "stock"
        sampler = "euler"
        recommended_samplers = []
        default_aspect = "1:1"
        default_tags = []
        default_rating = "general"
        default_negative = ""
        template = []
        licences = [{ name = "MIT" }]
        buckets = [{ aspect = "1:1", width = 512, height = 512 }]
        [source]
        repo = "me/small"
        [steps]
        minimum = 1
        maximum = 50
        recommended_low = 20
        recommended_high = 30
        default = 25
        [guidance_scale]
        minimum = 1
        maximum = 20.0
        recommended_low = 5
        recommended_high = 7.5
        default = 6
        [tags]
        [tag_side]
        [ratings]
        general = { positive = [], negative = [] }
        sensitive = { positive = [], negative = [] }
        questionable = { positive = [], negative = [] }
        explicit = { positive = [], negative = [] }
        """,
        encoding="utf-8",
    )
    profile = load_profile(file)
    assert profile.samplers[0] == "euler_a"
    assert (profile.examples, profile.negative_presets, profile.years, profile.free_sizes) == (
        (),
        (),
        None,
        None,
    )
    assert profile.source.revision == "main"


def test_a_remark_on_the_rating_words_is_read(tmp_path: Path) -> None:
    """Beside the steps; without it there is none."""
    file = tmp_path / "mine.toml"
    file.write_text(GOOD.replace("[ratings]", '[ratings]\nremark = "House rule."', 1), encoding="utf-8")
    assert load_profile(file).ratings_remark == "House rule."
    file.write_text(GOOD, encoding="utf-8")
    assert load_profile(file).ratings_remark == ""


@pytest.mark.parametrize(
    ("old", "new", "key", "reason"),
    [
        ("[ratings]", "[ratings]\nremark = 3", "ratings.remark", "a text in quotes"),
        ("[ratings]", '[ratings]\nremarks = "x"', "ratings.remarks", "`remark`"),
        ('author = "Linaqruf and Cagliostro Research Lab"', 'autor = "x"', "author", "missing"),
        ('author = "', 'colour = "x"\nauthor = "', "colour", "no such key"),
        ("label = ", "lable = ", "buckets[0].lable", "`label`"),
        ('name = "Animagine XL 3.0"', "name = 3", "name", "a text in quotes is needed, not a whole number"),
        ('name = "Animagine XL 3.0"', 'name = ""', "name", "empty"),
        ('name = "Animagine XL 3.0"', 'name = "a\\u0007b"', "name", "control character"),
        ('id = "animagine-xl-3.0"', 'id = "../up"', "id", "not an id"),
        ("default = 28", "default = nan", "steps.default", "a whole number is needed"),
        ("default = 28", "default = true", "steps.default", "true or false"),
        ("default = 28", "default = 101", "steps.default", "between the minimum"),
        ("default = 28", "default = 0", "steps.default", "0 is not between 1 and 150"),
        ("default = 7", "default = nan", "guidance_scale.default", "not a number"),
        ("default = 7", "default = inf", "guidance_scale.default", "not a number"),
        ("default = 7", 'default = "7"', "guidance_scale.default", "a number is needed, not a text"),
        ("default = 7", "default = 1979-05-27", "guidance_scale.default", "a date"),
        ("maximum = 100", "maximum = 10", "steps.recommended_low", "between the minimum"),
        ("recommended_low = 5", "recommended_low = 8", "guidance_scale.recommended_high", "below"),
        ('sampler = "euler_a"', 'sampler = "euler_b"', "sampler", "`euler_a`"),
        (
            'recommended_samplers = ["euler_a"]',
            'recommended_samplers = ["ddimm"]',
            "recommended_samplers[0]",
            "`ddim`",
        ),
        ('conditioning = "stock"', 'conditioning = "clip"', "conditioning", "stock, lpw"),
        ('conditioning = "stock"', 'conditioning = "stock"\nsamplers = ["ddim"]', "sampler", "not known"),
        ('default_aspect = "13:19"', 'default_aspect = "2:3"', "default_aspect", "13:19"),
        ("width = 1152", "width = 1150", "buckets[1].width", "multiple of 8"),
        ("width = 1152", "width = 896", "buckets[1].aspect", "shape"),
        ("width = 1152", "width = 90000", "buckets[1].width", "between"),
        ('aspect = "9:7"', 'aspect = "7:9"', "buckets[2].aspect", "twice"),
        ('{ tag = "best quality"', '{ tag = "Masterpiece"', "tags.quality[1].tag", "twice"),
        ('{ tag = "newest"', '{ tag = "masterpiece"', "tags.year[0].tag", "twice"),
        ('{ tag = "newest"', '{ tag = "new, est"', "tags.year[0].tag", "one tag"),
        ("quality = [", "qualiti = [", "tags.qualiti", "`quality`"),
        ('default_tags = ["masterpiece"', 'default_tags = ["masterpeace"', "default_tags[0]", "`masterpiece`"),
        ('year = "end"', 'year = "middle"', "tag_side.year", "start, end"),
        ('year = "end"', "", "tag_side.year", "missing"),
        ('year = "end"', 'year = "end"\nscore = "end"', "tag_side.score", "no score tags"),
        (
            'general = { positive = ["rating: general"]',
            'general = { positive = "x"',
            "ratings.general.positive",
            "list",
        ),
        ("explicit = {", "hardcore = {", "ratings.explicit", "missing"),
        ('default_rating = "general"', 'default_rating = "safe"', "default_rating", "general, sensitive"),
        ('default_negative = "recommended"', 'default_negative = "heavy"', "default_negative", "recommended"),
        ('id = "recommended"', 'id = "none"', "negative_presets[0].id", "not `none`"),
        ('id = "recommended"', 'id = "recommended"\naddition = true', "default_negative", "known: none"),
        ('template = ["subject"', 'template = ["subjects"', "template[0]", "`subject`"),
        ('template = ["subject"', 'template = ["rest", "subject"', "template[4]", "twice"),
        ('repo = "Linaqruf/animagine-xl-3.0"', 'repo = "animagine"', "source.repo", "owner/name"),
        ('repo = "Linaqruf/animagine-xl-3.0"', 'repo = ""', "source.vae_repo", "needs a `repo`"),
        ('repo = "Linaqruf', 'revision = "../x"\nrepo = "Linaqruf', "source.revision", "a branch"),
        ('repo = "Linaqruf', 'file = "model.ckpt"\nrepo = "Linaqruf', "source.file", ".safetensors"),
        ("\nsteps = 28\n", "\nsteps = 120\n", "examples[0].steps", "between 1 and 100"),
        ("\nheight = 1216\nsampler", "\nheight = 1208\nsampler", "examples[0].width", "sizes"),
        ('url = "https://freedev', 'url = "freedev', "licences[0].url", "web address"),
        ("[steps]", "[[steps]]", "steps", "a table is needed, not a list"),
        ("[[examples]]\ntitle", "[[exampels]]\ntitle", "exampels", "`examples`"),
        ("[tag_side]", "[year]\nfirst = 1\n[tag_side]", "year", "`years`"),
        ("[tag_side]", "[years]\nfirst = 2020\nlast = 2010\n[tag_side]", "years.last", "before"),
        ("[tag_side]", '[years]\nfirst = 1\nlast = 2010\npattern = "y"\n[tag_side]', "years.first", "between"),
        ("[tag_side]", '[years]\nfirst = 2000\nlast = 2010\npattern = "y"\n[tag_side]', "years.pattern", "{n}"),
    ],
)
def test_a_mistake_is_refused_with_its_key_and_the_reason(
    tmp_path: Path, old: str, new: str, key: str, reason: str
) -> None:
    """One mistake in an otherwise right file."""
    assert old in GOOD
    said = refused(tmp_path, GOOD.replace(old, new, 1))
    assert f"`{key}`" in said
    assert reason in said.split(f"`{key}`", 1)[1]


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("multiple = 32", "multiple = 12", "free_sizes.multiple"),
        ("minimum = 256", "minimum = 4096", "free_sizes.minimum"),
        ("tolerance = 0.25", "tolerance = nan", "free_sizes.tolerance"),
        ("tolerance = 0.25", "tolerance = 0.01", "buckets[1].width"),
        ("width = 1120", "width = 1128", "buckets[1].width"),
    ],
)
def test_a_wrong_rule_for_free_sizes_is_refused(tmp_path: Path, old: str, new: str, key: str) -> None:
    """And so are handy sizes that break it."""
    assert old in AIDXL
    assert f"`{key}`" in refused(tmp_path, AIDXL.replace(old, new, 1))


def test_broken_toml_is_refused_with_the_line(tmp_path: Path) -> None:
    """The parser's own words."""
    assert "line 2" in refused(tmp_path, 'id = "x"\nname = \n')


def test_a_key_written_twice_is_refused(tmp_path: Path) -> None:
    """TOML forbids it."""
    assert "not valid TOML" in refused(tmp_path, GOOD + "\n[steps]\nminimum = 1\n")


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    """Such as UTF-16."""
    file = tmp_path / "mine.toml"
    file.write_bytes(b"\xff\xfei\x00")
    with pytest.raises(ProfileError, match="UTF-8"):
        load_profile(file)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """The owner set it, so silence would hide a mistake."""
    with pytest.raises(ProfileError, match="not a folder"):
        load_profiles(tmp_path / "none")


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """Here a folder of that name."""
    (tmp_path / "mine.toml").mkdir()
    with pytest.raises(ProfileError, match=r"mine\.toml"):
        load_profiles(tmp_path)


def test_two_own_profiles_of_one_id_are_refused(tmp_path: Path) -> None:
    """Both files are named."""
    (tmp_path / "a.toml").write_text(own(GOOD), encoding="utf-8")
    (tmp_path / "b.toml").write_text(own(GOOD), encoding="utf-8")
    with pytest.raises(ProfileError, match=r"b\.toml.*a\.toml"):
        load_profiles(tmp_path)


def test_two_profiles_of_one_name_are_refused(tmp_path: Path) -> None:
    """A member may choose a model by its name."""
    (tmp_path / "a.toml").write_text(GOOD.replace('id = "animagine-xl-3.0"', 'id = "own"', 1), encoding="utf-8")
    with pytest.raises(ProfileError, match="called"):
        load_profiles(tmp_path)


def test_two_profiles_of_one_setting_are_refused(tmp_path: Path) -> None:
    """`miniature` and `animagine.xl.3.0` differ, `animagine-xl-3.0` and `animagine.xl.3.0` do not."""
    text = own(GOOD).replace('id = "own-5"', 'id = "animagine.xl.3.0"', 1)
    (tmp_path / "a.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ProfileError, match="WEIGHTS_ANIMAGINE_XL_3_0"):
        load_profiles(tmp_path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(start=st.integers(0, len(GOOD)), length=st.integers(0, 40), put=st.text(max_size=8))
def test_no_mistake_raises_anything_but_a_sentence(tmp_path: Path, start: int, length: int, put: str) -> None:
    """Whatever is cut out of a file and typed in instead."""
    file = tmp_path / "mine.toml"
    text = GOOD[:start] + put + GOOD[start + length :]
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    said = "mine.toml"
    try:
        load_profile(file)
    except ProfileError as error:
        said = error.text
    assert "mine.toml" in said


def test_loading_imports_no_heavy_package() -> None:
    """Profiles are needed before anything is painted, and without it."""
    code = (
        "import sys; from pipeline.profiles import load_profiles; import pipeline.sizes; load_profiles();"
        "print([m for m in ('torch', 'diffusers', 'transformers', 'discord', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

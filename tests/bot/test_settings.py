"""The settings: typed, checked, documented, and silent about secrets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.settings import Settings, SettingsError, check_token, read_settings, setting_names
from pipeline.profiles import load_profiles
from pipeline.profiles.types import Rating

ROOT = Path(__file__).parents[2]
TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GabcdE.abcdefghijklmnopqrstuvwxyz0123456789AB"


def read(**environment: str) -> Settings:
    """The settings of an environment, without any file."""
    return read_settings(environment, env_file=None)


def test_without_anything_set_the_miniature_is_the_default() -> None:
    """`make run` works on any machine until the owner chooses."""
    assert read().default_profile == "miniature"


def test_values_are_converted_to_their_types() -> None:
    """Text from the environment becomes numbers, paths and ratings."""
    settings = read(MAX_RUNNING="7", DATA_DIR="/srv/tagbrush", RATING_CEILING="sensitive")
    assert (settings.max_running, settings.data_dir, settings.rating_ceiling) == (
        7,
        Path("/srv/tagbrush"),
        Rating.SENSITIVE,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAX_RUNNING", "0"),
        ("MAX_RUNNING", "many"),
        ("MAX_RUNNING", "nan"),
        ("MIN_FREE_MB", "-1"),
        ("DEVICE", "tpu"),
        ("LOG_FORMAT", "xml"),
        ("RATING_CEILING", "explicit"),
        ("RATING_CEILING_MAXIMUM", "questionable"),
        ("RATING_CEILING_AGE_RESTRICTED", "explicit"),
        ("MAX_PENDING_PER_GUILD", "9" * 400),
    ],
)
def test_a_wrong_value_is_refused_by_name(name: str, value: str) -> None:
    """The sentence names the setting, so that the owner finds the line."""
    with pytest.raises(SettingsError) as caught:
        read(**{name: value})
    assert name in caught.value.text


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    """As with every tool that reads a .env file."""
    file = tmp_path / ".env"
    file.write_text("MAX_RUNNING=2\nMAX_MODELS=3\n")
    settings = read_settings({"MAX_RUNNING": "5"}, env_file=file)
    assert (settings.max_running, settings.max_models) == (5, 3)


def test_weights_settings_are_collected_by_name() -> None:
    """WEIGHTS_ settings point profiles at local files; empty ones mean nothing."""
    settings = read(WEIGHTS_ANIMAGINE_XL_4_0="/models/a.safetensors", WEIGHTS_AIDXL_0_8="")
    assert dict(settings.weights) == {"WEIGHTS_ANIMAGINE_XL_4_0": Path("/models/a.safetensors")}


def test_secrets_are_not_in_the_repr() -> None:
    """A logged settings object gives nothing away."""
    assert TOKEN not in repr(read(DISCORD_TOKEN=TOKEN, HF_TOKEN=TOKEN))


@pytest.mark.parametrize("token", ["", "not-a-token", "abc.def.ghi", TOKEN + ".x"])
def test_a_token_of_the_wrong_form_is_refused_without_showing_it(token: str) -> None:
    """The sentence helps, and never repeats what may be a secret."""
    with pytest.raises(SettingsError) as caught:
        check_token(token)
    assert "DISCORD_TOKEN" in caught.value.text
    assert not token or token not in caught.value.text


def test_a_token_of_the_right_form_is_taken() -> None:
    """Form only: whether Discord knows it is for Discord to say."""
    check_token(TOKEN)


def test_every_setting_is_documented() -> None:
    """`.env.example` and the README know each setting, and no others."""
    example = set(re.findall(r"^([A-Z_0-9]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    expected = set(setting_names()) | {p.weights_setting for p in load_profiles().values()}
    assert example == expected
    readme = (ROOT / "README.md").read_text()
    assert [name for name in setting_names() if f"`{name}`" not in readme] == []


def test_the_example_file_shows_the_defaults() -> None:
    """Copying `.env.example` unchanged changes nothing."""
    assert read_settings({}, env_file=ROOT / ".env.example") == read()

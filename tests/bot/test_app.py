"""The composition root and the start of the program: owner's mistakes get one sentence."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from bot.app import open_app
from bot.cli.run import instance_lock
from bot.models import read_profiles
from bot.settings import Settings, SettingsError, read_settings
from tests.support.scripted_classifier import ScriptedClassifier
from tests.support.scripted_engine import ScriptedEngine


def test_a_second_bot_on_the_same_folder_is_refused(settings: Settings) -> None:
    """Two would paint every job twice."""
    first = instance_lock(settings)
    with pytest.raises(SettingsError, match="already running"):
        instance_lock(settings)
    first.release()
    instance_lock(settings).release()


@pytest.mark.parametrize("name", ["data_dir", "cache_dir"])
async def test_a_folder_that_cannot_be_used_is_named(
    settings: Settings, tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """With the setting that chose it, and without a traceback."""
    (tmp_path / "file").write_text("")
    changed = dataclasses.replace(settings, **{name: tmp_path / "file" / "below"})  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match=name.upper()):
        async with open_app(
            changed, make_engine=lambda _: ScriptedEngine(), make_classifier=ScriptedClassifier
        ):
            pass
    assert caplog.records == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("DEFAULT_PROFILE", "nope"), ("WEIGHTS_NOPE", "/a"), ("PROFILES_DIR", "/nowhere/at/all")],
)
def test_settings_that_name_no_profile_are_refused(name: str, value: str) -> None:
    """By name."""
    with pytest.raises(Exception, match=name):
        read_profiles(read_settings({name: value}, None))


def test_a_profile_of_the_owners_own_needs_no_code(tmp_path: Path) -> None:
    """A data file in PROFILES_DIR, and there is a sixth model with a weights setting."""
    source = Path(__file__).parents[2] / "pipeline" / "profiles" / "data" / "animagine-xl-4.0.toml"
    text = (
        source.read_text().replace('"animagine-xl-4.0"', '"my-model"').replace('"Animagine XL 4.0"', '"Mine"')
    )
    (tmp_path / "mine.toml").write_text(text)
    profiles = read_profiles(
        read_settings({"PROFILES_DIR": str(tmp_path), "WEIGHTS_MY_MODEL": "/m.safetensors"}, None)
    )
    assert profiles["my-model"].weights_setting == "WEIGHTS_MY_MODEL"

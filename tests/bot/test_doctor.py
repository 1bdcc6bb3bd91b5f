"""The doctor: says what is wrong before members find out."""

from __future__ import annotations

import base64
import dataclasses
import shutil
from pathlib import Path

import discord
import pytest

from bot.cli.doctor import checks
from bot.doctor import machine
from bot.doctor.check import Status
from bot.doctor.online import PERMISSIONS, application_id, check_discord, invite_link, lacking
from bot.settings import Settings, read_settings
from pipeline import built_in

TOKEN = base64.b64encode(b"123456789012345678").decode() + ".GabcdE." + "a" * 38


async def report(
    monkeypatch: pytest.MonkeyPatch, folder: Path, **environment: str
) -> dict[str, tuple[Status, str]]:
    """Every check by name, in an environment of its own."""
    for name, value in {"DATA_DIR": str(folder / "data"), **environment}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(folder)
    return {check.name: (check.status, check.text) async for check in checks()}


async def test_a_fresh_machine_is_ready_for_the_miniature(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing fails; the missing token is only a note, because the demo needs none."""
    found = await report(monkeypatch, tmp_path)
    assert [name for name, (status, _) in found.items() if status is Status.FAIL] == []
    assert found["token"][0] is Status.WARN
    assert found["database"][0] is Status.OK
    assert found["weights miniature"] == (
        Status.OK,
        f"Comes with Tagbrush, version {built_in.version(built_in.FOLDER)}.",
    )


async def test_a_damaged_built_in_model_fails_with_the_way_back(
    tmp_path: Path, miniature_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As default model; for a bot that uses another one it is only a note."""
    copy = Path(shutil.copytree(miniature_folder, tmp_path / "model"))
    monkeypatch.setattr(built_in, "FOLDER", copy)
    path = copy / "unet" / "diffusion_pytorch_model.safetensors"
    path.write_bytes(path.read_bytes()[:5000])
    found = await report(monkeypatch, tmp_path)
    status, text = found["weights miniature"]
    assert status is Status.FAIL
    assert str(path) in text
    assert "git restore pipeline/miniature/model" in text
    own = {"DEFAULT_PROFILE": "aidxl-0.8", "WEIGHTS_AIDXL_0_8": str(miniature_folder)}
    found = await report(monkeypatch, tmp_path, **own)
    assert found["weights miniature"] == (Status.WARN, text)


async def test_a_missing_weights_file_of_the_default_model_fails_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The owner sees which file."""
    found = await report(
        monkeypatch,
        tmp_path,
        DEFAULT_PROFILE="animagine-xl-4.0",
        WEIGHTS_ANIMAGINE_XL_4_0=str(tmp_path / "gone.safetensors"),
    )
    status, text = found["weights animagine-xl-4.0"]
    assert status is Status.FAIL
    assert "gone.safetensors" in text


async def test_a_broken_database_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is no database."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "tagbrush.sqlite3").write_bytes(b"not a database " * 400)
    found = await report(monkeypatch, tmp_path)
    assert found["database"][0] is Status.FAIL


async def test_wrong_settings_end_the_report_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything after it would be about settings nobody meant."""
    found = await report(monkeypatch, tmp_path, DEFAULT_PROFILE="nope")
    assert found["settings"][0] is Status.FAIL
    assert "DEFAULT_PROFILE" in found["settings"][1]
    assert "weights miniature" not in found


def test_a_nearly_full_disk_fails(settings: Settings) -> None:
    """Nothing would be painted."""
    assert machine.check_disk(dataclasses.replace(settings, min_free_mb=10**7)).status is Status.FAIL


async def test_a_token_of_the_wrong_form_is_not_sent_anywhere() -> None:
    """It is refused here."""
    settings = read_settings({"DISCORD_TOKEN": "secret-but-wrong"}, None)
    [check] = [check async for check in check_discord(settings)]
    assert check.status is Status.FAIL
    assert "secret-but-wrong" not in check.text


def test_the_invite_link_asks_for_just_what_is_needed() -> None:
    """The application's id is inside the token."""
    app_id = application_id(TOKEN)
    assert app_id == 123456789012345678
    link = invite_link(app_id)
    assert f"client_id={app_id}" in link
    assert f"permissions={PERMISSIONS.value}" in link
    assert "applications.commands" in link


def test_missing_permissions_are_named() -> None:
    """And administrators lack nothing."""
    assert lacking(PERMISSIONS.value) == []
    assert lacking(discord.Permissions(administrator=True).value) == []
    assert "attach files" in lacking(discord.Permissions(send_messages=True).value)


async def test_the_output_check_is_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The classifier that comes with the program looks at a picture; switched off, the owner is told."""
    found = await report(monkeypatch, tmp_path)
    status, text = found["output check"]
    assert status is Status.OK
    assert "nsfwjs" in text
    found = await report(monkeypatch, tmp_path, OUTPUT_CHECK="off")
    assert found["output check"][0] is Status.WARN


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"OUTPUT_CHECK_WEIGHTS": "nowhere.safetensors"}, "nowhere.safetensors"),
        ({"OUTPUT_CHECK": "wd", "OUTPUT_CHECK_WEIGHTS": "nowhere"}, "nowhere"),
    ],
)
async def test_a_classifier_without_weights_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: str
) -> None:
    """As every picture would be withheld."""
    status, text = (await report(monkeypatch, tmp_path, **environment))["output check"]
    assert status is Status.FAIL
    assert expected in text
    assert "every picture is withheld" in text


async def test_the_wd_tagger_needs_its_runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the way to it, before anything is downloaded."""
    monkeypatch.setattr("bot.doctor.output.find_spec", lambda _: None)
    status, text = (await report(monkeypatch, tmp_path, OUTPUT_CHECK="wd"))["output check"]
    assert status is Status.FAIL
    assert "make wd" in text

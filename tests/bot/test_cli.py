"""The command line, as a person uses it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from bot.cli.main import BAD_INPUT, main
from pipeline import built_in
from pipeline.metadata import RECIPE_KEY
from pipeline.prompt.tokens import TokenMeter
from pipeline.recipe import Recipe

ROOT = Path(__file__).parents[2]
COMMANDS = ("imagine", "prompt", "profiles", "doctor", "run", "demo")


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings and data of their own, whatever the developer's `.env` says."""
    monkeypatch.chdir(tmp_path)
    for name in [
        n for n in os.environ if n.startswith(("WEIGHTS_", "DISCORD_", "DATA_DIR", "DEFAULT_PROFILE"))
    ]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))


def call(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of one command."""
    try:
        status = main(argv)
    except SystemExit as stop:
        status = int(stop.code or 0)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`--help` explains and succeeds."""
    status, out, _ = call(capsys, command, "--help")
    assert status == 0
    assert command in out


def test_prompt_shows_what_would_be_sent(capsys: pytest.CaptureFixture[str]) -> None:
    """Final prompt, additions with their rule, and the token meter, as one JSON object."""
    status, out, _ = call(
        capsys,
        "prompt",
        "1girl, long_hair, bishop_(chess)",
        "--profile",
        "animagine-xl-4.0",
        "--rating",
        "general",
        "--json",
    )
    data = json.loads(out)
    assert status == 0
    assert "bishop \\(chess\\)" in data["prompt"]
    assert "masterpiece, high score, great score, absurdres" in data["prompt"]
    assert "lowres, bad anatomy, bad hands" in data["negative_prompt"]
    assert {"tag", "rule", "where"} == set(data["added"][0])
    assert all(0 < n <= 75 for n in data["tokens"])


@pytest.mark.parametrize(
    ("profile", "own", "clips"),
    [("miniature", False, False), ("miniature", True, True), ("animagine-xl-3.0", False, True)],
)
def test_tokens_are_counted_with_the_models_own_tokenizer(
    capsys: pytest.CaptureFixture[str],
    miniature_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    profile: str,
    own: bool,
    clips: bool,
) -> None:
    """The built-in miniature has its own vocabulary; weights of one's own bring theirs, here CLIP's."""
    if own:
        monkeypatch.setenv("WEIGHTS_MINIATURE", str(miniature_folder))
    options = ("--negative", "hydrangea", "--profile", profile, "--json")
    data = json.loads(call(capsys, "prompt", "1girl, chrysanthemum", *options)[1])
    meter = TokenMeter(None if clips else built_in.tokenizer_folder())
    assert data["tokens"] == list(meter.count(data["prompt"]))
    assert data["negative_tokens"] == list(meter.count(data["negative_prompt"]))
    assert (TokenMeter().count(data["prompt"]) == tuple(data["tokens"])) is clips


def test_profiles_prints_one_object_for_each(capsys: pytest.CaptureFixture[str]) -> None:
    """The four cards and the miniature."""
    _, out, _ = call(capsys, "profiles", "--json")
    assert {json.loads(line)["id"] for line in out.splitlines()} == {
        "animagine-xl-3.0",
        "animagine-xl-4.0",
        "aidxl-0.8",
        "animeboys-xl",
        "miniature",
    }


@pytest.mark.parametrize(
    "argv",
    [
        ("prompt", ""),
        ("prompt", "((((()))))"),
        ("prompt", "1girl", "--profile", "nope"),
        ("prompt", "1girl", "--steps", "NaN"),
        ("prompt", "1girl", "--cfg", "inf"),
        ("prompt", "1girl", "--size", "1x1"),
        ("prompt", "1girl", "--aspect", "2:3", "--size", "832x1216"),
        ("prompt", "1girl", "--count", "9"),
        ("prompt", "1girl", "--seed", "-1"),
        ("prompt", "1girl", "--year", "1492"),
        ("prompt",),
        ("paint", "1girl"),
        ("demo", "--port", "never"),
        ("imagine", "1girl", "--steps", "zero"),
    ],
)
def test_bad_input_is_one_sentence_and_a_status(
    argv: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """No traceback, nothing on standard output, exit status 2."""
    status, out, err = call(capsys, *argv)
    assert status == BAD_INPUT
    assert out == ""
    assert "Traceback" not in err
    assert len(err.strip().splitlines()) == 1


def test_run_without_a_token_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    """The first thing a server owner will meet."""
    status, _, err = call(capsys, "run")
    assert status == 1
    assert "DISCORD_TOKEN is missing" in err


def test_imagine_paints_png_files_that_carry_their_recipe(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Through the real queue, database and engine, with the model that comes with the program."""
    status, out, err = call(
        capsys,
        "imagine",
        "1girl, green hair",
        "--count",
        "2",
        "--seed",
        "5",
        "--steps",
        "2",
        "--out",
        "pics",
        "--json",
    )
    assert status == 0, err
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["seed"] for line in lines] == [5, 6]
    for line in lines:
        with Image.open(line["path"]) as image:
            assert image.size == (line["width"], line["height"])
            assert Recipe.from_json(image.text[RECIPE_KEY]).seed == line["seed"]  # type: ignore[attr-defined]
        assert set(line) >= {
            "path", "profile", "seed", "width", "height", "prompt", "negative_prompt", "sampler", "steps",
            "guidance_scale", "seconds", "recipe",
        }  # fmt: skip


def test_imagine_writes_to_a_named_png(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], miniature_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--out name.png` is that file, painted with weights of one's own."""
    monkeypatch.setenv("WEIGHTS_MINIATURE", str(miniature_folder))
    status, _, err = call(capsys, "imagine", "1girl", "--steps", "1", "--seed", "1", "--out", "deep/er/one.png")
    assert status == 0, err
    assert (tmp_path / "deep" / "er" / "one.png").is_file()


def test_an_output_that_cannot_be_written_is_refused_before_painting(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "taken").write_text("")
    status, _, err = call(capsys, "imagine", "1girl", "--out", "taken/here")
    assert status == BAD_INPUT
    assert "--out" in err


def test_python_dash_m_bot_works_from_the_checkout(tmp_path: Path) -> None:
    """The documented way to call it, in a process of its own."""
    result = subprocess.run(
        [sys.executable, "-m", "bot", "prompt", "1girl", "--json"],
        cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, "DATA_DIR": str(tmp_path)},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["prompt"].startswith("1girl")

"""The command line, as a person uses it."""

from __future__ import annotations

import functools
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from bot.app import open_app
from bot.cli.main import BAD_INPUT, main
from pipeline import built_in
from pipeline.errors import MemberError
from pipeline.metadata import RECIPE_KEY
from pipeline.prompt.tokens import TokenMeter
from pipeline.recipe import Recipe
from tests.support.scripted_engine import ScriptedEngine

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


class Terminal(io.StringIO):
    """What a person types."""

    def isatty(self) -> bool:
        """It is one."""
        return True


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> ScriptedEngine:
    """The engine of `imagine`, without a model."""
    engine = ScriptedEngine()
    monkeypatch.setattr("bot.cli.imagine.open_app", functools.partial(open_app, make_engine=lambda _: engine))
    return engine


def several(capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, list[dict[str, object]], str]:
    """Two permutations, each with two rows of seeds: six pictures in four jobs."""
    status, out, err = call(capsys, "imagine", "1girl, {red|blue} hair", "--seeds", "7-8,20", "--json", *more)
    return status, [json.loads(line) for line in out.splitlines()], err


@pytest.mark.parametrize("pending", ["12", "2"])
def test_permutations_and_seeds_are_expanded(
    capsys: pytest.CaptureFixture[str], scripted: ScriptedEngine, monkeypatch: pytest.MonkeyPatch, pending: str
) -> None:
    """Every prompt with every seed, also where fewer may wait at the same time."""
    monkeypatch.setenv("MAX_PENDING_PER_MEMBER", pending)
    status, lines, err = several(capsys, "--yes")
    assert status == 0, err
    assert "6 pictures in 4 jobs" in err
    assert [line["seed"] for line in lines] == [7, 8, 20] * 2
    assert ["red hair" in str(line["prompt"]) for line in lines] == [True] * 3 + [False] * 3
    assert len({line["path"] for line in lines}) == 6
    assert all(Path(str(line["path"])).is_file() for line in lines)
    assert len(scripted.painted) == 6


def test_a_named_png_is_numbered_through_all_jobs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], scripted: ScriptedEngine
) -> None:
    """No picture takes another one's place."""
    several(capsys, "--yes", "--out", "it.png")
    names = ["it.png", *(f"it-{n}.png" for n in range(2, 7))]
    assert sorted(path.name for path in tmp_path.glob("*.png")) == sorted(names)


def test_several_jobs_are_asked_about(
    capsys: pytest.CaptureFixture[str], scripted: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever does not say yes has painted nothing; a script is told how to say it."""
    status, lines, err = several(capsys)
    assert (status, lines, scripted.painted) == (BAD_INPUT, [], [])
    assert "6 pictures in 4 jobs" in err
    assert "--yes" in err
    monkeypatch.setattr(sys, "stdin", Terminal("\n"))
    assert several(capsys)[:2] == (BAD_INPUT, [])
    monkeypatch.setattr(sys, "stdin", Terminal("y\n"))
    status, lines, err = several(capsys)
    assert (status, len(lines)) == (0, 6), err


def test_one_job_is_not_asked_about(capsys: pytest.CaptureFixture[str], scripted: ScriptedEngine) -> None:
    """A row of up to four seeds, and braces around a single text."""
    status, out, err = call(capsys, "imagine", "{red} hair", "--seeds", "3-5")
    assert status == 0, err
    assert [line.split("seed ")[1].split()[0] for line in out.splitlines()] == ["3", "4", "5"]


def test_a_picture_that_fails_takes_no_other_along(
    capsys: pytest.CaptureFixture[str], scripted: ScriptedEngine
) -> None:
    """The others are written, and the status says that not all is well."""
    scripted.fault = lambda work: MemberError("No paint.") if work.recipe.seed == 20 else None
    status, lines, err = several(capsys, "--yes")
    assert status == 1
    assert [line["seed"] for line in lines] == [7, 8] * 2
    assert err.count("No paint.") == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("{a|b",), "never closed"),
        (("{a|b}" * 10, "--count", "1"), "1000 is the most"),
        (("1girl", "--seeds", "1-2000"), "1000 is the most"),
        (("1girl", "--seeds", "9-1"), "counts down"),
        (("1girl", "--seeds", "1-4", "--seed", "3"), "either"),
        (("{1girl|1girl, highly detailed \x07}",), "character"),
    ],
)
def test_a_batch_that_cannot_be_is_refused(
    capsys: pytest.CaptureFixture[str], scripted: ScriptedEngine, options: tuple[str, ...], words: str
) -> None:
    """Before anything is asked or painted."""
    status, out, err = call(capsys, "imagine", *options, "--yes")
    assert (status, out, scripted.painted) == (BAD_INPUT, "", [])
    assert words in err


def test_prompt_shows_every_permutation(capsys: pytest.CaptureFixture[str]) -> None:
    """One object for each."""
    status, out, _ = call(capsys, "prompt", "1girl, {red|blue} hair", "--json")
    assert status == 0
    red, blue = (json.loads(line)["prompt"] for line in out.splitlines())
    assert ("red hair" in red, "blue hair" in blue) == (True, True)

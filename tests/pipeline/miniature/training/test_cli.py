"""The command line: every option is a flag, and what does not fit is one sentence."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from pipeline.miniature.training import vae
from pipeline.miniature.training.__main__ import main
from pipeline.miniature.training.options import DenoiserOptions, VaeOptions

SMALL_VAE = (
    "--channels",
    "8,8,8,8",
    "--pictures",
    "18",
    "--batch-size",
    "2",
    "--threads",
    "1",
    "--workers",
    "0",
)
SMALL = (
    *("--channels", "8,16,16", "--heads", "1,2,2", "--transformer-layers", "1,1,1", "--text-width", "16"),
    *(
        "--text-2-width",
        "24",
        "--text-2-layers",
        "2",
        "--pictures",
        "18",
        "--batch-size",
        "2",
        "--threads",
        "1",
    ),
    *("--precision", "fp32"),
)
QUIET = ("--workers", "0", "--sheet-minutes", "0")


@pytest.mark.usefixtures("quick_artist")
def test_the_commands_make_a_model(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One after the other, and the export of a checkpoint is the same model."""
    folder = ("--work", str(work))
    assert main(["tokenizer", *folder, "--vocabulary-size", "600"]) == 0
    assert "600 entries" in capsys.readouterr().out
    assert main(["vae", *folder, "--steps", "1", *SMALL_VAE]) == 0
    assert main(["latents", *folder, *SMALL, "--workers", "0"]) == 0
    assert len(list(work.glob("latents-*"))) == 1
    assert main(["denoiser", *folder, "--steps", "2", *SMALL, *QUIET]) == 0
    assert (work / "model" / "model_index.json").is_file()
    assert main(["export", *folder, *SMALL, "--out", str(work / "copy")]) == 0
    assert (work / "copy" / "model_index.json").is_file()
    weights = "unet/diffusion_pytorch_model.safetensors"
    assert (work / "copy" / weights).read_bytes() == (work / "model" / weights).read_bytes()
    assert len(list(work.glob("latents-*"))) == 1
    capsys.readouterr()
    # Another configuration's checkpoint.
    arguments = ["denoiser", *folder, "--steps", "2", *SMALL, *QUIET, "--tag-dropout", "0.5", "--resume"]
    assert main(arguments) == 2
    assert "tag_dropout" in capsys.readouterr().err


@pytest.mark.usefixtures("quick_artist")
def test_the_vae_is_reported(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In decibels, by quality and size."""
    folder = ("--work", str(work))
    assert main(["vae", *folder, "--steps", "1", *SMALL_VAE, "--no-compiled"]) == 0
    assert main(["vae-report", *folder, "--pictures", "9", "--workers", "0"]) == 0
    said = capsys.readouterr().out
    assert "VAE on 9 fresh pictures: " in said
    assert "by size: 256x256 " in said


@pytest.mark.parametrize(
    ("flags", "compiled"), [([], False), (["--compiled"], True), (["--no-compiled"], False)]
)
def test_a_switch_is_a_switch(
    flags: list[str], *, compiled: bool, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No number and no word after it."""
    seen: list[VaeOptions] = []
    monkeypatch.setattr(vae, "train_vae", lambda options, *_, **__: seen.append(options))
    assert main(["vae", "--work", str(work), "--steps", "1", *flags]) == 0
    assert [options.compiled for options in seen] == [compiled]


@pytest.mark.usefixtures("quick_artist")
def test_all_at_once(work: Path) -> None:
    """With the options of both trainings."""
    vae = ["--vae-steps", "1", "--vae-channels", "8,8,8,8", "--vae-pictures", "18", "--vae-batch-size", "2"]
    own = [f"--denoiser-{flag[2:]}" if flag.startswith("--") else flag for flag in SMALL]
    arguments = ["all", "--work", str(work), *vae, "--vae-threads", "1", "--denoiser-steps", "1", *own, *QUIET]
    assert main(arguments) == 0
    assert (work / "model" / "model_index.json").is_file()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["vae", "--steps", "0"], "steps must be at least 1"),
        (["vae-report", "--pictures", "0"], "pictures must be at least 1"),
        (["vae-report"], "There is no trained VAE"),
        (["vae", "--steps", "1", "--crop-schedule", "1"], "crop_schedule must have pairs"),
        (["vae", "--steps", "1", "--crop-schedule", "1:192"], "multiples of 8 up to 160"),
        (["vae", "--steps", "1", "--device", "cuda"], "There is no CUDA device"),
        (["all", "--vae-steps", "1", "--denoiser-steps", "1", "--denoiser-device", "cuda"], "There is no CUDA"),
        (["denoiser", "--steps", "5", "--tag-dropout", "2"], "tag_dropout must be from 0 to 1"),
        (["denoiser", "--steps", "5", "--loss-weighting", "best"], "loss_weighting must be one of"),
        (["denoiser", "--steps", "5", "--save-every", "0"], "save_every must be at least 1"),
        (["denoiser", "--steps", "5"], "There is no trained VAE"),
        (["tokenizer", "--vocabulary-size", "10"], "too small"),
        (["vae", "--steps", "1", "--pictures", "1", "--workers", "0", "--resume"], "no checkpoint"),
    ],
)
def test_what_does_not_fit_is_one_sentence(
    arguments: list[str], sentence: str, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On stderr, with exit status 2 and no traceback."""
    command, *rest = arguments
    assert main([command, "--work", str(work), *rest]) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("arguments", [["vae"], ["vae", "--work", "x", "--steps", "many"], ["paint"], []])
def test_argparse_refuses_the_rest(arguments: list[str]) -> None:
    """Missing and unknown arguments."""
    with pytest.raises(SystemExit) as refused:
        main(arguments)
    assert refused.value.code == 2


@pytest.mark.parametrize(("command", "owner"), [("vae", VaeOptions), ("denoiser", DenoiserOptions)])
def test_every_option_is_a_flag_with_help(
    command: str, owner: type, capsys: pytest.CaptureFixture[str]
) -> None:
    """Generated from the fields."""
    with pytest.raises(SystemExit) as shown:
        main([command, "--help"])
    assert shown.value.code == 0
    text = capsys.readouterr().out
    for field in dataclasses.fields(owner):
        assert f"--{field.name.replace('_', '-')}" in text
    assert "(default: " in text

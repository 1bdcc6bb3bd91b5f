"""`python -m pipeline.miniature.training`: tokenizer, VAE, latents, denoiser and export, one by one or all."""

from __future__ import annotations

import argparse
import ast
import dataclasses
import sys
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pipeline.errors import MemberError
from pipeline.miniature.training.checkpoint import TrainingError
from pipeline.miniature.training.options import DenoiserOptions, VaeOptions
from pipeline.miniature.training.progress import Stopped

if TYPE_CHECKING:
    from pipeline.miniature.training.latents import Vae

_Options = TypeVar("_Options", VaeOptions, DenoiserOptions)
_VAE: Final = "vae"
_DENOISER: Final = "denoiser"
_STOPPED: Final = 3
_REFUSED: Final = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        The exit status: 0 when finished, 2 when something given does not fit, 3 when stopped in good order.
    """
    given = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], None] = given.command
    try:
        command(given)
    except Stopped as stopped:
        _say(str(stopped))
        return _STOPPED
    except (ValueError, TrainingError, MemberError) as error:
        sys.stderr.write(f"{error}\n")
        return _REFUSED
    except OSError as error:
        sys.stderr.write(f"{error.filename or 'A file'} cannot be used: {error.strerror or error}.\n")
        return _REFUSED
    return 0


def _tokenizer(given: argparse.Namespace) -> None:
    from pipeline.miniature.training.tokenizer import write_tokenizers

    made = write_tokenizers(given.work, given.denoiser_vocabulary_size)
    _say(f"Wrote tokenizer and tokenizer_2 with {len(made.ids)} entries to {given.work}.")


def _train_vae(given: argparse.Namespace) -> None:
    from pipeline.miniature.training.vae import train_vae

    options = _options(VaeOptions, given, _VAE)
    _threads(options.threads, options.device)
    train_vae(
        options,
        given.work,
        resume=given.resume,
        report=_say,
        workers=given.workers,
        # The folder that `all` is given is for UNet and text encoders.
        init_from=getattr(given, "vae_init_from", None),
    )
    _say(f"Wrote the VAE to {given.work / 'vae'}.")


def _report_vae(given: argparse.Namespace) -> None:
    from pipeline.miniature.training.vae_report import vae_report

    if given.pictures < 1:
        raise ValueError(f"pictures must be at least 1, not {given.pictures}.")
    for line in vae_report(_trained_vae(given.work, "cpu"), given.pictures, workers=given.workers).lines():
        _say(line)


def _latents(given: argparse.Namespace) -> None:
    from pipeline.miniature.training.latents import cached_latents

    options = _options(DenoiserOptions, given, _DENOISER)
    _threads(options.threads, options.device)
    vae = _trained_vae(given.work, options.device)
    cache = cached_latents(
        vae, given.work, seed=options.seed, count=options.pictures, workers=given.workers, say=_say
    )
    _say(f"The latents are in {cache.folder}.")


def _train_denoiser(given: argparse.Namespace) -> None:
    from pipeline.miniature.training.denoiser import RunOptions, train_denoiser
    from pipeline.miniature.training.export import export_model

    options = _options(DenoiserOptions, given, _DENOISER)
    run = RunOptions(save_every=given.save_every, sheet_minutes=given.sheet_minutes, workers=given.workers)
    _threads(options.threads, options.device)
    vae = _trained_vae(given.work, options.device)
    model = train_denoiser(
        options,
        vae,
        given.work,
        init_from=given.init_from,
        resume=given.resume,
        report=_say,
        run_options=run,
    )
    export_model(given.work / "model", vae, model, options)
    _say(f"Wrote the model to {given.work / 'model'}.")


def _export(given: argparse.Namespace) -> None:
    from pipeline.miniature.training.denoiser import CHECKPOINT, run_identity
    from pipeline.miniature.training.export import averaged_from, export_model

    options = _options(DenoiserOptions, given, _DENOISER)
    vae = _trained_vae(given.work, "cpu")
    model = averaged_from(given.work / CHECKPOINT, run_identity(options, vae, given.work), options)
    folder = given.out or given.work / "model"
    export_model(folder, vae, model, options)
    _say(f"Wrote the model to {folder}.")


def _all(given: argparse.Namespace) -> None:
    # The denoiser's options are looked at before the VAE takes its time.
    options = _options(DenoiserOptions, given, _DENOISER)
    _threads(options.threads, options.device)
    _train_vae(given)
    _train_denoiser(given)


def _trained_vae(work: Path, device: str) -> Vae:
    """The VAE that the work folder holds, in float32."""
    import torch
    from diffusers import AutoencoderKL

    folder = work / "vae"
    if not (folder / "config.json").is_file():
        raise TrainingError(f"There is no trained VAE in {folder}: run the command `vae` first.")
    loaded: Any = AutoencoderKL.from_pretrained(folder, dtype=torch.float32)
    return loaded.eval().to(device)


def _threads(threads: int, device: str) -> None:
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        raise TrainingError("There is no CUDA device here: leave out --device, or give `cpu`.")
    if device == "cpu":
        torch.set_num_threads(threads)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.miniature.training",
        description="Train the miniature: a very small SDXL, from nothing.",
        epilog="Each command has its own --help. Ctrl+C or SIGTERM saves and stops in good order.",
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    for name, command, options, help_ in (
        ("tokenizer", _tokenizer, (), "write both tokenizers"),
        ("vae", _train_vae, (_VAE,), "train the VAE"),
        ("vae-report", _report_vae, (), "measure how well the VAE gives fresh pictures back, in decibels"),
        ("latents", _latents, (_DENOISER,), "draw and encode the pictures"),
        ("denoiser", _train_denoiser, (_DENOISER,), "train UNet and text encoders, and export"),
        ("export", _export, (_DENOISER,), "write the model folder from the last checkpoint"),
        ("all", _all, (_VAE, _DENOISER), "everything, one after the other"),
    ):
        own = commands.add_parser(
            name, help=help_, description=help_.capitalize() + ".", formatter_class=_Formatter
        )
        own.set_defaults(command=command)
        own.add_argument("--work", type=Path, required=True, help="folder of checkpoints and results")
        if name == "tokenizer":
            own.add_argument(
                "--vocabulary-size",
                type=int,
                default=DenoiserOptions(steps=1).vocabulary_size,
                dest="denoiser_vocabulary_size",
                help="entries at most",
            )
        for kind in options:
            # Where both have options, those of one name need to be told apart.
            _add_options(own, kind, prefix=f"{kind}-" if len(options) > 1 else "", asked=name)
        if name == "vae-report":
            own.add_argument("--pictures", type=int, default=270, help="fresh pictures to measure on")
        if name in {"vae", "vae-report", "denoiser", "latents", "all"}:
            own.add_argument("--workers", type=int, default=2, help="processes that draw the pictures")
        if name in {"vae", "denoiser", "all"}:
            own.add_argument("--resume", action="store_true", help="go on from the checkpoint")
        if name == "vae":
            own.add_argument(
                "--init-from",
                type=Path,
                dest="vae_init_from",
                help="folder of a VAE to start from, with a new optimizer",
            )
        if name in {"denoiser", "all"}:
            own.add_argument("--init-from", type=Path, help="model folder to start from, with a new optimizer")
            own.add_argument("--save-every", type=int, default=250, help="steps between two checkpoints")
            own.add_argument(
                "--sheet-minutes", type=float, default=10.0, help="minutes between sample sheets; 0 for none"
            )
        if name == "export":
            own.add_argument("--out", type=Path, help="model folder to write; by default `model` in --work")
    return parser


class _Formatter(argparse.ArgumentDefaultsHelpFormatter):
    """Shows the default of every option that has one."""


_CLASSES: Final[dict[str, type[VaeOptions | DenoiserOptions]]] = {
    _VAE: VaeOptions,
    _DENOISER: DenoiserOptions,
}


def _add_options(parser: argparse.ArgumentParser, kind: str, *, prefix: str, asked: str) -> None:
    """One flag for each field, its help text the field's docstring."""
    texts = {name: text.replace("%", "%%") for name, text in _field_texts(_CLASSES[kind]).items()}
    for field in dataclasses.fields(_CLASSES[kind]):
        flag, dest, text = (
            f"--{prefix}{field.name.replace('_', '-')}",
            f"{kind}_{field.name}",
            texts[field.name],
        )
        if isinstance(field.default, bool):
            switch = argparse.BooleanOptionalAction
            parser.add_argument(flag, dest=dest, action=switch, default=field.default, help=text)
            continue
        default = None if field.default is dataclasses.MISSING else field.default
        # Steps must be given where there is a training; where not, any number will do.
        needed = default is None and field.default is dataclasses.MISSING and asked not in {"latents", "export"}
        parser.add_argument(
            flag,
            dest=dest,
            type=_reader(field.name, default),
            default=1 if default is None and field.default is dataclasses.MISSING and not needed else default,
            required=needed,
            help=text,
        )


def _reader(name: str, default: Any) -> Callable[[str], Any]:
    """What turns a flag's text into a value of the default's type."""
    if isinstance(default, str):
        return str
    if isinstance(default, float) or name.endswith("learning_rate"):
        return float
    if isinstance(default, tuple):
        return _numbers
    return int


def _numbers(text: str) -> tuple[Any, ...]:
    """`64,128,192`, or pairs as `0.6:64,1:0`."""
    try:
        parts = [tuple(ast.literal_eval(number) for number in part.split(":")) for part in text.split(",")]
    except (ValueError, SyntaxError):
        raise argparse.ArgumentTypeError(f"{text} is no list of numbers such as 64,128,192") from None
    return tuple(part if len(part) > 1 else part[0] for part in parts)


def _field_texts(owner: type[Any]) -> dict[str, str]:
    """The docstring below each field of a class, in one line."""
    import inspect
    import textwrap

    body = ast.parse(textwrap.dedent(inspect.getsource(owner))).body[0]
    texts: dict[str, str] = {}
    statements = body.body if isinstance(body, ast.ClassDef) else []
    for field, text in pairwise(statements):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
        ):
            texts[field.target.id] = " ".join(str(text.value.value).split())
    return texts


def _options(owner: type[_Options], given: argparse.Namespace, kind: str) -> _Options:
    values = {field.name: getattr(given, f"{kind}_{field.name}") for field in dataclasses.fields(owner)}
    return owner(**values)


if __name__ == "__main__":
    sys.exit(main())

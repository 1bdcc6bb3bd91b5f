"""Which files of a hub repository make a checkpoint."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.engine.layout import COMPONENTS, INDEX, MODELS, PICKLES, STEM
from pipeline.errors import WeightsError


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to fetch from a repository.

    `file` names the one checkpoint file to fetch; `vae` means that the repository is a VAE alone; `files` names all
    that is needed of something that is no checkpoint; otherwise the repository holds a whole checkpoint, in diffusers
    layout or as the only safetensors file.
    """

    repo: str
    revision: str = "main"
    file: str = ""
    variant: str = ""
    vae: bool = False
    files: tuple[str, ...] = ()


def choose_files(names: Iterable[str], wanted: Wanted) -> tuple[str, ...]:
    """Which of a repository's files are needed: safetensors, and the small texts beside them. Never a pickle.

    In a diffusers layout the single-file copy that many repositories carry beside it is left out, and of each
    component's variants only one is taken.

    Raises:
        WeightsError: what is wanted is not there as safetensors.
    """
    there = sorted(names)
    if wanted.files:
        return _named(there, wanted)
    if wanted.file:
        if wanted.file not in there or not wanted.file.endswith(".safetensors"):
            raise WeightsError(
                "The repository `{repo}` has no safetensors file `{file}`.", repo=wanted.repo, file=wanted.file
            )
        return (wanted.file,)
    if wanted.vae:
        return ("config.json", *_weights(there, "", STEM["vae"], wanted))
    if INDEX in there:
        chosen = [INDEX]
        for component in COMPONENTS:
            inside = [name for name in there if name.startswith(f"{component}/") and name.count("/") == 1]
            chosen += [name for name in inside if name.endswith((".json", ".txt")) and ".index." not in name]
            if component in MODELS:
                chosen += _weights(inside, f"{component}/", STEM[component], wanted)
        return tuple(chosen)
    single = [name for name in there if name.endswith(".safetensors")]
    if len(single) == 1:
        return (single[0],)
    if single:
        raise WeightsError(
            "The repository `{repo}` holds several checkpoints ({files}): name one of them as `file` in the "
            "profile.",
            repo=wanted.repo,
            files=", ".join(single[:6]),
        )
    raise _no_weights(there, "", wanted)


def _named(names: list[str], wanted: Wanted) -> tuple[str, ...]:
    missing = [name for name in wanted.files if name not in names or name.endswith(PICKLES)]
    if missing:
        raise WeightsError(
            "The repository `{repo}` has no file `{file}`: name one that has {files}.",
            repo=wanted.repo,
            file=missing[0],
            files=" and ".join(f"`{name}`" for name in wanted.files),
        )
    return wanted.files


def _weights(names: list[str], prefix: str, stem: str, wanted: Wanted) -> list[str]:
    """One component's safetensors: the variant's if there are any, else the plain ones; whole or in shards."""
    for variant in dict.fromkeys((wanted.variant, "", "fp16")):
        dot = re.escape(f".{variant}" if variant else "")
        whole = re.compile(rf"{prefix}{stem}{dot}\.safetensors")
        shards = re.compile(rf"{prefix}{stem}({dot}-\d+-of-\d+\.safetensors|\.safetensors\.index{dot}\.json)")
        for pattern in (whole, shards):
            if chosen := [name for name in names if pattern.fullmatch(name)]:
                return chosen
    raise _no_weights([name for name in names if name.startswith(prefix)], prefix or "its root", wanted)


def _no_weights(names: list[str], where: str, wanted: Wanted) -> WeightsError:
    if any(name.endswith(PICKLES) for name in names):
        return WeightsError(
            "The repository `{repo}` offers its weights only as a pickle, which could run code when it is "
            "opened: weights are read from .safetensors files only.",
            repo=wanted.repo,
        )
    return WeightsError(
        "The repository `{repo}` holds no safetensors weights{where}.",
        repo=wanted.repo,
        where=f" in {where}" if where else "",
    )

"""What a checkpoint looks like on disk, checked before anything heavy is read. Needs no torch.

Weights are read from safetensors only: a pickle (`.bin`, `.ckpt`, `.pt`) can run code when it is opened, a
safetensors file cannot. The format is 8 bytes of length, a JSON header of that length, then the tensors; see
https://github.com/huggingface/safetensors.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pipeline.errors import WeightsError
from pipeline.sentence import Codes, Sentence

MODELS: Final = ("unet", "vae", "text_encoder", "text_encoder_2")
"""The parts of an SDXL model that have weights."""
TOKENIZERS: Final = ("tokenizer", "tokenizer_2")
COMPONENTS: Final = (*MODELS, *TOKENIZERS, "scheduler")
PICKLES: Final = (".bin", ".ckpt", ".pt", ".pth", ".pkl")
INDEX: Final = "model_index.json"

_MAX_HEADER: Final = 100_000_000
"""The limit the safetensors library itself sets, in bytes."""
_ELEMENT_BITS: Final = {
    "F64": 64, "I64": 64, "U64": 64, "F32": 32, "I32": 32, "U32": 32, "F16": 16, "BF16": 16, "I16": 16,
    "U16": 16, "F8_E4M3": 8, "F8_E5M2": 8, "I8": 8, "U8": 8, "BOOL": 8,
}  # fmt: skip
_CLASSES: Final = {
    "unet": {"UNet2DConditionModel"},
    "vae": {"AutoencoderKL"},
    "text_encoder": {"CLIPTextModel"},
    "text_encoder_2": {"CLIPTextModelWithProjection"},
    "tokenizer": {"CLIPTokenizer", "CLIPTokenizerFast"},
    "tokenizer_2": {"CLIPTokenizer", "CLIPTokenizerFast"},
}
STEM: Final = {
    "unet": "diffusion_pytorch_model",
    "vae": "diffusion_pytorch_model",
    "text_encoder": "model",
    "text_encoder_2": "model",
}
"""What each component's weights file is called, before the ending."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """One entry of a safetensors header: its type name (`F16`) and its shape."""

    dtype: str
    shape: tuple[int, ...]


def read_header(path: Path) -> dict[str, Tensor]:
    """Names, types and shapes of the tensors in a safetensors file, by reading its header only.

    Raises:
        WeightsError: the file is missing, empty, unreadable, a pickle, cut short or not safetensors; the
            sentence names the file.
    """
    _refuse_pickle(path)
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise WeightsError("`{path}` is not a file: a .safetensors file is needed.", path=path)
        with path.open("rb") as stream:
            start = stream.read(8)
            length = int.from_bytes(start, "little")
            if size == 0:
                raise WeightsError("The weights file `{path}` is empty: download or copy it again.", path=path)
            if size < 8 or length > _MAX_HEADER or length < 2:
                raise _not_safetensors(path)
            if 8 + length > size:
                raise _cut_short(path, size, 8 + length)
            raw = stream.read(length)
    except FileNotFoundError as error:
        raise WeightsError(
            "The weights file `{path}` does not exist: check the path, or remove the setting that names it.",
            path=path,
        ) from error
    except OSError as error:
        raise WeightsError(
            "The weights file `{path}` cannot be read ({reason}): check its permissions and the disk.",
            path=path,
            reason=error.strerror or error,
        ) from error
    return _parse_header(path, raw, size - 8 - length)


def _parse_header(path: Path, raw: bytes, data_size: int) -> dict[str, Tensor]:
    try:
        header: Any = json.loads(raw)
        entries = {name: entry for name, entry in header.items() if name != "__metadata__"}
        tensors, end = {}, 0
        for name, entry in entries.items():
            first, last = entry["data_offsets"]
            shape = tuple(int(side) for side in entry["shape"])
            bits = _ELEMENT_BITS.get(entry["dtype"])
            count = 1
            for side in shape:
                count *= side
            if bits is not None and (last - first) * 8 != count * bits:
                raise _not_safetensors(path)
            end = max(end, last)
            tensors[name] = Tensor(entry["dtype"], shape)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _not_safetensors(path) from error
    if end > data_size:
        raise _cut_short(path, data_size, end)
    return tensors


def _refuse_pickle(path: Path) -> None:
    if path.suffix.lower() in PICKLES:
        raise WeightsError(
            "`{path}` is a pickle, which could run code when it is opened: weights are read from .safetensors "
            "files only.",
            path=path,
        )


def _not_safetensors(path: Path) -> WeightsError:
    return WeightsError(
        "`{path}` is not a safetensors file, or it is damaged: download or copy it again.", path=path
    )


def _cut_short(path: Path, size: int, wanted: int) -> WeightsError:
    return WeightsError(
        "The weights file `{path}` is cut short ({size} bytes where at least {wanted} are needed): download or "
        "copy it again.",
        path=path,
        size=f"{size:,}",
        wanted=f"{wanted:,}",
    )


def check_folder(folder: Path, variant: str = "") -> dict[str, dict[str, Tensor]]:
    """The tensors of each model of a diffusers folder, after checking that it is a whole SDXL checkpoint.

    Args:
        folder: holds `model_index.json` and a folder for each component.
        variant: which files to read where a component has several, as in `weight_files`.

    Raises:
        WeightsError: something is missing, damaged, a pickle or not SDXL; the sentence names it.
    """
    index = read_json(folder / INDEX)
    for name, known in _CLASSES.items():
        entry = index.get(name)
        found = entry[1] if isinstance(entry, list) and len(entry) == 2 else None
        if found not in known:
            raise WeightsError(
                "`{folder}` is not an SDXL checkpoint: its model_index.json names {found} as {component}, "
                "where one of {known} is needed.",
                folder=folder,
                found=Codes([str(found)]) if found else Sentence("nothing"),
                component=name,
                known=Codes(sorted(known)),
            )
    for name in TOKENIZERS:
        here = folder / name
        if not (here / "tokenizer.json").is_file() and not (
            (here / "vocab.json").is_file() and (here / "merges.txt").is_file()
        ):
            raise WeightsError(
                "The checkpoint `{folder}` lacks `{name}/vocab.json` and `{name}/merges.txt`: copy the whole "
                "folder.",
                folder=folder,
                name=name,
            )
    read_json(folder / "scheduler" / "scheduler_config.json")
    return {name: check_component(folder / name, name, variant) for name in MODELS}


def check_component(folder: Path, name: str, variant: str = "") -> dict[str, Tensor]:
    """The tensors of one component's folder, after checking that its config and its weights are there."""
    read_json(folder / "config.json")
    tensors: dict[str, Tensor] = {}
    for path in weight_files(folder, name, variant):
        tensors |= read_header(path)
    return tensors


def weight_files(folder: Path, name: str, variant: str = "") -> tuple[Path, ...]:
    """The safetensors files of one component: `variant`'s if they are there, else the plain ones.

    Raises:
        WeightsError: there are none (the sentence says so when there is a pickle instead), or a shard is
            missing.
    """
    stem = STEM[name]
    for chosen in dict.fromkeys((variant, "")):
        dot = f".{chosen}" if chosen else ""
        if (single := folder / f"{stem}{dot}.safetensors").is_file():
            return (single,)
        if (index := folder / f"{stem}.safetensors.index{dot}.json").is_file():
            shards = {str(file) for file in dict(read_json(index).get("weight_map", {})).values()}
            return tuple(folder / shard for shard in sorted(shards) if Path(shard).name == shard)
    pickles = sorted(path.name for path in folder.glob("*") if path.suffix.lower() in PICKLES)
    if pickles:
        raise WeightsError(
            "`{folder}` holds its weights only as a pickle (`{file}`), which could run code when it is opened: "
            "weights are read from .safetensors files only.",
            folder=folder,
            file=pickles[0],
        )
    raise WeightsError(
        "`{folder}` holds no weights: the file `{file}.safetensors` is missing.", folder=folder, file=stem
    )


def variant_of(folder: Path, wanted: str) -> str:
    """The variant to load a diffusers folder with: the profile's if it is there, plain files, else fp16's."""
    for variant in dict.fromkeys((wanted, "", "fp16")):
        dot = re.escape(f".{variant}" if variant else "")
        pattern = re.compile(rf"[a-z_]+({dot}\.safetensors|\.safetensors\.index{dot}\.json)")
        if all(any(pattern.fullmatch(file.name) for file in (folder / name).glob("*")) for name in MODELS):
            return variant
    return ""


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file of a checkpoint.

    Raises:
        WeightsError: the file is missing or holds something else.
    """
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise WeightsError(
            "The checkpoint lacks `{path}`: a folder in diffusers layout is needed, copied whole.", path=path
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise WeightsError(
            "`{path}` cannot be read as JSON: download or copy the checkpoint again.", path=path
        ) from error
    if not isinstance(data, dict):
        raise WeightsError("`{path}` is damaged: a JSON object is needed.", path=path)
    return data

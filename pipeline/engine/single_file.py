"""One-file checkpoints in the layout of the original SDXL code, as web UIs use them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

from pipeline.engine.layout import Tensor, read_header
from pipeline.errors import WeightsError
from pipeline.sentence import Sentence

_UNET: Final = "model.diffusion_model."
_VAE: Final = "first_stage_model."
_TEXT: Final = "conditioner.embedders.0.transformer.text_model."
_TEXT_2: Final = "conditioner.embedders.1.model."
_NEEDED: Final = {
    Sentence("the UNet"): (
        f"{_UNET}input_blocks.0.0.weight",
        f"{_UNET}label_emb.0.0.weight",
        f"{_UNET}out.2.weight",
    ),
    Sentence("the first text encoder"): (
        f"{_TEXT}embeddings.token_embedding.weight",
        f"{_TEXT}embeddings.position_embedding.weight",
    ),
    Sentence("the second text encoder"): (
        f"{_TEXT_2}token_embedding.weight",
        f"{_TEXT_2}positional_embedding",
        f"{_TEXT_2}text_projection",
    ),
}
_NEEDED_VAE: Final = (f"{_VAE}decoder.conv_in.weight", f"{_VAE}post_quant_conv.weight")
# What else such a file may be, told by the start of its keys; the first match names it.
_OTHERS: Final = (
    ("conditioner.embedders.0.model.", Sentence("an SDXL refiner")),
    ("cond_stage_model.transformer.", Sentence("a Stable Diffusion 1 checkpoint")),
    ("cond_stage_model.model.", Sentence("a Stable Diffusion 2 checkpoint")),
    ("lora_", Sentence("a LoRA")),
    ("model.diffusion_model.joint_blocks.", Sentence("a Stable Diffusion 3 checkpoint")),
    ("model.diffusion_model.double_blocks.", Sentence("a Flux checkpoint")),
    ("double_blocks.", Sentence("a Flux checkpoint")),
    ("down_blocks.", Sentence("a single part in diffusers layout")),
    ("encoder.down.", Sentence("a VAE alone")),
    ("encoder.down_blocks.", Sentence("a VAE alone")),
)
_CHUNK: Final = 1 << 24


def check_file(path: Path, *, own_vae: bool = True) -> dict[str, Tensor]:
    """The tensors of a one-file SDXL checkpoint, after checking that all its parts are there.

    Args:
        path: a `.safetensors` file.
        own_vae: whether the VAE is taken from the file.

    Raises:
        WeightsError: missing, damaged, a pickle, or not SDXL; the sentence names the file.
    """
    tensors = read_header(path)
    needed = _NEEDED | ({Sentence("the VAE"): _NEEDED_VAE} if own_vae else {})
    for part, keys in needed.items():
        missing = next((key for key in keys if key not in tensors), None)
        if missing is None:
            continue
        what = next((name for prefix, name in _OTHERS if any(key.startswith(prefix) for key in tensors)), None)
        raise WeightsError(
            "`{path}` is {what}: an SDXL checkpoint is needed, and {part} (`{missing}`) is missing in it.",
            path=path,
            what=what or Sentence("not a whole SDXL checkpoint"),
            part=part,
            missing=missing,
        )
    channels = tensors[f"{_UNET}input_blocks.0.0.weight"].shape[1:2]
    if channels != (4,):
        raise WeightsError(
            "`{path}` is an SDXL checkpoint for another task (its UNet takes {channels} channels, as "
            "inpainting checkpoints do): a text-to-image one with 4 is needed.",
            path=path,
            channels=channels[0] if channels else 0,
        )
    return tensors


def fingerprint(
    path: Path, cache: Path, progress: Callable[[str, float | None], None] = lambda *_: None
) -> str:
    """The first ten hexadecimal digits of a file's SHA-256, which is what web UIs call the model hash.

    Reading 7 GB takes seconds, so it is kept in the cache for as long as size and time of the file stay.

    Raises:
        WeightsError: the file cannot be read.
    """
    store = cache / "fingerprints.json"
    try:
        found = path.stat()
        name = f"{path.resolve()}|{found.st_size}|{found.st_mtime_ns}"
        known = _known(store)
        if name not in known:
            known[name] = _sha256(path, found.st_size, progress)
            store.parent.mkdir(parents=True, exist_ok=True)
            fresh = store.with_suffix(".new")
            fresh.write_text(json.dumps(known, indent=1), encoding="utf-8")
            fresh.replace(store)
    except OSError as error:
        raise WeightsError(
            "The weights file `{path}` cannot be read ({reason}): check the path, its permissions and the "
            "disk.",
            path=path,
            reason=error.strerror or error,
        ) from error
    return known[name][:10]


def _known(store: Path) -> dict[str, str]:
    try:
        data = json.loads(store.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def _sha256(path: Path, size: int, progress: Callable[[str, float | None], None]) -> str:
    digest, done = hashlib.sha256(), 0
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            done += len(chunk)
            progress(Sentence("Checking {name}", name=path.name), done / size)
    return digest.hexdigest()

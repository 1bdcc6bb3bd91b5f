"""Reads a checkpoint into a `LoadedModel`: a diffusers folder or a one-file checkpoint, safetensors only.

The built-in miniature, the owner's folders and downloads from the hub all come through `load_folder`.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pipeline.engine.layout import MODELS, Tensor, check_component, check_folder, variant_of
from pipeline.engine.model import LoadedModel
from pipeline.engine.single_file import check_file
from pipeline.errors import WeightsError

if TYPE_CHECKING:
    import torch

    from pipeline.profiles.types import Profile

_UNUSED: Final = {"image_encoder": None, "feature_extractor": None}
"""Optional parts of the stock pipeline that text-to-image does not use; not read even if they are there."""


def load_folder(
    profile: Profile,
    folder: Path,
    *,
    weights: str,
    device: torch.device,
    dtype: torch.dtype,
    vae: Path | None = None,
    offloaded: bool = False,
) -> LoadedModel:
    """Load a checkpoint in diffusers layout.

    Args:
        profile: whose checkpoint it is.
        folder: with `model_index.json` and a folder for each component.
        weights: what to call it in recipes (`hub:owner/name@commit`, `folder:name`, `miniature:3f9c2a1b77de`).
        device: where to put it.
        dtype: precision of all four models, whatever the files hold.
        vae: folder of another VAE (`config.json` and weights) to use instead of the checkpoint's own.
        offloaded: leave its parts in main memory, each to be moved to the device only while it is at work.

    Raises:
        WeightsError: something is missing, damaged, a pickle or not SDXL; the sentence names it.
    """
    variant = variant_of(folder, profile.source.variant)
    tensors = check_folder(folder, variant)
    with _quiet(), _explained(folder):
        from diffusers import StableDiffusionXLPipeline

        pipe = StableDiffusionXLPipeline.from_pretrained(
            folder,
            dtype=dtype,
            use_safetensors=True,
            local_files_only=True,
            variant=variant or None,
            **_UNUSED,
            **_other_vae(vae, dtype),
        )
    for name in MODELS:
        if name != "vae" or vae is None:
            _check_complete(folder / name, getattr(pipe, name), tensors[name])
    return _finish(profile, pipe, weights, device, dtype, offloaded=offloaded and device.type != "cpu")


def load_file(
    profile: Profile,
    path: Path,
    *,
    configs: Path,
    weights: str,
    device: torch.device,
    dtype: torch.dtype,
    vae: Path | None = None,
    offloaded: bool = False,
) -> LoadedModel:
    """Load a one-file checkpoint (`.safetensors`, the original SDXL key layout), without asking the hub.

    Args:
        profile: whose checkpoint it is.
        path: the file.
        configs: diffusers folder of the configs and tokenizers that such a file does not carry, see
            `pipeline.engine.configs.config_folder`.
        weights: what to call it in recipes (`file:name.safetensors@sha`).
        device: where to put it.
        dtype: precision of all four models, whatever the file holds.
        vae: folder of another VAE to use instead of the file's own.
        offloaded: see `load_folder`.

    Raises:
        WeightsError: the file is missing, damaged, a pickle or not SDXL; the sentence names it.
    """
    check_file(path, own_vae=vae is None)
    with _quiet(), _explained(path):
        from diffusers import StableDiffusionXLPipeline

        pipe = StableDiffusionXLPipeline.from_single_file(
            str(path),
            config=str(configs),
            dtype=dtype,
            local_files_only=True,
            **_UNUSED,
            **_other_vae(vae, dtype),
        )
        return _finish(profile, pipe, weights, device, dtype, offloaded=offloaded and device.type != "cpu")


def _other_vae(folder: Path | None, dtype: torch.dtype) -> dict[str, Any]:
    if folder is None:
        return {}
    from diffusers import AutoencoderKL

    tensors = check_component(folder, "vae")
    with _explained(folder):
        vae = AutoencoderKL.from_pretrained(folder, dtype=dtype, use_safetensors=True, local_files_only=True)
    _check_complete(folder, vae, tensors)
    return {"vae": vae}


def _finish(
    profile: Profile, pipe: Any, weights: str, device: torch.device, dtype: torch.dtype, *, offloaded: bool
) -> LoadedModel:
    place = "cpu" if offloaded else device
    for name in MODELS:
        model = getattr(pipe, name).to(place).eval().requires_grad_(False)  # noqa: FBT003 - torch's API
        if offloaded or device.type == "cpu":
            _detach_from_file(model)
    return LoadedModel(
        profile=profile,
        weights=weights,
        unet=pipe.unet,
        vae=pipe.vae,
        text_encoder=pipe.text_encoder,
        text_encoder_2=pipe.text_encoder_2,
        tokenizer=pipe.tokenizer,
        tokenizer_2=pipe.tokenizer_2,
        scheduler_config=dict(pipe.scheduler.config),
        device=device,
        dtype=dtype,
        force_zeros_for_empty_prompt=bool(pipe.config.get("force_zeros_for_empty_prompt", True)),
        offloaded=offloaded,
    )


def _detach_from_file(model: torch.nn.Module) -> None:
    """Copy weights out of the file that is mapped into memory.

    Where a tensor happens to lie in its file decides which CPU kernel runs, and with it the last bits of the
    picture: one checkpoint would paint differently as a folder and as a single file. And a file that is
    replaced while it is mapped would take the whole process down.
    """
    for tensor in (*model.parameters(), *model.buffers()):
        tensor.data = tensor.data.clone()


def _check_complete(folder: Path, model: torch.nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Refuse a component that lacks tensors: the libraries fill them with random numbers and only warn."""
    there = {_plain(key) for key in tensors}
    names = sorted(key for key in model.state_dict() if _plain(key) not in there and "position_ids" not in key)
    if names:
        raise WeightsError(
            "The checkpoint `{path}` is not whole: it lacks {count} tensors, for example `{name}`. Download or "
            "copy it again.",
            path=folder,
            count=len(names),
            name=names[0],
        )


def _plain(key: str) -> str:
    """A tensor's name without what differs between versions of the libraries."""
    # transformers dropped the prefix of CLIPTextModel; diffusers renamed the VAE's attention layers.
    key = key.removeprefix("text_model.")
    for old, new in (
        (".query.", ".to_q."),
        (".key.", ".to_k."),
        (".value.", ".to_v."),
        (".proj_attn.", ".to_out.0."),
    ):
        key = key.replace(old, new)
    return key


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what the libraries raise about a checkpoint into a sentence that names it."""
    from safetensors import SafetensorError

    from pipeline.engine.memory import is_out_of_memory

    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, SafetensorError) as error:
        if is_out_of_memory(error):
            raise  # not the checkpoint's fault: `pipeline.engine.acquire` deals with it
        reason = " ".join(str(error).split())
        if "meta tensor" in reason:
            # The reader of single files leaves what is missing as shapes without numbers.
            raise WeightsError(
                "The checkpoint `{path}` is not whole, tensors are missing in it: download or copy it again.",
                path=path,
            ) from error
        raise WeightsError(
            "`{path}` cannot be loaded as an SDXL checkpoint: {reason}",
            path=path,
            reason=reason[:300] + ("…" if len(reason) > 300 else ""),
        ) from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the libraries' progress bars and advice about torchvision off the terminal while they load."""
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    from diffusers.utils import logging as diffusers_logging

    diffusers_logging.disable_progress_bar()
    level = diffusers_logging.get_verbosity()
    diffusers_logging.set_verbosity(logging.ERROR)
    try:
        yield
    finally:
        diffusers_logging.set_verbosity(level)

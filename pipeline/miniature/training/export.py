"""Writes a trained miniature as a diffusers folder that any StableDiffusionXLPipeline loads."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import save_file
from torch import nn

from pipeline.built_in import VERSION_FILE, fingerprint
from pipeline.engine.configs import write_configs
from pipeline.engine.layout import STEM
from pipeline.miniature.training import checkpoint
from pipeline.miniature.training.checkpoint import TrainingError
from pipeline.miniature.training.latents import Vae
from pipeline.miniature.training.models import Denoiser, build_denoiser, config_changes
from pipeline.miniature.training.optimizers import Ema
from pipeline.miniature.training.options import DenoiserOptions
from pipeline.miniature.training.tokenizer import miniature_vocabulary, write_tokenizers

_SCHEDULER: Final = {"_class_name": "EulerAncestralDiscreteScheduler"}
"""The rest is SDXL's own; Euler a is what the cards of the anime models paint with."""


def export_model(
    folder: Path,
    vae: Vae,
    model: Denoiser,
    options: DenoiserOptions,
    dtype: torch.dtype = torch.float16,
) -> None:
    """Write configs, tokenizers and weights.

    Args:
        folder: replaced as a whole once everything is written, but for a `README.md` in it.
        vae: trained.
        model: the averaged weights.
        options: what they were built from.
        dtype: of the weights.

    Raises:
        TrainingError: a weight is not finite in that type, or the folder holds something else than a model.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / "model_index.json").is_file():
        raise TrainingError(f"The folder {folder} holds something else than a model: name another one.")
    fresh = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    vocabulary = write_tokenizers(fresh, options.vocabulary_size)
    changes = config_changes(options, vocabulary)
    changes["vae/config.json"] = _vae_changes(vae)
    changes["scheduler/scheduler_config.json"] = dict(_SCHEDULER)
    changes["model_index.json"] = {
        # Trained with empty captions: an empty negative prompt is encoded, not replaced by zeros.
        "force_zeros_for_empty_prompt": False,
        "scheduler": ["diffusers", _SCHEDULER["_class_name"]],
    }
    write_configs(fresh, changes)
    # Again, as the configs brought the tokenizers of SDXL itself.
    write_tokenizers(fresh, options.vocabulary_size)
    parts: dict[str, nn.Module] = {**model.parts, "vae": vae}
    for name, part in parts.items():
        save_file(
            _tensors(name, part, dtype), fresh / name / f"{STEM[name]}.safetensors", metadata={"format": "pt"}
        )
    (fresh / VERSION_FILE).write_text(f"{fingerprint(fresh)}\n", encoding="utf-8")
    card = folder / "README.md"
    if card.is_file():
        # People write the model's card; an export only replaces what the training made.
        shutil.copy2(card, fresh)
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)


def averaged_from(path: Path, identity: str, options: DenoiserOptions) -> Denoiser:
    """The averaged weights of a checkpoint, at whatever step it was written.

    Raises:
        TrainingError: the checkpoint is missing, damaged or another run's.
    """
    state = checkpoint.load(path, identity)
    model = build_denoiser(options, miniature_vocabulary(options.vocabulary_size))
    for name, part in model.parts.items():
        ema = Ema(part, options.ema_decay)
        ema.load_state_dict(state["ema"][name])
        ema.copy_to(part)
        part.eval()
    return model


def _vae_changes(vae: Vae) -> dict[str, Any]:
    return {key: value for key, value in dict(vae.config).items() if not key.startswith("_")}


def _tensors(name: str, part: nn.Module, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    tensors = {}
    for key, value in part.state_dict().items():
        if "position_ids" in key:
            continue
        # Hub checkpoints keep this prefix; newer transformers drop it from CLIPTextModel's own names.
        plain = name in {"unet", "vae"} or key.startswith("text_")
        tensor = value.detach().cpu().to(dtype).contiguous()
        if not torch.isfinite(tensor).all():
            raise TrainingError(f"The weight {name}/{key} is not finite as {dtype}: the training went astray.")
        tensors[key if plain else f"text_model.{key}"] = tensor
    return tensors

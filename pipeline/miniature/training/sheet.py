"""A sheet of sixteen pictures that show how far the training is."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import torch
from diffusers import EulerDiscreteScheduler, StableDiffusionXLPipeline
from PIL import Image

from pipeline.engine.configs import sdxl_config
from pipeline.miniature.training.latents import Vae
from pipeline.miniature.training.models import Denoiser
from pipeline.miniature.training.options import DenoiserOptions

_STEPS: Final = 20
_GUIDANCE: Final = 5.0
_COLUMNS: Final = 4
_NEGATIVE: Final = "lowres, bad anatomy, worst quality, low quality, blurry"
PROMPTS: Final = (
    "1girl, blonde hair, twintails, blue eyes, smile, red sweater, upper body, simple background, masterpiece",
    "1girl, pink hair, long hair, green eyes, witch hat, purple dress, full body, forest, night, best quality",
    "1boy, black hair, short hair, brown eyes, blue hoodie, cowboy shot, city, sunset, masterpiece",
    "1girl, white hair, bob cut, red eyes, cat ears, black turtleneck, portrait, beach, day, masterpiece",
    "1girl, purple hair, double bun, yellow eyes, open mouth, green school uniform, full body, city, day",
    "1boy, red hair, ponytail, green eyes, expressionless, white turtleneck, upper body, indoors, night",
    "1girl, blue hair, ponytail, closed eyes, smile, blush, yellow dress, cowboy shot, outdoors, sunset",
    "1girl, brown hair, long hair, purple eyes, hair bow, pink sweater, arms up, full body, beach, sunset",
    "no humans, forest, day, scenery",
    "no humans, beach, sunset, cat, masterpiece",
    "no humans, city, night, best quality",
    "1girl, green hair, short hair, beanie, red eyes, black hoodie, waving, upper body, city, flat color",
    "1girl",
    "1girl, blonde hair, blue dress, impasto, masterpiece",
    "1boy, blue hair, yellow sweater, portrait, worst quality",
    "1girl, red hair, white dress, forest, cel shading, newest",
)


def write_sheet(
    path: Path,
    vae: Vae,
    model: Denoiser,
    tokenizers: tuple[Any, Any],
    side: int,
    options: DenoiserOptions,
) -> None:
    """Paint the sixteen prompts, with the same noise every time, and write them as one PNG.

    Args:
        path: of the picture; its folder is made when missing.
        vae: decodes.
        model: the averaged weights.
        tokenizers: of both text encoders.
        side: of each picture, in pixels.
        options: carry device and precision.
    """
    pipe: Any = StableDiffusionXLPipeline(
        vae=vae,
        text_encoder=model.text_encoder,
        text_encoder_2=model.text_encoder_2,
        tokenizer=tokenizers[0],
        tokenizer_2=tokenizers[1],
        unet=model.unet,
        scheduler=EulerDiscreteScheduler.from_config(sdxl_config("scheduler/scheduler_config.json")),
        force_zeros_for_empty_prompt=False,
        add_watermarker=False,
    )
    pipe.set_progress_bar_config(disable=True)
    generators = [torch.Generator().manual_seed(index) for index in range(len(PROMPTS))]
    with torch.no_grad(), torch.autocast(options.device, torch.bfloat16, enabled=options.precision == "bf16"):
        pictures = pipe(
            prompt=list(PROMPTS),
            negative_prompt=[_NEGATIVE] * len(PROMPTS),
            height=side,
            width=side,
            num_inference_steps=_STEPS,
            guidance_scale=_GUIDANCE,
            generator=generators,
        ).images
    sheet = Image.new("RGB", (_COLUMNS * side, -(-len(pictures) // _COLUMNS) * side))
    for index, picture in enumerate(pictures):
        sheet.paste(picture, (index % _COLUMNS * side, index // _COLUMNS * side))
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)

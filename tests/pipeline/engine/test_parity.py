"""Card parity: each card's own example, engine against plain diffusers on the same weights, bit by bit.

Sizes are an eighth of the cards' and steps few, so that this takes seconds; prompts, samplers and guidance are
the cards'.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

import pytest
import torch
from diffusers import DPMSolverMultistepScheduler, EulerAncestralDiscreteScheduler

from pipeline.engine.conditioning import Conditioner, Conditioning
from pipeline.engine.engine import Engine
from pipeline.engine.model import LoadedModel
from pipeline.engine.running import Running, begin
from pipeline.profiles.types import Conditioning as Mode
from pipeline.samplers import SAMPLERS
from pipeline.work import Painted, Work
from tests.pipeline.engine.test_conditioning import lpw_reference
from tests.support.painting import Shelf, drain, make_profile, make_recipe, make_work, of_kind

HEAVY = (
    "lowres, {bad}, text, error, missing, extra, fewer, cropped, jpeg artifacts, worst quality, bad quality, "
    "watermark, bad aesthetic, unfinished, chromatic aberration, scan, scan artifacts, 1girl, breasts"
)


@dataclass(frozen=True)
class Card:
    """What a card's example says."""

    profile: str
    mode: Mode
    prompt: str
    negative: str
    sampler: str
    guidance: float
    width: int = 104
    height: int = 152
    steps: int = 4


CARDS = (
    Card(
        "animagine-xl-3.0",
        Mode.STOCK,
        "1girl, arima kana, oshi no ko, solo, upper body, v, smile, looking at viewer, outdoors, night",
        "nsfw, lowres, bad anatomy, bad hands, text, error, missing fingers, extra digit, fewer digits, "
        "cropped, worst quality, low quality, normal quality, jpeg artifacts, signature, watermark, username, "
        "blurry, artist name",
        "euler_a",
        7,
    ),
    Card(
        "animagine-xl-4.0",
        Mode.LPW,
        r"1girl, arima kana, oshi no ko, hoshimachi suisei, hoshimachi suisei \(1st costume\), cosplay, "
        "looking at viewer, smile, outdoors, night, v, masterpiece, high score, great score, absurdres",
        "lowres, bad anatomy, bad hands, text, error, missing finger, extra digits, fewer digits, cropped, "
        "worst quality, low quality, low score, bad score, average score, signature, watermark, "
        "username, blurry",
        "euler_a",
        6,
    ),
    Card(
        "aidxl-0.8",
        Mode.STOCK,
        "by xxx, 1 frieren (sousou no frieren), elf, cowboy shot, impasto, in the forest, at day",
        "worst quality, low quality",
        "dpmpp_2m_karras",
        8,
        width=128,
        height=128,
        steps=5,
    ),
    Card(
        "animeboys-xl",
        Mode.STOCK,
        "1boy, male focus, best quality, amazing quality, best aesthetic, absurdres",
        HEAVY.format(bad="(bad:1.05)"),
        "euler_a",
        5,
    ),
)
SCHEDULERS: dict[str, Any] = {
    "euler_a": lambda config: EulerAncestralDiscreteScheduler.from_config(config),
    "dpmpp_2m_karras": lambda config: DPMSolverMultistepScheduler.from_config(config, use_karras_sigmas=True),
}


def _escaped(card: Card) -> str:
    """The prompt as a member writes it: the plain pipeline knows no attention grammar, ours does."""
    return card.prompt if card.mode is Mode.LPW else card.prompt.replace("(", r"\(").replace(")", r"\)")


def _work(card: Card, work_id: int = 1, seed: int = 11) -> Work:
    return make_work(
        work_id,
        profile=card.profile,
        prompt=_escaped(card),
        negative_prompt=card.negative,
        width=card.width,
        height=card.height,
        sampler=card.sampler,
        steps=card.steps,
        guidance_scale=float(card.guidance),
        seed=seed,
    )


def _texts(card: Card, model: Any, stock: Any) -> tuple[torch.Tensor, ...]:
    """Prompt, negative, pooled and negative pooled embeddings, computed without our code."""
    if card.mode is Mode.LPW:
        prompt = card.prompt.replace("\\", "")
        return lpw_reference(model, [(prompt, 1.0)], [(card.negative, 1.0)])
    with torch.no_grad():
        plain = stock.encode_prompt(
            prompt=card.prompt,
            negative_prompt=card.negative.replace("(bad:1.05)", "bad"),
            device="cpu",
            do_classifier_free_guidance=True,
        )
    found: tuple[torch.Tensor, ...] = plain
    if "(bad:1.05)" in card.negative:
        # The one weighted word of the AnimeBoysXL card; the chunk's last position is its anchor.
        negative = plain[1].clone()
        ids = model.tokenizer(HEAVY.format(bad="bad")).input_ids
        at = ids.index(model.tokenizer("bad").input_ids[1])
        negative[:, at] = negative[:, -1] + (negative[:, at] - negative[:, -1]) * 1.05
        found = (plain[0], negative, plain[2], plain[3])
    return found


@dataclass(frozen=True)
class Plain:
    """What plain diffusers made."""

    pixels: bytes
    latents: list[torch.Tensor]
    unet_inputs: list[dict[str, Any]]


def _plain(card: Card, model: Any, stock: Any, seed: int = 11) -> Plain:
    texts = _texts(card, model, stock)
    stock.scheduler = SCHEDULERS[card.sampler](model.scheduler_config)
    latents: list[torch.Tensor] = []
    calls: list[dict[str, Any]] = []
    forward = model.unet.forward

    def spy(*args: Any, **kwargs: Any) -> Any:
        calls.append(kwargs)
        return forward(*args, **kwargs)

    def at_step_end(_pipe: Any, _index: int, _timestep: Any, values: dict[str, Any]) -> dict[str, Any]:
        latents.append(values["latents"].clone())
        return values

    with patch.object(model.unet, "forward", spy):
        picture = stock(
            prompt_embeds=texts[0],
            negative_prompt_embeds=texts[1],
            pooled_prompt_embeds=texts[2],
            negative_pooled_prompt_embeds=texts[3],
            width=card.width,
            height=card.height,
            num_inference_steps=card.steps,
            guidance_scale=card.guidance,
            generator=torch.Generator("cpu").manual_seed(seed),
            callback_on_step_end=at_step_end,
        ).images[0]
    return Plain(picture.tobytes(), latents, calls)


def _models(model: Any) -> dict[str, LoadedModel]:
    return {card.profile: replace(model, profile=make_profile(card.profile, card.mode)) for card in CARDS}


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.profile)
def test_alone(model: Any, stock: Any, card: Card) -> None:
    """Embeddings, pooled, time ids, every intermediate latent and the picture."""
    ours = _models(model)[card.profile]
    plain = _plain(card, model, stock)
    texts = _texts(card, model, stock)
    found = Conditioner().encode(ours, _escaped(card), card.negative)
    assert found.negative is not None
    mine = (found.positive.tokens, found.negative.tokens, found.positive.pooled, found.negative.pooled)
    for one, other in zip(mine, texts, strict=True):
        assert torch.allclose(one, other, atol=1e-6)

    image = begin(_work(card), ours, found, 0.0)
    added = plain.unet_inputs[0]["added_cond_kwargs"]
    assert torch.equal(image.time_ids, added["time_ids"])
    assert image.time_ids.tolist()[0] == [card.height, card.width, 0, 0, card.height, card.width]
    assert torch.allclose(image.pooled, added["text_embeds"], atol=1e-6)

    engine = Engine(Shelf(**{card.profile: ours}))
    engine.add(_work(card))
    latents = _watch_latents(engine, 1, card.steps)
    for one, other in zip(latents, plain.latents, strict=True):
        assert torch.equal(one, other)
    assert of_kind(drain_events(engine), Painted)[0].pixels == plain.pixels


def _watch_latents(engine: Engine, work_id: int, steps: int) -> list[torch.Tensor]:
    """The latents of a work after each of its steps."""
    seen: list[torch.Tensor] = []
    advance = Running.advance

    def watched(image: Running, output: torch.Tensor) -> None:
        advance(image, output)
        if image.work.id == work_id:
            seen.append(image.latents.clone())

    kept: list[Any] = []
    with patch.object(Running, "advance", watched):
        while len(seen) < steps:
            kept += engine.tick()
    _EVENTS[engine] = kept
    return seen


_EVENTS: dict[Engine, list[Any]] = {}


def drain_events(engine: Engine) -> list[Any]:
    """Everything that has happened in an engine that was watched."""
    return _EVENTS.pop(engine) + drain(engine)


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.profile)
def test_in_a_mixed_batch(model: Any, stock: Any, card: Card) -> None:
    """The same latents and picture beside the other cards' examples, joining and leaving at other ticks."""
    plain = _plain(card, model, stock)
    engine = Engine(Shelf(**_models(model)), max_running=12)
    others = [other for other in CARDS if other is not card] + [replace(card, steps=2)]
    for number, other in enumerate(others[:2]):
        engine.add(_work(other, 100 + number, seed=number))
    early = engine.tick()
    engine.add(_work(card))
    for number, other in enumerate(others[2:]):
        engine.add(_work(other, 200 + number, seed=number))
    latents = _watch_latents(engine, 1, card.steps)
    for one, other_latents in zip(latents, plain.latents, strict=True):
        assert torch.equal(one, other_latents)
    events = early + drain_events(engine)
    assert of_kind(events, Painted, 1)[0].pixels == plain.pixels
    assert len(of_kind(events, Painted)) == 1 + len(others)


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("guidance", [4.5, 1.0])
def test_every_sampler(model: Any, stock: Any, sampler: str, guidance: float) -> None:
    """With and without guidance, the picture of plain diffusers with the scheduler of diffusers' table."""
    import diffusers

    table: dict[str, tuple[str, dict[str, Any]]] = {
        "euler_a": ("EulerAncestralDiscreteScheduler", {}),
        "dpmpp_2m_karras": ("DPMSolverMultistepScheduler", {"use_karras_sigmas": True}),
        "euler": ("EulerDiscreteScheduler", {}),
        "dpmpp_sde_karras": (
            "DPMSolverSinglestepScheduler",
            {"use_karras_sigmas": True, "algorithm_type": "sde-dpmsolver++"},
        ),
        "unipc": ("UniPCMultistepScheduler", {}),
        "ddim": ("DDIMScheduler", {"clip_sample": False}),
        "lcm": ("LCMScheduler", {}),
    }
    name, settings = table[sampler]
    stock.scheduler = getattr(diffusers, name).from_config(model.scheduler_config, **settings)
    recipe = make_recipe(sampler=sampler, guidance_scale=guidance, steps=5)
    picture = stock(
        recipe.prompt,
        negative_prompt=recipe.negative_prompt,
        width=64,
        height=64,
        num_inference_steps=5,
        guidance_scale=guidance,
        generator=torch.Generator("cpu").manual_seed(recipe.seed),
    ).images[0]
    engine = Engine(Shelf(stock=model))
    engine.add(Work(1, recipe))
    assert of_kind(drain(engine), Painted)[0].pixels == picture.tobytes()


def test_guidance_as_an_input(model: Any) -> None:
    """A UNet distilled to read the guidance gets diffusers' embedding of it, and one pass."""
    from diffusers import StableDiffusionXLPipeline

    embed: Any = StableDiffusionXLPipeline.get_guidance_scale_embedding
    found = Conditioner().encode(model, "a", None, guided=False)
    config = dict(model.unet.config) | {"time_cond_proj_dim": 256}

    class Unet:
        """Only what setting up reads."""

        def __init__(self) -> None:
            self.config = type("Config", (), config)

    unet: Any = Unet()
    image = begin(
        make_work(guidance_scale=5.0), replace(model, unet=unet), Conditioning(found.positive, None), 0.0
    )
    assert image.passes == 1
    assert image.timestep_cond is not None
    expected = embed(None, torch.tensor([4.0]), embedding_dim=256)
    assert torch.allclose(image.timestep_cond, expected, atol=1e-4)

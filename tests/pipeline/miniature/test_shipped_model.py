"""The trained model that comes with the program: small, whole, an SDXL checkpoint like any other, and it obeys."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from pipeline import built_in
from pipeline.engine.configs import CONFIG_FILES, sdxl_config
from pipeline.engine.engine import Engine
from pipeline.engine.layout import check_folder
from pipeline.engine.store import ModelStore
from pipeline.miniature.artist import scene
from pipeline.profiles import load_profiles
from pipeline.profiles.types import Profile
from pipeline.prompt.tokens import CHUNK_TOKENS, TokenMeter
from pipeline.recipe import Recipe
from pipeline.work import Painted, Work
from tests.support.painting import drain, of_kind

MAX_BYTES = 40 * 1000**2
MARGIN = 1500
"""Pixels of 65,536; long hair covers several times as many."""
TEXTS = (
    "1girl, green hair, twintails, green eyes, smile, beanie, red hoodie, outdoors, night, masterpiece",
    "Hello's WORLD they'll've 123 4th >_< ^_^ \\m/",
    "東京 é ﬁ 👨‍👩‍👧 <|endoftext|> a",
    "",
)


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Bits depend on the number of threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def profile() -> Profile:
    """The miniature's."""
    return load_profiles()["miniature"]


@pytest.fixture(scope="module")
def engine(profile: Profile, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """The real engine on the CPU."""
    return Engine(ModelStore({profile.id: profile}, cache_dir=tmp_path_factory.mktemp("cache"), device="cpu"))


def paint(engine: Engine, profile: Profile, prompt: str, seed: int, steps: int = 12) -> Painted:
    """One picture of 256 x 256 with the default negative prompt."""
    recipe = Recipe(
        profile=profile.id,
        prompt=f"{prompt}, masterpiece, best quality",
        negative_prompt=profile.negative_presets[0].text,
        width=256,
        height=256,
        sampler="euler_a",
        steps=steps,
        guidance_scale=profile.guidance_scale.default,
        seed=seed,
    )
    engine.add(Work(1, recipe))
    [painted] = of_kind(drain(engine), Painted)
    assert isinstance(painted, Painted)
    return painted


def green_and_red(painted: Painted) -> tuple[int, int]:
    """How many pixels are clearly green, and how many clearly red."""
    pixels = np.frombuffer(painted.pixels, np.uint8).reshape(painted.height, painted.width, 3).astype(int)
    red, green, blue = pixels[..., 0], pixels[..., 1], pixels[..., 2]
    return int((green > np.maximum(red, blue) + 25).sum()), int((red > np.maximum(green, blue) + 40).sum())


def test_it_is_small_and_whole() -> None:
    """At most 40 MB with everything, half-precision safetensors only, and a model card."""
    files = [path for path in built_in.FOLDER.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= MAX_BYTES
    assert {path.suffix for path in files} <= {".json", ".txt", ".safetensors", ".md"}
    tensors = check_folder(built_in.FOLDER)
    assert {tensor.dtype for part in tensors.values() for tensor in part.values()} == {"F16"}
    assert (built_in.FOLDER / "README.md").is_file()


def test_its_version_is_the_fingerprint_of_its_weights() -> None:
    """New weights with an old version would make recipes lie."""
    assert built_in.version(built_in.FOLDER) == built_in.fingerprint(built_in.FOLDER)


def test_architecture_is_sdxls() -> None:
    """Blocks, conditioning, activations and noise schedule are SDXL's own; only sizes and ids differ."""
    for name in CONFIG_FILES:
        if name == "model_index.json":
            continue
        made = json.loads((built_in.FOLDER / name).read_text(encoding="utf-8"))
        for key, value in sdxl_config(name).items():
            if isinstance(value, str) and not key.startswith("_"):
                assert made.get(key) == value, f"{name}: {key}"


def test_plain_diffusers_loads_and_paints() -> None:
    """The stock pipeline reads the folder as it stands, half-precision files into a float32 that the CPU can use."""
    from diffusers import StableDiffusionXLPipeline

    pipe = StableDiffusionXLPipeline.from_pretrained(built_in.FOLDER)
    pipe.set_progress_bar_config(disable=True)
    picture = pipe(
        "1girl, green hair",
        width=256,
        height=256,
        num_inference_steps=2,
        generator=torch.Generator().manual_seed(1),
        output_type="pt",
    ).images[0]
    assert picture.shape == (3, 256, 256)
    assert picture.isfinite().all()


@pytest.mark.parametrize("name", ["tokenizer", "tokenizer_2"])
def test_the_meter_counts_what_the_encoders_read(name: str) -> None:
    """Token ids are transformers' own, and both tokenizers share them."""
    from transformers import CLIPTokenizer

    tokenizer = CLIPTokenizer.from_pretrained(built_in.FOLDER / name)
    meter = TokenMeter(built_in.tokenizer_folder())
    for text in TEXTS:
        assert meter.ids(text) == tokenizer(text, add_special_tokens=False).input_ids
    assert tokenizer.model_max_length == CHUNK_TOKENS + 2


def test_encoders_know_where_a_text_ends() -> None:
    """The pooled embedding is read at the end token: the default of another vocabulary would be wrong."""
    for number in ("", "_2"):
        config = json.loads((built_in.FOLDER / f"text_encoder{number}" / "config.json").read_text())
        entries = json.loads(
            (built_in.FOLDER / f"tokenizer{number}" / "vocab.json").read_text(encoding="utf-8")
        )
        assert config["vocab_size"] == len(entries)
        assert config["eos_token_id"] == entries["<|endoftext|>"] == len(entries) - 1
        assert config["bos_token_id"] == entries["<|startoftext|>"]


def test_the_vocabulary_is_short_to_say(profile: Profile) -> None:
    """One token for each word that it can draw, so that a full prompt fits into one chunk."""
    words = {
        word
        for tags in (scene.HAIR_COLOURS, scene.HAIR_STYLES, scene.GARMENTS, scene.PLACES, scene.LIGHTS)
        for tag in tags
        for word in tag.split()
    }
    meter = TokenMeter(profile.tokenizer)
    assert [word for word in sorted(words) if meter.count(word) != (1,)] == []
    assert all(len(meter.count(example.prompt)) == 1 for example in profile.examples)


def test_the_same_recipe_gives_the_same_bytes(engine: Engine, profile: Profile) -> None:
    """Twice, and with the training's version as the weights' name."""
    one, other = (paint(engine, profile, "1girl, green hair", seed=3, steps=3) for _ in range(2))
    assert one.pixels == other.pixels
    assert one.weights == f"miniature:{built_in.version(built_in.FOLDER)}"


def test_hair_has_the_colour_that_the_prompt_says(engine: Engine, profile: Profile) -> None:
    """Green hair is greener than red hair, which is redder, with the same seeds."""
    rest = "long hair, white sweater, upper body, simple background"
    for seed in (1, 2):
        green = green_and_red(paint(engine, profile, f"1girl, green hair, {rest}", seed))
        red = green_and_red(paint(engine, profile, f"1girl, red hair, {rest}", seed))
        assert green[0] > red[0] + MARGIN
        assert red[1] > green[1] + MARGIN

"""What the two trainings of the miniature can be told, with the published source of every default.

Sources, called by these names below:

- Animagine XL 3.0 and 4.0: the training tables on the model cards `cagliostrolab/animagine-xl-3.0` and
  `cagliostrolab/animagine-xl-4.0`.
- AIDXL: the training notes on the card of AnimeIllustDiffusion XL.
- Own: chosen by trials with this model; the cards fine-tune a model of 2.6 billion weights, this one starts
  from nothing with a few million, so that their absolute learning rates do not carry over.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Final, Literal

LossWeighting = Literal["min-snr", "debiased", "none"]
Precision = Literal["bf16", "fp32"]
Device = Literal["cpu", "cuda"]
OptimizerKind = Literal["muon", "adamw"]

FREE: Final = frozenset({"steps", "device", "threads", "compiled"})
"""Options that may change when a run goes on; see `identity`."""
_LEVELS: Final = 4
"""Resolutions of SDXL's VAE, which make the factor of 8 between pixels and latents."""
_LARGEST_CROP: Final = 160
"""Pixels; the smallest side of any picture."""
_GROUPS: Final = 8
"""Groups of the miniature's group norms: every width must be a multiple."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VaeOptions:
    """How the VAE is trained."""

    steps: int
    """Optimizer steps, at least 1."""
    batch_size: int = 8
    """Pictures per step while whole pictures are shown. Crops come in larger batches: see `crop_schedule`."""
    seed: int = 0
    """Decides pictures, crops, noise and first weights."""
    channels: tuple[int, ...] = (16, 32, 64, 64)
    """Widths of the four resolutions. SDXL has 128, 256, 512, 512."""
    layers_per_block: int = 1
    """Residual blocks per resolution of the encoder (the decoder has one more). SDXL has 2."""
    latent_channels: int = 4
    """As SDXL."""
    learning_rate: float = 0.006
    """Of matrices and kernels, which Muon trains (own)."""
    adam_learning_rate: float = 0.002
    """Of everything else, which AdamW trains (own)."""
    kl_weight: float = 1e-4
    """Of the mean divergence per latent number (own): only keeps latents near unit size."""
    mse_weight: float = 0.5
    """Of the mean squared error, beside a mean absolute error of weight 1 (own)."""
    gradient_weight: float = 0.4
    """Of the mean absolute error of differences between neighbouring pixels, which keeps lines sharp (own)."""
    pictures: int = 4000
    """Pictures drawn for the training; about 200 kB of memory each."""
    warmup_fraction: float = 0.02
    """Share of the steps during which the rates rise (own)."""
    decay_fraction: float = 0.4
    """Share of the steps at the end during which the rates fall to zero (own)."""
    ema_decay: float = 0.998
    """Of the moving average of the weights that is kept in the end (own)."""
    crop_schedule: tuple[tuple[float, int], ...] = ((0.6, 64), (1.0, 128))
    """Until which share of the steps pictures are cropped to which side in pixels; 0 is the whole picture (own).

    Crops come in larger batches (`crop_batch`), so that they still fill the processor.
    """
    precision: Precision = "bf16"
    """What convolutions compute in; weights are kept in float32 either way."""
    device: Device = "cpu"
    """Where it is computed; `cuda` is an NVIDIA GPU."""
    threads: int = 2
    """Processor threads. The same number gives the same weights, bit for bit."""
    compiled: bool = False
    """Whether `torch.compile` makes the steps faster, for a minute more at the start and each change of crops."""

    def __post_init__(self) -> None:
        """Refuse what cannot be trained.

        Raises:
            ValueError: names the option and its range.
        """
        _at_least(self, 1, "steps", "batch_size", "layers_per_block", "latent_channels", "pictures", "threads")
        _at_least(self, 0, "seed")
        _positive(self, "learning_rate", "adam_learning_rate")
        _not_negative(self, "kl_weight", "mse_weight", "gradient_weight")
        _share(self, "warmup_fraction", "decay_fraction")
        _below_one(self, "ema_decay")
        _one_of(self, "precision", "bf16", "fp32")
        _one_of(self, "device", "cpu", "cuda")
        _widths(self, "channels", count=_LEVELS)
        if not all(isinstance(pair, tuple) and len(pair) == 2 for pair in self.crop_schedule):
            raise ValueError("crop_schedule must have pairs of a share and a side, such as 0.6:64,1:128.")
        shares = [share for share, _ in self.crop_schedule]
        if not shares or shares != sorted(shares) or shares[0] <= 0 or shares[-1] != 1:
            raise ValueError("crop_schedule must have shares of the steps that rise from above 0 to exactly 1.")
        if any(not 0 <= side <= _LARGEST_CROP or side % 8 for _, side in self.crop_schedule):
            raise ValueError(
                f"crop_schedule must have sides that are multiples of 8 up to {_LARGEST_CROP}, or 0 for whole pictures."
            )

    def crop_at(self, step: int) -> int:
        """The side of the crops at a step (counted from 0), in pixels; 0 is the whole picture."""
        reached = (step + 1) / self.steps
        return next((side for share, side in self.crop_schedule if reached <= share), self.crop_schedule[-1][1])

    def crop_batch(self, side: int) -> int:
        """How many crops of that side make a batch: their number grows as their side shrinks, up to 4 times."""
        return self.batch_size * max(1, min(4, 256 // side)) if side else self.batch_size


@dataclass(frozen=True, slots=True, kw_only=True)
class DenoiserOptions:
    """How the UNet and the text encoders are trained."""

    steps: int
    """Optimizer steps, at least 1."""
    low_resolution_fraction: float = 0.35
    """Share of the steps at half the size, size-conditioned: it binds colours to things early (own)."""
    batch_size: int = 32
    """Pictures per step, over all accumulated parts (own; Animagine XL 4.0: 16 x 2, on four cards)."""
    gradient_accumulation: int = 1
    """Parts a batch is computed in, when it does not fit into memory (Animagine XL 4.0: 2)."""
    seed: int = 0
    """Decides pictures, captions, noise and first weights."""
    channels: tuple[int, ...] = (64, 128, 192)
    """Widths of the three resolutions. SDXL has 320, 640, 1280."""
    layers_per_block: int = 1
    """Residual blocks per resolution. SDXL has 2."""
    transformer_layers: tuple[int, ...] = (1, 1, 2)
    """Transformer blocks per attention. SDXL has 0 (no attention), 2, 10."""
    heads: tuple[int, ...] = (2, 4, 6)
    """Attention heads per resolution; `attention_head_dim` in the config, which means their number."""
    text_width: int = 96
    """Width of text encoder 1. SDXL has 768."""
    text_layers: int = 2
    """Layers of text encoder 1, the last of which SDXL never reads. SDXL has 12."""
    text_2_width: int = 160
    """Width of text encoder 2. SDXL has 1280."""
    text_2_layers: int = 3
    """Layers of text encoder 2. SDXL has 32."""
    vocabulary_size: int = 2048
    """Tokens at most. SDXL has 49408."""
    optimizer: OptimizerKind = "muon"
    """Muon (with AdamW for what is no matrix) or AdamW alone (own; the cards: AdamW and Adafactor)."""
    unet_learning_rate: float = 1e-3
    """Of the UNet (own; Animagine XL 4.0 fine-tunes with 2.5e-6). Muon's updates are scaled to AdamW's size, so
    that one rate serves both."""
    text_encoder_learning_rate: float | None = None
    """Of the text encoders; None is half of the UNet's, the ratio 1.25e-6 : 2.5e-6 of Animagine XL 4.0."""
    weight_decay: float = 0.01
    """Decoupled, per unit of learning rate (AdamW's usual value)."""
    warmup_fraction: float = 0.05
    """Share of the steps during which the rates rise (Animagine XL 4.0: constant with a warm-up of 5 %)."""
    decay_fraction: float = 0.0
    """Share of the steps at the end during which the rates fall to zero (Animagine XL 4.0: constant, which is 0;
    the shipped run's is on its model card)."""
    loss_weighting: LossWeighting = "debiased"
    """Animagine XL 4.0: debiased estimation; AIDXL: min-SNR."""
    min_snr_gamma: float = 5.0
    """Only for "min-snr" (AIDXL: 5)."""
    person_focus: float = 0.3
    """Share of a picture's loss that the head and the body of its person take at least, each, however small they
    are in it (own); 0 weighs all places alike."""
    noise_offset: float = 0.0357
    """Deviation of the noise that is the same all over a channel (Animagine XL 3.0: 0.0357)."""
    input_perturbation: float = 0.1
    """Extra noise on the input that the target leaves out (Animagine XL 4.0: 0.1)."""
    ema_decay: float = 0.999
    """Of the moving average of the weights that is kept in the end (own)."""
    keep_tags: int = 1
    """Tags at the front that are never shuffled (AIDXL and Animagine XL 3.0 keep the first ones)."""
    tag_dropout: float = 0.15
    """How often a single tag is left out, so that short prompts work (own)."""
    caption_dropout: float = 0.1
    """How often the whole caption is empty, which guidance needs (own; the usual value)."""
    quality_dropout: float = 0.15
    """How often quality and year tags are left out together (own)."""
    pictures: int = 24000
    """Pictures drawn, whose latents are kept on disk: 10 kB each, at float16 and at both sizes."""
    precision: Precision = "bf16"
    """What layers compute in; weights are kept in float32 either way (Animagine XL 4.0: fp16 with float32)."""
    device: Device = "cpu"
    """Where it is computed; `cuda` is an NVIDIA GPU."""
    threads: int = 2
    """Processor threads. The same number gives the same weights, bit for bit, on a CPU."""

    def __post_init__(self) -> None:
        """Refuse what cannot be trained.

        Raises:
            ValueError: names the option and its range.
        """
        _at_least(
            self, 1, "steps", "batch_size", "gradient_accumulation", "layers_per_block", "pictures", "threads"
        )
        _at_least(self, 1, "text_width", "text_2_width")
        # The conditioning reads the last layer but one.
        _at_least(self, 2, "text_layers", "text_2_layers")
        _at_least(self, 0, "seed", "keep_tags")
        # 256 bytes, each also at the end of a word, start and end.
        _at_least(self, 514, "vocabulary_size")
        _positive(self, "unet_learning_rate", "min_snr_gamma")
        if self.text_encoder_learning_rate is not None:
            _positive(self, "text_encoder_learning_rate")
        _not_negative(self, "weight_decay", "noise_offset", "input_perturbation")
        _share(self, "low_resolution_fraction", "warmup_fraction", "decay_fraction")
        _share(self, "tag_dropout", "caption_dropout", "quality_dropout")
        if not 0 <= self.person_focus < 0.5:
            raise ValueError(f"person_focus must be from 0 to below 0.5, not {self.person_focus}.")
        _below_one(self, "ema_decay")
        _one_of(self, "loss_weighting", "min-snr", "debiased", "none")
        _one_of(self, "optimizer", "muon", "adamw")
        _one_of(self, "precision", "bf16", "fp32")
        _one_of(self, "device", "cpu", "cuda")
        _widths(self, "channels", count=None)
        if not len(self.channels) == len(self.transformer_layers) == len(self.heads):
            raise ValueError("channels, transformer_layers and heads must have one number per resolution each.")
        if min(self.transformer_layers) < 0 or min(self.heads) < 1:
            raise ValueError("transformer_layers must be at least 0 and heads at least 1.")
        if any(width % heads for width, heads in zip(self.channels, self.heads, strict=True)):
            raise ValueError("channels must be multiples of the heads of their resolution.")
        if self.batch_size % self.gradient_accumulation:
            raise ValueError("batch_size must be a multiple of gradient_accumulation.")

    @property
    def text_rate(self) -> float:
        """The text encoders' learning rate, with its default worked out."""
        given = self.text_encoder_learning_rate
        return self.unet_learning_rate / 2 if given is None else given


def identity(options: VaeOptions | DenoiserOptions) -> str:
    """What must not change when a run goes on, as stable JSON with sorted keys.

    Everything but the number of steps (a run may go on for longer; its crops and rates then follow the new
    number), the device, the threads and compilation (they change the last bits, not the run).
    """
    kept = {name: value for name, value in asdict(options).items() if name not in FREE}
    return json.dumps({"training": type(options).__name__, **kept}, sort_keys=True)


def _numbers(options: object, names: tuple[str, ...]) -> list[tuple[str, float]]:
    return [(name, getattr(options, name)) for name in names]


def _at_least(options: object, least: int, *names: str) -> None:
    for name, value in _numbers(options, names):
        if not value >= least:
            raise ValueError(f"{name} must be at least {least}, not {value}.")


def _positive(options: object, *names: str) -> None:
    for name, value in _numbers(options, names):
        if not 0 < value < float("inf"):
            raise ValueError(f"{name} must be above 0, not {value}.")


def _not_negative(options: object, *names: str) -> None:
    for name, value in _numbers(options, names):
        if not 0 <= value < float("inf"):
            raise ValueError(f"{name} must be 0 or above, not {value}.")


def _share(options: object, *names: str) -> None:
    for name, value in _numbers(options, names):
        if not 0 <= value <= 1:
            raise ValueError(f"{name} must be from 0 to 1, not {value}.")


def _below_one(options: object, *names: str) -> None:
    for name, value in _numbers(options, names):
        if not 0 <= value < 1:
            raise ValueError(f"{name} must be from 0 to below 1, not {value}.")


def _one_of(options: object, name: str, *choices: str) -> None:
    value = getattr(options, name)
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, not {value}.")


def _widths(options: object, name: str, *, count: int | None) -> None:
    widths: tuple[int, ...] = getattr(options, name)
    if not widths or (count is not None and len(widths) != count):
        raise ValueError(f"{name} must have {count or 'some'} widths, not {len(widths)}.")
    if any(width < _GROUPS or width % _GROUPS for width in widths):
        raise ValueError(f"{name} must be positive multiples of {_GROUPS}, not {widths}.")

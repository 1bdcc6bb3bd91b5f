"""The pictures that port and package are compared on: `python -m benchmarks.nsfw.pictures FOLDER` writes them as PNG.

Two kinds are kept as files in `kept`: drawings of the miniature's artist, who goes on learning, and three harmless
patterns of 40 x 40 pixels, found by following the network's own gradient, that it takes for its other three classes
with a probability of about 0.97 (so they also show what happens to a picture that is withheld). The others are worked
out here with whole numbers and Python's own generator, so that every machine gets the same pixels: plain colours,
gradients, noise, stripes, letters, clouds in the colours of landscapes and of skin; from 1 x 1 to 1,600 pixels, square
and very long.
"""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

KEPT: Final = Path(__file__).parent / "kept"
Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]

_COLOURS: Final[dict[str, Colour]] = {
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "grey": (127, 127, 127),
    "red": (220, 20, 30),
    "skin": (236, 188, 164),
    "blue": (20, 60, 200),
}
_CLOUDS: Final[dict[str, tuple[Colour, Colour, int, int, int]]] = {
    # Two colours, width, height, size of the coarsest cloud.
    "sky": ((90, 150, 230), (250, 250, 255), 640, 360, 160),
    "forest": ((10, 40, 15), (120, 170, 70), 300, 400, 48),
    "sea": ((5, 30, 80), (60, 180, 190), 512, 512, 64),
    "sand": ((160, 120, 70), (245, 225, 180), 333, 271, 20),
    "fire": ((60, 0, 0), (255, 220, 60), 224, 224, 56),
    "night": ((0, 0, 10), (50, 40, 90), 400, 224, 100),
    "skin pale": ((150, 95, 80), (255, 225, 205), 448, 448, 200),
    "skin tan": ((90, 50, 35), (225, 165, 125), 320, 480, 120),
    "skin dark": ((30, 15, 10), (150, 100, 75), 256, 320, 90),
    "skin pink": ((190, 80, 90), (255, 200, 190), 768, 512, 256),
    "skin small": ((140, 90, 70), (250, 210, 190), 60, 90, 30),
    "skin large": ((120, 70, 60), (250, 205, 180), 1024, 1024, 400),
}
_SIZES: Final = (
    (1, 1),
    (2, 3),
    (7, 5),
    (223, 225),
    (224, 224),
    (225, 223),
    (1000, 8),
    (8, 1000),
    (1600, 200),
    (512, 768),
)
_LETTERS: Final = {
    "T": ("#####", "..#..", "..#..", "..#..", "..#.."),
    "A": (".###.", "#...#", "#####", "#...#", "#...#"),
    "G": (".####", "#....", "#..##", "#...#", ".####"),
    "B": ("####.", "#...#", "####.", "#...#", "####."),
    "R": ("####.", "#...#", "####.", "#..#.", "#...#"),
    "U": ("#...#", "#...#", "#...#", "#...#", ".###."),
    "S": (".####", "#....", ".###.", "....#", "####."),
    "H": ("#...#", "#...#", "#####", "#...#", "#...#"),
}


def pictures() -> dict[str, Picture]:
    """All of them by name, each [height, width, 3] and RGB."""
    found: dict[str, Picture] = {}
    for path in sorted(KEPT.glob("*.webp")):
        with Image.open(path) as image:
            found[path.stem] = np.asarray(image.convert("RGB"))
    for name, colour in _COLOURS.items():
        found[f"plain {name}"] = np.full((64, 64, 3), colour, np.uint8)
    for number, (width, height) in enumerate(_SIZES):
        found[f"gradient {width}x{height}"] = _gradient(width, height, number)
    for width, height in ((32, 32), (224, 224), (640, 480)):
        found[f"noise {width}x{height}"] = _noise(width, height)
    for wide in (1, 3, 8, 40):
        found[f"stripes {wide}"] = _stripes(wide)
    for name, text, scale in (("large", "TAG", 16), ("small", "BRUSH" * 4, 3), ("long", "TAGBRUSH" * 6, 4)):
        found[f"letters {name}"] = _letters(text, scale)
    for name, (low, high, width, height, cloud) in _CLOUDS.items():
        found[f"clouds {name}"] = _clouds(low, high, width, height, cloud, name)
    return found


def _gradient(width: int, height: int, number: int) -> Picture:
    down, across = np.mgrid[0:height, 0:width]
    first, second = across * 255 // max(width - 1, 1), down * 255 // max(height - 1, 1)
    channels = [first, second, (first + second) // 2, 255 - first]
    return np.stack([channels[(number + each) % 4] for each in range(3)], 2).astype(np.uint8)


def _noise(width: int, height: int) -> Picture:
    content = Random(f"noise {width}x{height}").randbytes(width * height * 3)
    return np.frombuffer(content, np.uint8).reshape(height, width, 3)


def _stripes(wide: int) -> Picture:
    down, across = np.mgrid[0:300, 0:200]
    light = (down // wide + across // (2 * wide)) % 2
    return np.stack([light * 235 + 10, light * 120 + 60, 200 - light * 150], 2).astype(np.uint8)


def _letters(text: str, scale: int) -> Picture:
    ink = np.zeros((7, 6 * len(text) + 1), np.int64)
    for index, letter in enumerate(text):
        for row, line in enumerate(_LETTERS[letter]):
            for column, mark in enumerate(line):
                ink[row + 1, 6 * index + column + 1] = mark == "#"
    large = ink.repeat(scale, 0).repeat(scale, 1)
    return np.stack([250 - large * 230, 248 - large * 228, 235 - large * 180], 2).astype(np.uint8)


def _clouds(low: Colour, high: Colour, width: int, height: int, cloud: int, seed: str) -> Picture:
    """Smooth noise of several sizes on top of each other, from one colour to another."""
    random = Random(f"clouds {seed}")
    level = np.zeros((height, width), np.int64)
    weight, whole = 128, 0
    while cloud >= 2 and weight >= 4:
        rows, columns = height // cloud + 2, width // cloud + 2
        grid = np.frombuffer(random.randbytes(rows * columns), np.uint8).reshape(rows, columns).astype(np.int64)
        down, across = np.mgrid[0:height, 0:width]
        row, column, dy, dx = down // cloud, across // cloud, down % cloud, across % cloud
        top = grid[row, column] * (cloud - dx) + grid[row, column + 1] * dx
        bottom = grid[row + 1, column] * (cloud - dx) + grid[row + 1, column + 1] * dx
        level += (top * (cloud - dy) + bottom * dy) // (cloud * cloud) * weight
        whole += weight
        weight, cloud = weight // 2, cloud // 2
    level //= whole
    return np.stack([a + (b - a) * level // 255 for a, b in zip(low, high, strict=True)], 2).astype(np.uint8)


def main() -> int:
    """Write them."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    found = pictures()
    for name, pixels in found.items():
        Image.fromarray(pixels).save(folder / f"{name}.png")
    print(f"{len(found)} pictures in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

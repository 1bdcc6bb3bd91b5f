"""Makes `weights.safetensors` from the npm package: `python -m pipeline.engine.nsfw.convert FOLDER [--to FILE]`.

FOLDER is the unpacked package, as `npm pack nsfwjs@4.4.0 && tar -xf nsfwjs-4.4.0.tgz` leaves it. Run once; the result
comes with the repository. Nothing is rounded: the 8-bit numbers are copied, with each tensor's minimum and step.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from pipeline.classify import ClassifierError
from pipeline.engine.nsfw import WEIGHTS
from pipeline.engine.nsfw.network import METADATA, shapes

PACKAGE: Final = ("nsfwjs", "4.4.0")
MODEL: Final = "dist/models/mobilenet_v2"
_MANIFEST: Final = re.compile(r"weightsManifest:(\[.*?\])\}\},\{\}\]\}", re.DOTALL)
_SHARD: Final = re.compile(r'\.exports="([A-Za-z0-9+/=]+)"')
_KEY: Final = re.compile(r"([{,])([A-Za-z_]\w*):")
_POINT: Final = re.compile(r"(?<=[:,\[-])\.(?=\d)")


def convert(package: Path, target: Path) -> None:
    """Write the weights of an unpacked package.

    Raises:
        ClassifierError: it is not that package.
    """
    try:
        found = json.loads((package / "package.json").read_text(encoding="utf-8"))
        model = (package / MODEL / "model.min.js").read_bytes()
        shard = (package / MODEL / "group1-shard1of1.min.js").read_bytes()
    except (OSError, ValueError) as error:
        raise ClassifierError(
            "`{folder}` is not the unpacked npm package nsfwjs: {reason}.", folder=package, reason=error
        ) from error
    if (found.get("name"), found.get("version")) != PACKAGE:
        raise ClassifierError(
            "`{folder}` is {name} {version}; {wanted} is needed.",
            folder=package,
            name=found.get("name"),
            version=found.get("version"),
            wanted=" ".join(PACKAGE),
        )
    specs, content = _manifest(model.decode(), package), _content(shard.decode(), package)
    tensors: dict[str, NDArray[np.uint8]] = {}
    steps: dict[str, tuple[float, float]] = {}
    offset = 0
    for spec in specs:
        name, shape, how = spec["name"], spec["shape"], spec["quantization"]
        count = int(np.prod(shape))
        tensors[name] = np.frombuffer(content, np.uint8, count, offset).reshape(shape)
        steps[name] = (how["min"], how["scale"])
        offset += count
    if offset != len(content) or {name: each.shape for name, each in tensors.items()} != shapes():
        raise ClassifierError(
            "The model in `{folder}` is not the MobileNetV2 that is known here.", folder=package
        )
    about = {
        "package": "@".join(PACKAGE),
        "licence": "MIT",
        "model": "mobilenet_v2",
        "sha256": {"model": _hash(model), "group1-shard1of1": _hash(shard)},
        "quantisation": steps,
    }
    # One entry: several would be written in any order, and the same package give another file each time.
    save_file(dict(sorted(tensors.items())), target, {METADATA: json.dumps(about, sort_keys=True)})


def _manifest(script: str, package: Path) -> list[dict[str, Any]]:
    """The list of tensors in the order of their bytes. It is a minified literal of JavaScript, not quite JSON."""
    found = _MANIFEST.search(script)
    try:
        literal = _POINT.sub("0.", _KEY.sub(r'\1"\2":', found[1] if found else ""))
        specs: list[dict[str, Any]] = json.loads(literal)[0]["weights"]
    except (ValueError, LookupError) as error:
        raise ClassifierError("The list of tensors in `{folder}` cannot be read.", folder=package) from error
    if any(spec.get("quantization", {}).get("dtype") != "uint8" for spec in specs):
        raise ClassifierError("The weights in `{folder}` are not 8-bit numbers.", folder=package)
    return specs


def _content(script: str, package: Path) -> bytes:
    found = _SHARD.search(script)
    if not found:
        raise ClassifierError("The weights in `{folder}` cannot be found.", folder=package)
    return base64.b64decode(found[1])


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def main() -> int:
    """Convert, and say what came out."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.engine.nsfw.convert", description=__doc__)
    parser.add_argument("package", type=Path, metavar="FOLDER")
    parser.add_argument("--to", type=Path, default=WEIGHTS, metavar="FILE")
    args = parser.parse_args()
    try:
        convert(args.package, args.to)
    except ClassifierError as error:
        sys.stderr.write(f"{error.text}\n")
        return 1
    content = args.to.read_bytes()
    sys.stdout.write(f"{args.to}: {len(content):,} bytes, SHA-256 {_hash(content)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The classifier that comes with the program: the same as the npm package, and the weights it should have."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from random import Random

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save_file

from benchmarks.nsfw.pictures import pictures
from pipeline.classify import ClassifierError
from pipeline.engine.nsfw import SHA256, WEIGHTS, classifier
from pipeline.engine.nsfw.classifier import NsfwClassifier, read
from pipeline.engine.nsfw.convert import MODEL, convert
from pipeline.engine.nsfw.network import CLASSES, Network, load
from pipeline.miniature.artist.draw import draw
from pipeline.miniature.artist.scene import random_scene
from pipeline.profiles.types import Rating

REFERENCE = json.loads((Path(__file__).parent / "nsfw_reference.json").read_text(encoding="utf-8"))["pictures"]
"""What the package says, by `benchmarks/nsfw/reference.mjs`."""
TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def found() -> NsfwClassifier:
    """With the weights of the program."""
    return NsfwClassifier()


@pytest.fixture(scope="module")
def network() -> Network:
    """The network alone."""
    return load(WEIGHTS)[0]


@pytest.fixture(scope="module")
def shown() -> dict[str, NDArray[np.uint8]]:
    """The pictures of the comparison."""
    return pictures()


def test_at_least_fifty_pictures_are_compared(shown: dict[str, NDArray[np.uint8]]) -> None:
    """All that the package was shown, among them some that it takes for each of its classes."""
    assert set(shown) == set(REFERENCE)
    assert len(shown) >= 50
    assert {int(np.argmax(each)) for each in REFERENCE.values()} == set(range(len(CLASSES)))


@pytest.mark.parametrize("name", REFERENCE)
def test_the_port_says_what_the_package_says(
    name: str, network: Network, shown: dict[str, NDArray[np.uint8]]
) -> None:
    """Each of the five probabilities, whatever the picture and its size."""
    np.testing.assert_allclose(network(shown[name]), REFERENCE[name], rtol=0, atol=TOLERANCE)


def test_drawing_and_neutral_are_general() -> None:
    """However they share."""
    scores = read({"Drawing": 0.3, "Hentai": 0.0, "Neutral": 0.7, "Porn": 0.0, "Sexy": 0.0})
    assert scores.rating() is Rating.GENERAL
    assert scores.above(Rating.GENERAL) == 0


def test_sexy_is_above_sensitive() -> None:
    """A channel with a ceiling of sensitive does not show it, one of questionable does."""
    scores = read({"Drawing": 0.0, "Hentai": 0.0, "Neutral": 0.1, "Porn": 0.0, "Sexy": 0.9})
    assert scores.above(Rating.SENSITIVE) == 0.9
    assert scores.above(Rating.QUESTIONABLE) == 0


def test_hentai_and_porn_are_explicit() -> None:
    """Drawn and photographed alike."""
    scores = read({"Drawing": 0.0, "Hentai": 0.4, "Neutral": 0.0, "Porn": 0.6, "Sexy": 0.0})
    assert scores.above(Rating.QUESTIONABLE) == 1


@pytest.mark.parametrize("name", ["hentai", "porn", "sexy"])
def test_a_picture_taken_for_something_else_is_above_general(
    found: NsfwClassifier, shown: dict[str, NDArray[np.uint8]], name: str
) -> None:
    """From pixels to rating, for the three classes that are not general."""
    assert found.classify(shown[f"pattern taken for {name}"]).above(Rating.GENERAL) > 0.9


def test_the_artists_drawings_are_general(found: NsfwClassifier) -> None:
    """What the miniature learns from is harmless, and none is withheld at any threshold that one would choose."""
    drawings = [
        np.asarray(draw(random_scene(Random(f"general/{number}")), 208, 304).convert("RGB"))
        for number in range(20)
    ]
    assert max(found.classify(each).above(Rating.GENERAL) for each in drawings) < 0.3


def test_the_id_names_the_weights(found: NsfwClassifier) -> None:
    """The hash in the code is that of the file, which is not more than the issue's four megabytes."""
    assert found.id == f"nsfwjs-mobilenet-v2@{hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()[:12]}"
    assert hashlib.sha256(WEIGHTS.read_bytes()).hexdigest() == SHA256
    assert WEIGHTS.stat().st_size < 4_000_000


def test_the_licence_lies_beside_the_weights() -> None:
    """MIT asks for that."""
    assert "Infinite Red" in (WEIGHTS.parent / "LICENSE").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 4, 3), np.float32),
    ],
)
def test_what_is_no_picture_is_refused(found: NsfwClassifier, pixels: NDArray[np.uint8]) -> None:
    """Instead of an answer about something else."""
    with pytest.raises(ValueError, match="RGB"):
        found.classify(pixels)


def test_missing_weights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The sentence says how to get them back."""
    monkeypatch.setattr(classifier, "WEIGHTS", tmp_path / "none.safetensors")
    with pytest.raises(ClassifierError, match=r"none\.safetensors` cannot be read.*git restore"):
        NsfwClassifier()


def test_a_single_changed_weight_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The file still reads, and would answer, only wrongly."""
    content = bytearray(WEIGHTS.read_bytes())
    content[-1000] ^= 1
    (tmp_path / "changed.safetensors").write_bytes(content)
    monkeypatch.setattr(classifier, "WEIGHTS", tmp_path / "changed.safetensors")
    with pytest.raises(ClassifierError, match=r"not the ones it was tested with.*git restore"):
        NsfwClassifier()


@pytest.mark.parametrize("keep", [0, 5, 4000, 1_000_000])
def test_truncated_weights(tmp_path: Path, keep: int) -> None:
    """A copy that was cut off."""
    path = tmp_path / "cut.safetensors"
    path.write_bytes(WEIGHTS.read_bytes()[:keep])
    with pytest.raises(ClassifierError, match="damaged"):
        NsfwClassifier(path)


def test_weights_of_something_else(tmp_path: Path) -> None:
    """A file of the right format with the wrong tensors."""
    path = tmp_path / "other.safetensors"
    save_file({"a": np.zeros(3, np.uint8)}, path, {"about": '{"quantisation": {"a": [0.0, 1.0]}}'})
    with pytest.raises(ClassifierError, match="something else than nsfwjs"):
        NsfwClassifier(path)


def test_weights_without_their_steps(tmp_path: Path) -> None:
    """8-bit numbers alone mean nothing."""
    path = tmp_path / "bare.safetensors"
    save_file({"a": np.zeros(3, np.uint8)}, path)
    with pytest.raises(ClassifierError, match="damaged"):
        NsfwClassifier(path)


def package(folder: Path, version: str = "4.4.0") -> Path:
    """The npm package, put together again from our weights, with its minified scripts."""
    (folder / MODEL).mkdir(parents=True)
    (folder / "package.json").write_text(json.dumps({"name": "nsfwjs", "version": version}))
    specs, content = [], b""
    with safe_open(WEIGHTS, framework="numpy") as file:
        steps = json.loads(file.metadata()["about"])["quantisation"]
        for name in sorted(file.keys(), reverse=True):
            tensor = file.get_tensor(name)
            low, step = (
                repr(each).replace("0.", ".", 1) if abs(each) < 1 else repr(each) for each in steps[name]
            )
            shape = ",".join(map(str, tensor.shape))
            how = f'quantization:{{min:{low},scale:{step},dtype:"uint8"}}'
            specs.append(f'{{name:"{name}",shape:[{shape}],dtype:"float32",{how}}}')
            content += tensor.tobytes()
    manifest = f'weightsManifest:[{{paths:["group1-shard1of1"],weights:[{",".join(specs)}]}}]'
    script = (
        f"({{1:[function(e,a,n){{a.exports={{modelTopology:{{backend:!1}},{manifest}}}}},{{}}]}},{{}},[1])(1)"
    )
    (folder / MODEL / "model.min.js").write_text(script)
    shard = f'({{1:[function(e,h,n){{h.exports="{base64.b64encode(content).decode()}"}},{{}}]}},{{}},[1])(1)'
    (folder / MODEL / "group1-shard1of1.min.js").write_text(shard)
    return folder


def test_the_package_is_converted(
    tmp_path: Path, found: NsfwClassifier, shown: dict[str, NDArray[np.uint8]]
) -> None:
    """In whatever order it holds the tensors, they come out as ours."""
    convert(package(tmp_path / "package"), tmp_path / "new.safetensors")
    new = NsfwClassifier(tmp_path / "new.safetensors")
    assert new.classify(shown["clouds fire"]) == found.classify(shown["clouds fire"])


def test_another_version_of_the_package_is_refused(tmp_path: Path) -> None:
    """Its weights have not been compared."""
    with pytest.raises(ClassifierError, match=r"is nsfwjs 4\.3\.0; nsfwjs 4\.4\.0 is needed"):
        convert(package(tmp_path / "package", "4.3.0"), tmp_path / "new.safetensors")


def test_a_folder_that_is_no_package_is_refused(tmp_path: Path) -> None:
    """Nothing is written."""
    with pytest.raises(ClassifierError, match="not the unpacked npm package"):
        convert(tmp_path, tmp_path / "new.safetensors")
    assert not (tmp_path / "new.safetensors").exists()


def test_a_damaged_package_is_refused(tmp_path: Path) -> None:
    """A shard that was cut off."""
    folder = package(tmp_path / "package")
    shard = folder / MODEL / "group1-shard1of1.min.js"
    shard.write_text(shard.read_text().replace('"', "", 1))
    with pytest.raises(ClassifierError, match="cannot be found"):
        convert(folder, tmp_path / "new.safetensors")

"""WD taggers, with a small model in their format: how pictures are shown to them, and bad files."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.classify import ClassifierError, Scores
from pipeline.engine.wd import WdClassifier, prepared
from pipeline.profiles.types import Rating
from tests.support.onnx_model import TAGS, model, table, write_tagger

FLAT = [[0.0] * len(TAGS)] * 3


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A whole tagger."""
    return write_tagger(tmp_path / "tagger")


def plain(red: int, green: int, blue: int, width: int = 100, height: int = 100) -> NDArray[np.uint8]:
    """A picture of one colour."""
    return np.full((height, width, 3), (red, green, blue), np.uint8)


@pytest.mark.parametrize(
    ("colour", "rating"),
    [((0, 0, 255), Rating.GENERAL), ((0, 255, 0), Rating.QUESTIONABLE), ((255, 0, 0), Rating.EXPLICIT)],
)
def test_pictures_are_shown_as_bgr(folder: Path, colour: tuple[int, int, int], rating: Rating) -> None:
    """With the channels the other way round, red would be general."""
    scores = WdClassifier(folder, "tiny").classify(plain(*colour))
    assert scores.rating() is rating
    assert scores.above(Rating.SENSITIVE) == pytest.approx(0.0 if rating is Rating.GENERAL else 1.0, abs=0.05)


def test_ratings_are_found_wherever_the_table_has_them(folder: Path) -> None:
    """By name and category, not by place."""
    order = [4, 3, 5, 0, 2, 6, 1]
    tags = [TAGS[each] for each in order]
    bias = [3.0 if tag == "sensitive" else -6.0 for tag in tags]
    (folder / "model.onnx").write_bytes(model(FLAT, bias))
    (folder / "selected_tags.csv").write_text(table(tags))
    assert WdClassifier(folder, "tiny").classify(plain(0, 0, 0)).rating() is Rating.SENSITIVE


def test_ratings_add_up_to_one(folder: Path) -> None:
    """The network asks for each by itself; a black picture is of none more than of another."""
    assert WdClassifier(folder, "tiny").classify(plain(0, 0, 0, 3, 900)) is not None
    (folder / "model.onnx").write_bytes(model(FLAT, [0.0] * len(TAGS)))
    assert WdClassifier(folder, "tiny").classify(plain(0, 0, 0)) == Scores(0.25, 0.25, 0.25, 0.25)


def test_the_square_is_filled_up_with_white() -> None:
    """On both sides alike, in levels from 0 to 255."""
    values = prepared(plain(10, 20, 30, 448, 224), 448)
    assert values.shape == (1, 448, 448, 3)
    assert values.dtype == np.float32
    assert values[0, 200, 5].tolist() == [30, 20, 10]
    assert values[0, 5, 5].tolist() == values[0, 440, 5].tolist() == [255, 255, 255]


@pytest.mark.parametrize(("width", "height"), [(1, 1), (2000, 3), (1024, 1024), (31, 447)])
def test_any_size(folder: Path, width: int, height: int) -> None:
    """Larger, smaller, and of odd shapes."""
    assert WdClassifier(folder, "tiny").classify(plain(9, 9, 250, width, height)).rating()


@pytest.mark.parametrize("bias", [math.nan, -50.0])
def test_nonsense_is_noticed(folder: Path, bias: float) -> None:
    """Numbers that are none, and ratings that are all as good as impossible."""
    (folder / "model.onnx").write_bytes(model(FLAT, [bias] * len(TAGS)))
    with pytest.raises(ValueError, match="not probabilities"):
        WdClassifier(folder, "tiny").classify(plain(0, 0, 0))


def test_what_is_no_picture_is_refused(folder: Path) -> None:
    """Instead of an answer about something else."""
    with pytest.raises(ValueError, match="RGB"):
        WdClassifier(folder, "tiny").classify(np.zeros((4, 4), np.uint8))


def test_without_onnxruntime(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an extra: the sentence says how to get it."""
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ClassifierError, match=r"pip install -r requirements-wd\.txt"):
        WdClassifier(folder, "tiny")


def cut(folder: Path) -> None:
    """A download that broke off."""
    path = folder / "model.onnx"
    path.write_bytes(path.read_bytes()[:300])


SPOILED: list[tuple[Callable[[Path], object], str]] = [
    (cut, "damaged or no ONNX model"),
    (lambda folder: (folder / "model.onnx").write_bytes(b""), "damaged or no ONNX model"),
    (lambda folder: (folder / "model.onnx").write_text("<html>"), "damaged or no ONNX model"),
    (lambda folder: (folder / "model.onnx").unlink(), "does not exist"),
    (lambda folder: (folder / "selected_tags.csv").unlink(), "cannot be read"),
    (lambda folder: (folder / "selected_tags.csv").write_text(""), "not the table"),
    (lambda folder: (folder / "selected_tags.csv").write_bytes(b"\xff\xfe\x00"), "not the table"),
    (lambda folder: (folder / "selected_tags.csv").write_text("name\n1girl\n"), "not the table"),
    (lambda folder: (folder / "selected_tags.csv").write_text(table(ratings=TAGS[:3])), "not the table"),
    (lambda folder: (folder / "selected_tags.csv").write_text(table([*TAGS, "extra"])), "7 outputs.* 8 tags"),
    (lambda folder: (folder / "selected_tags.csv").write_text(table(TAGS[:5])), "7 outputs.* 5 tags"),
    (
        lambda folder: (folder / "model.onnx").write_bytes(
            model(FLAT, [0.0] * 7, ("batch", 448, 448, "channels"))
        ),
        "takes pictures as",
    ),
    (
        lambda folder: (folder / "model.onnx").write_bytes(model(FLAT, [0.0] * 7, ("batch", "h", "w", 3))),
        "takes pictures as",
    ),
]


@pytest.mark.parametrize(("spoil", "sentence"), SPOILED)
def test_bad_files(folder: Path, spoil: Callable[[Path], object], sentence: str) -> None:
    """Each gets a sentence that names the file."""
    spoil(folder)
    with pytest.raises(ClassifierError, match=sentence) as refused:
        WdClassifier(folder, "tiny")
    assert str(folder) in refused.value.text


def test_outputs_of_another_shape_are_seen_at_work(folder: Path) -> None:
    """They would be read as something else."""
    (folder / "model.onnx").write_bytes(model(FLAT, [0.0] * 7, flat=False))
    with pytest.raises(ValueError, match="instead of 7"):
        WdClassifier(folder, "tiny").classify(plain(0, 0, 0))

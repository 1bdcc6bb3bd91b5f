"""The WD taggers (v3): networks by SmilingWolf that know Danbooru's tags, among them its four ratings.

They come as an ONNX model with a table of its outputs (`selected_tags.csv`) and run in `onnxruntime`, which is an extra
(`requirements-wd.txt`) and imported when the first one is loaded. An ONNX file describes layers and numbers; unlike a
pickle it holds no code, and operators from foreign libraries are not loaded.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.classify import ClassifierError, Scores
from pipeline.profiles.types import Rating

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

MODEL: Final = "model.onnx"
TAGS: Final = "selected_tags.csv"
_RATING: Final = "9"
"""The category of the four ratings in the table; 0 are general tags, 4 characters."""
_LEAST: Final = 0.05
"""Ratings that are less than this together say nothing; normal ones are about 1, though nothing forces them to be."""
_SIDES: Final = range(16, 2049)
INSTALL: Final = "`make wd` in Tagbrush's folder installs it, or `pip install -r requirements-wd.txt`"


@dataclass(frozen=True, slots=True)
class Table:
    """What the outputs mean: how many there are, and where the ratings are among them, mildest first."""

    outputs: int
    ratings: tuple[int, ...]


class WdClassifier:
    """A WD tagger, of which only the ratings are read. On the CPU; one picture at a time.

    Args:
        folder: with `model.onnx` and `selected_tags.csv`.
        name: which weights these are.

    Raises:
        ClassifierError: something is missing, damaged or not of that kind.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._id = name
        self._path = folder / MODEL
        self._table = read_table(folder / TAGS)
        self._session = _open(self._path)
        self._input, self._side = _side(self._session, self._path)
        self._check_outputs()

    @property
    def id(self) -> str:
        """Name and version of the weights."""
        return self._id

    def classify(self, pixels: NDArray[np.uint8]) -> Scores:
        """See `pipeline.classify.Classifier`.

        Raises:
            ValueError: the pixels are no picture, or the network answers with nonsense.
        """
        found = np.asarray(self._run(prepared(pixels, self._side)), np.float64)
        if found.shape != (1, self._table.outputs):
            raise ValueError(f"{found.shape} numbers instead of {self._table.outputs}")
        ratings = found[0, list(self._table.ratings)]
        if not np.isfinite(ratings).all() or ratings.min() < 0 or ratings.max() > 1 or ratings.sum() < _LEAST:
            raise ValueError(f"not probabilities of ratings: {ratings}")
        # Each is a probability of its own, asked without regard to the others.
        return Scores(*(float(each) for each in ratings / ratings.sum()))

    def _run(self, values: NDArray[np.float32]) -> Any:
        return self._session.run(None, {self._input: values})[0]

    def _check_outputs(self) -> None:
        outputs = self._session.get_outputs()
        width = outputs[0].shape[-1] if outputs and outputs[0].shape else None
        # Some exports name their sizes instead of stating them: those are seen at the first picture.
        if len(outputs) != 1 or (isinstance(width, int) and width != self._table.outputs):
            raise ClassifierError(
                "`{path}` has {found} outputs, `{tags}` lists {wanted} tags: they are not of the same WD tagger. "
                "Take both from one repository.",
                path=self._path,
                found=width if len(outputs) == 1 else f"{len(outputs)} groups of",
                tags=TAGS,
                wanted=self._table.outputs,
            )


def prepared(pixels: NDArray[np.uint8], side: int) -> NDArray[np.float32]:
    """A picture as the taggers were trained on it: [1, side, side, 3], BGR, 0 to 255, on a white square.

    Raises:
        ValueError: it is no RGB picture.
    """
    if pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size or pixels.dtype != np.uint8:
        raise ValueError(f"not an RGB picture: {pixels.dtype} {pixels.shape}")
    height, width, _ = pixels.shape
    longest = max(height, width)
    square = Image.new("RGB", (longest, longest), (255, 255, 255))
    square.paste(Image.fromarray(pixels), ((longest - width) // 2, (longest - height) // 2))
    if longest != side:
        square = square.resize((side, side), Image.Resampling.BICUBIC)
    return np.ascontiguousarray(np.asarray(square, np.float32)[None, :, :, ::-1])


def read_table(path: Path) -> Table:
    """What the outputs of a tagger mean.

    Raises:
        ClassifierError: the file is missing, or lacks the ratings.
    """
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            rows = [(row["name"], row["category"]) for row in csv.DictReader(stream)]
    except OSError as error:
        raise ClassifierError(
            "`{path}` cannot be read: {reason}. A WD tagger needs `{model}` and `{tags}` in one folder.",
            path=path,
            reason=error.strerror or error,
            model=MODEL,
            tags=TAGS,
        ) from error
    except (KeyError, ValueError, csv.Error) as error:
        raise _no_ratings(path) from error
    names = [name for name, category in rows if category == _RATING]
    if sorted(names) != sorted(Rating):
        raise _no_ratings(path)
    return Table(len(rows), tuple(rows.index((rating.value, _RATING)) for rating in Rating))


def _no_ratings(path: Path) -> ClassifierError:
    return ClassifierError(
        "`{path}` is not the table of a WD tagger: it should have columns `name` and `category`, and the four ratings "
        "in category 9.",
        path=path,
    )


def _open(path: Path) -> InferenceSession:
    try:
        import onnxruntime
    except ImportError as error:
        raise ClassifierError(
            "The WD tagger needs the package onnxruntime: {install}. Or choose the classifier that comes with "
            "Tagbrush.",
            install=INSTALL,
        ) from error
    if not path.is_file():
        raise ClassifierError(
            "`{path}` does not exist. A WD tagger needs `{model}` and `{tags}` in one folder.",
            path=path,
            model=MODEL,
            tags=TAGS,
        )
    options = onnxruntime.SessionOptions()
    # Idle threads that spin would take the processor from whoever paints.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors share no class of their own
        raise ClassifierError(
            "`{path}` is damaged or no ONNX model that onnxruntime knows: download it again.", path=path
        ) from error


def _side(session: InferenceSession, path: Path) -> tuple[str, int]:
    """Name of the input, and the side of the square it takes."""
    inputs: Sequence[Any] = session.get_inputs()
    shape = inputs[0].shape if len(inputs) == 1 else []
    fits = len(shape) == 4 and shape[1] == shape[2] and shape[1] in _SIDES and shape[3] == 3
    if not fits or inputs[0].type != "tensor(float)":
        raise ClassifierError(
            "`{path}` takes {found}; a WD tagger of version 3 takes pictures as [n, 448, 448, 3].",
            path=path,
            found=", ".join(str(each.shape) for each in inputs) or "nothing",
        )
    return str(inputs[0].name), int(shape[1])

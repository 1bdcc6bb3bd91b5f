"""nsfwjs's five classes read as the four ratings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.classify import ClassifierError, Scores
from pipeline.engine.nsfw import SHA256, WEIGHTS
from pipeline.engine.nsfw.network import CLASSES, Network, load

RESTORE: Final = (
    "It belongs to the picture classifier that comes with Tagbrush: `git restore pipeline/engine/nsfw` in Tagbrush's "
    "folder brings it back, or install Tagbrush again."
)


class NsfwClassifier:
    """The MobileNetV2 of nsfwjs, on the CPU. Thread-safe: it holds nothing but weights.

    Args:
        weights: another file in the format of `convert`; None for the one that comes with the program.

    Raises:
        ClassifierError: the file is missing or damaged.
    """

    def __init__(self, weights: Path | None = None) -> None:
        self._network, digest = _own() if weights is None else load(weights)
        self._id = f"nsfwjs-mobilenet-v2@{digest[:12]}"

    @property
    def id(self) -> str:
        """Name and version of the weights."""
        return self._id

    def classify(self, pixels: NDArray[np.uint8]) -> Scores:
        """See `pipeline.classify.Classifier`.

        Raises:
            ValueError: the pixels are no picture, or the network answers with nonsense.
        """
        return read(dict(zip(CLASSES, map(float, self._network(pixels)), strict=True)))


def _own() -> tuple[Network, str]:
    """The network with the program's weights, and their SHA-256."""
    try:
        network, digest = load(WEIGHTS)
    except ClassifierError as error:
        raise ClassifierError(f"{error.template} {RESTORE}", **error.params) from error
    if digest != SHA256:
        # A changed weight would be noticed by nobody: the network still answers, only wrongly.
        template = "The weights of the picture classifier `{path}` are not the ones it was tested with."
        raise ClassifierError(f"{template} {RESTORE}", path=WEIGHTS)
    return network, digest


def read(classes: Mapping[str, float]) -> Scores:
    """The ratings that nsfwjs's classes stand for.

    Drawing and Neutral are harmless pictures, drawn and photographed: general. Hentai and Porn are their pornographic
    counterparts: explicit. Sexy is, in the package's words, a sexually suggestive picture that is not pornography;
    underwear and poses like that belong above sensitive on the taggers' ladder as well as below it. So that no ceiling
    of sensitive lets through what it should not, all of it counts as questionable. Nothing is left that would be
    sensitive and no more, so this classifier never says so: under it the ceilings general and sensitive withhold the
    same pictures. The WD tagger can tell them apart.
    """
    return Scores(
        general=classes["Drawing"] + classes["Neutral"],
        sensitive=0.0,
        questionable=classes["Sexy"],
        explicit=classes["Hentai"] + classes["Porn"],
    )

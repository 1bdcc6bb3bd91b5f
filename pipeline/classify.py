"""What a picture classifier says, and the seam between those who ask and those who look. Free of torch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import MemberError
from pipeline.profiles.types import Rating

_TOLERANCE: Final = 0.01
"""How far four probabilities may be from 1 together: half precision and rounding in JSON, but no nonsense."""


class ClassifierError(MemberError):
    """A classifier cannot be used: its weights or its runtime are missing or damaged. The text is for the owner."""


@dataclass(frozen=True, slots=True)
class Scores:
    """How likely a picture is of each step of the rating ladder: 0 to 1 each, 1 together.

    Raises:
        ValueError: they are something else. A classifier that returns nonsense must be noticed.
    """

    general: float
    sensitive: float
    questionable: float
    explicit: float

    def __post_init__(self) -> None:
        steps = self._steps()
        if not all(math.isfinite(step) and -_TOLERANCE <= step <= 1 + _TOLERANCE for step in steps):
            raise ValueError(f"not probabilities: {steps}")
        if abs(sum(steps) - 1) > _TOLERANCE:
            raise ValueError(f"probabilities that are {sum(steps):g} together instead of 1: {steps}")

    def above(self, ceiling: Rating) -> float:
        """How likely the picture is above a ceiling: 0 to 1, and 0 for the highest."""
        return min(1.0, max(0.0, sum(self._steps()[ceiling.level + 1 :])))

    def rating(self) -> Rating:
        """The likeliest; of several equally likely ones the highest."""
        return max(zip(self._steps(), Rating, strict=True), key=lambda pair: (pair[0], pair[1].level))[1]

    def to_dict(self) -> dict[str, float]:
        """For JSON: ratings and their probabilities, rounded to four digits."""
        return {rating.value: round(step, 4) for rating, step in zip(Rating, self._steps(), strict=True)}

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> Scores:
        """What `to_dict` wrote.

        Raises:
            ValueError: it is something else.
        """
        steps = [values.get(rating.value) for rating in Rating]
        if not all(isinstance(step, int | float) and not isinstance(step, bool) for step in steps):
            raise ValueError(f"not the probabilities of the four ratings: {dict(values)}")
        return cls(*(float(step) for step in steps))  # type: ignore[arg-type]

    def _steps(self) -> tuple[float, float, float, float]:
        return self.general, self.sensitive, self.questionable, self.explicit


class Classifier(Protocol):
    """Looks at finished pictures."""

    @property
    def id(self) -> str:
        """Name and version of the weights; written down beside what they said."""

    def classify(self, pixels: NDArray[np.uint8]) -> Scores:
        """How likely each rating is.

        Blocking: it is called on a thread of its own, one picture at a time.

        Args:
            pixels: [height, width, 3], RGB.

        Raises:
            Exception: anything; whoever calls it treats that as a picture nobody has looked at.
        """

"""English sentences that remember what they are made of, so that another language can say them too. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Self

_TEMPLATE = "t"
_VALUES = "v"
_CODES = "c"


class Sentence(str):
    """The English text, and the template and values it comes from.

    Whoever wants English takes it as any text; `cogs.text.shown` says it in another language, by its template. Values
    are whatever fills the template's `str.format` fields; those that are sentences themselves are said in that
    language too. Never join sentences with `+` or in an f-string: what comes of that is English for ever.
    """

    __slots__ = ("template", "values")

    template: str
    values: Mapping[str, Any]

    def __new__(cls, template: str, /, **values: Any) -> Self:
        """Fill a template, which is looked up in the files of languages and so must be literal."""
        made = super().__new__(cls, template.format(**values) if values else template)
        object.__setattr__(made, "template", template)
        object.__setattr__(made, "values", MappingProxyType(values))
        return made

    def __setattr__(self, name: str, value: object) -> None:
        """A text never changes."""
        raise AttributeError(name)

    def __reduce__(self) -> tuple[Any, ...]:
        """For copies."""
        return _again, (self.template, dict(self.values))


class Codes(tuple[str, ...]):
    """Names among the values of a sentence, each in code of its own: `` `a`, `b` ``."""

    __slots__ = ()

    def __str__(self) -> str:
        """As it stands in the English text."""
        return ", ".join(f"`{each}`" for each in self)

    def __format__(self, spec: str) -> str:
        """For `str.format`."""
        return format(str(self), spec)


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time among the values of a sentence. Front ends show it in the reader's own time.

    Attributes:
        at: Unix seconds.
    """

    at: float

    def __str__(self) -> str:
        """As it stands in the English text."""
        return datetime.fromtimestamp(self.at, UTC).strftime("at %Y-%m-%d %H:%M UTC")

    def __format__(self, spec: str) -> str:
        """For `str.format`."""
        return format(str(self), spec)


@dataclass(frozen=True, slots=True)
class Channels:
    """Channels among the values of a sentence. Front ends show their names."""

    ids: tuple[int, ...]

    def __str__(self) -> str:
        """As it stands in the English text."""
        return ", ".join(f"#{each}" for each in self.ids)

    def __format__(self, spec: str) -> str:
        """For `str.format`."""
        return format(str(self), spec)


def sentence_of(text: str) -> Sentence:
    """A text as a sentence; one that is none has no values and is looked up as a whole."""
    return text if isinstance(text, Sentence) else _again(text, {})


def packed(value: object) -> object:
    """A sentence, or a value of one, as plain data for JSON. A text that is no sentence stays a text."""
    match value:
        case Sentence():
            return {
                _TEMPLATE: value.template,
                _VALUES: {name: packed(each) for name, each in value.values.items()},
            }
        case Codes():
            return {_CODES: list(value)}
        case str() | int() | float() | None:
            return value
        case _:
            return str(value)


def unpacked(data: object) -> Any:
    """What `packed` was given; a sentence that an older version has written down is the text itself.

    Raises:
        ValueError, KeyError, TypeError: this was never packed.
    """
    if not isinstance(data, Mapping):
        return data
    if _CODES in data:
        return Codes(str(each) for each in data[_CODES])
    values = {str(name): unpacked(each) for name, each in data[_VALUES].items()}
    return _again(str(data[_TEMPLATE]), values)


def _again(template: str, values: Mapping[str, Any]) -> Sentence:
    return Sentence(template, **values)

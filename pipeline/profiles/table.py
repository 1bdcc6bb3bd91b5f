"""Reads a TOML table strictly: every key known, of the right type and in range, or a sentence that says which is not."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

from pipeline.errors import ProfileError

T = TypeVar("T")
_MISSING: Any = object()
_NAMES = {str: "text", int: "a whole number", float: "a number", bool: "true or false", list: "a list", dict: "a table"}


class Table:
    """One table of a profile's file. `done` refuses the keys that nobody asked for."""

    def __init__(self, data: Mapping[str, Any], file: str, path: str = "") -> None:
        self._data = data
        self.file = file
        """Name of the file, for messages."""
        self._path = path
        self._asked: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return key in self._data

    def fault(self, key: str, reason: str) -> ProfileError:
        """The error for a key: file, key and reason."""
        return ProfileError(
            "The profile {file} is wrong at `{key}`: {reason}.", file=self.file, key=self._path + key, reason=reason
        )

    def take(self, key: str, kind: type[T], default: T = _MISSING) -> T:
        """The value of a key.

        Raises:
            ProfileError: it is missing and has no default, or is of another type, or is not a finite number.
        """
        self._asked.add(key)
        if key not in self._data:
            if default is _MISSING:
                raise self.fault(key, f"it is missing, and {_NAMES[kind]} is needed")
            return default
        value = self._data[key]
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self.fault(key, f"{_NAMES[kind]} is needed, not `{str(value)[:40]}`")
        if isinstance(value, float) and not math.isfinite(value):
            raise self.fault(key, "a finite number is needed")
        return value

    def text(self, key: str, default: str = _MISSING) -> str:
        """A text that is not empty unless its default is."""
        value = self.take(key, str, default)
        if not value.strip() and default is _MISSING:
            raise self.fault(key, "it is empty")
        return value

    def texts(self, key: str, default: list[str] = _MISSING) -> tuple[str, ...]:
        """A list of different texts, none of them empty."""
        values = self.take(key, list, default)
        for value in values:
            if not isinstance(value, str) or not value.strip():
                raise self.fault(key, f"every entry must be a text, and `{str(value)[:40]}` is not")
        if len(set(values)) != len(values):
            raise self.fault(key, "an entry stands there twice")
        return tuple(values)

    def choice(self, key: str, allowed: Mapping[str, T] | dict[str, T]) -> T:
        """A text out of a known set, as the value it stands for."""
        value = self.text(key)
        if value not in allowed:
            raise self.fault(key, f"`{value[:40]}` is none of {', '.join(allowed)}")
        return allowed[value]

    def table(self, key: str) -> Table:
        """The table under a key, which must be there."""
        return Table(self.take(key, dict), self.file, f"{self._path}{key}.")

    def items(self, key: str) -> Iterator[tuple[str, str]]:
        """The (text, text) pairs of the table under a key, in the file's order."""
        inner = self.table(key)
        for name in inner._data:  # noqa: SLF001 - another object of this very class
            yield name, inner.text(name)

    def tables(self, key: str) -> Iterator[Table]:
        """The tables of a list of tables; none if the key is missing."""
        for number, entry in enumerate(self.take(key, list, []), start=1):
            if not isinstance(entry, dict):
                raise self.fault(key, f"entry {number} must be a table")
            yield Table(entry, self.file, f"{self._path}{key}[{number}].")

    def done(self) -> None:
        """Every key has been asked for.

        Raises:
            ProfileError: one has not; the text names the nearest known key.
        """
        for key in self._data:
            if key not in self._asked:
                close = get_close_matches(key, self._asked, n=1)
                raise self.fault(key, f"there is no such key{f'; `{close[0]}` is meant?' if close else ''}")

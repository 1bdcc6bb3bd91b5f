"""Strict reading of one TOML table: the right keys, the right types, and an error that names the place."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final, NoReturn, TypeVar

from pipeline.errors import ProfileError

T = TypeVar("T")
_MISSING: Final = object()
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
MAX_TEXT: Final = 4000
"""Longest text in a profile; a prompt or a licence remark is far shorter."""
_KINDS: Final[dict[type, str]] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text in quotes",
    list: "a list",
    dict: "a table",
}


class Table:
    """One table of a profile file. Every key asked for is remembered, and `finish` refuses the others.

    All methods raise `ProfileError` with the file, the dotted path of the key, and the reason.
    """

    def __init__(self, data: Mapping[str, object], file: str, path: str = "") -> None:
        self._data = data
        self._file = file
        self._path = path
        self._known: list[str] = []

    def __contains__(self, key: str) -> bool:
        return key in self._data

    def filled(self, key: str) -> bool:
        """Whether a key holds anything but the empty text; one that is missing is refused."""
        return self._get(key, str, None) != ""

    def expect(self, *keys: str) -> None:
        """Count keys as known that were looked for by `in` only."""
        self._known.extend(keys)

    def fail(self, key: str, reason: str) -> NoReturn:
        """Refuse the file because of `key` (empty for the table itself)."""
        raise ProfileError(
            "The profile file {file} is wrong at `{key}`: {reason}.",
            file=self._file,
            key=self._at(key) or "the top",
            reason=reason,
        )

    def finish(self) -> None:
        """Refuse keys that nobody asked for, naming the nearest known one."""
        for key in self._data:
            if key not in self._known:
                near = get_close_matches(key, self._known, n=1)
                hint = f"the nearest one is `{near[0]}`" if near else f"known here: {', '.join(self._known)}"
                self.fail(key[:80], f"there is no such key; {hint}")

    def text(self, key: str, default: str | None = None, *, empty: bool = False, lines: bool = False) -> str:
        """A text without control characters; only with `empty` may it be empty, with `lines` hold line ends."""
        value = self._get(key, str, default)
        return self._checked(key, value, empty=empty, lines=lines)

    def matching(self, key: str, pattern: str, what: str, default: str | None = None) -> str:
        """A text of a given form; `what` names the form in the error. The default need not have it."""
        value = self.text(key, default, empty=default == "")
        if key in self._data and value != default and not re.fullmatch(pattern, value):
            self.fail(key, f"`{value[:80]}` is not {what}")
        return value

    def one_of(self, key: str, allowed: Iterable[str], default: str | None = None) -> str:
        """A text out of a list."""
        return self.choice(key, self.text(key, default), allowed)

    def texts(self, key: str, default: Sequence[str] | None = None, *, empty: bool = True) -> tuple[str, ...]:
        """A list of different texts; without `empty` it needs at least one."""
        values: list[str] = []
        given: list[Any] = self._get(key, list, default)
        for index, value in enumerate(given):
            place = f"{key}[{index}]"
            if not isinstance(value, str):
                self.fail(place, f"{_KINDS[str]} is needed, not {_name(value)}")
            if value in values:
                self.fail(place, f"`{value[:80]}` is there twice")
            values.append(self._checked(place, value))
        if not values and not empty:
            self.fail(key, "at least one is needed")
        return tuple(values)

    def some_of(
        self, key: str, allowed: Iterable[str], default: Sequence[str] | None = None
    ) -> tuple[str, ...]:
        """A list of different texts out of a list."""
        known = tuple(allowed)
        values = self.texts(key, default)
        for index, value in enumerate(values):
            self.choice(f"{key}[{index}]", value, known)
        return values

    def choice(self, key: str, value: str, allowed: Iterable[str]) -> str:
        """Check that a value is one of those allowed, else name the nearest and all of them."""
        known = tuple(allowed)
        if value not in known:
            near = get_close_matches(value, known, n=1)
            hint = f"the nearest one is `{near[0]}`; " if near else ""
            self.fail(key, f"`{value[:80]}` is not known; {hint}known: {', '.join(known) or 'none'}")
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        """True or false."""
        return self._get(key, bool, default)

    def whole(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """A whole number in a range, both ends included."""
        value = self._get(key, int, default)
        if not low <= value <= high:
            self.fail(key, f"{value} is not between {low} and {high}")
        return value

    def number(self, key: str, low: float, high: float, default: float | None = None) -> float:
        """A number in a range, both ends included; NaN and infinity are none."""
        value = self._get(key, float, default)
        if not math.isfinite(value):
            self.fail(key, f"{value} is not a number")
        if not low <= value <= high:
            self.fail(key, f"{value:g} is not between {low:g} and {high:g}")
        return value

    def table(self, key: str) -> Table:
        """The table under a key."""
        return Table(self._get(key, dict, None), self._file, self._at(key))

    def tables(self, key: str, *, empty: bool = False) -> tuple[Table, ...]:
        """The list of tables under a key; without `empty` it needs at least one, with it the key may lack."""
        found: list[Table] = []
        given: list[Any] = self._get(key, list, [] if empty else None)
        for index, value in enumerate(given):
            place = f"{key}[{index}]"
            if not isinstance(value, dict):
                self.fail(place, f"{_KINDS[dict]} is needed, not {_name(value)}")
            found.append(Table(value, self._file, self._at(place)))
        if not found and not empty:
            self.fail(key, "at least one is needed")
        return tuple(found)

    def keys(self) -> tuple[str, ...]:
        """All keys that are there, for tables whose keys are free; they count as known."""
        self._known.extend(self._data)
        return tuple(self._data)

    def _at(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path and key else self._path or key

    def _get(self, key: str, kind: type[T], default: object) -> T:
        """The value of a key, of exactly the kind asked for; a whole number may stand for a number."""
        if key not in self._known:
            self._known.append(key)
        value = self._data.get(key, _MISSING)
        if value is _MISSING:
            if default is None:
                self.fail(key, "the key is missing")
            value = default
        if kind is float and type(value) is int and abs(value) < 2**53:
            value = float(value)
        # TOML's True is Python's, which is also an int: compare the exact type.
        if kind is list and isinstance(value, tuple):
            value = list(value)
        if type(value) is not kind:
            self.fail(key, f"{_KINDS[kind]} is needed, not {_name(value)}")
        return value

    def _checked(self, key: str, value: str, *, empty: bool = False, lines: bool = False) -> str:
        if not empty and not value.strip():
            self.fail(key, "a text is needed, and this one is empty")
        if value != value.strip():
            self.fail(key, "the text starts or ends with white space")
        if len(value) > MAX_TEXT:
            self.fail(key, f"the text has {len(value)} characters; at most {MAX_TEXT} are allowed")
        if _CONTROL.search(value) or ("\n" in value and not lines):
            self.fail(key, "the text holds a line end or another control character")
        return value


def _name(value: object) -> str:
    """How an error calls what was found."""
    return _KINDS.get(type(value), "a date or time")

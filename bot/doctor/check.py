"""What one check says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """`fail` keeps the bot from working; `warn` is worth knowing."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor's report."""

    name: str
    status: Status
    text: str


def ok(name: str, text: str) -> Check:
    """All is well."""
    return Check(name, Status.OK, text)


def warn(name: str, text: str) -> Check:
    """Works, but the owner should know."""
    return Check(name, Status.WARN, text)


def fail(name: str, text: str) -> Check:
    """Does not work; the text says what to do."""
    return Check(name, Status.FAIL, text)

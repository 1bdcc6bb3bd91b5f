"""The newest faults, for the owner's status page. The log has all of them."""

from __future__ import annotations

import logging
from collections import deque
from typing import Final, NamedTuple

from bot.logs import redact

KEPT: Final = 5


class Fault(NamedTuple):
    """One line of the log: when, in Unix seconds, and what, without secrets."""

    at: float
    text: str


class Tally(logging.Handler):
    """Counts what is logged as an error since the start, and keeps the newest few."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.count = 0
        self.newest: deque[Fault] = deque(maxlen=KEPT)

    def emit(self, record: logging.LogRecord) -> None:
        """Take one."""
        self.count += 1
        self.newest.append(Fault(record.created, redact(record.getMessage())))

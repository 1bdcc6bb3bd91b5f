"""How a failure is told: a sentence to the member, the traceback to the log, one reference id for both."""

from __future__ import annotations

import logging
import secrets
from typing import Final

from db.errors import DatabaseError
from pipeline.errors import MemberError
from pipeline.sentence import Sentence

log = logging.getLogger(__name__)

_ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Digits and capitals without those that look alike when a member reads the id aloud."""


def new_reference() -> str:
    """A short id that ties what the member sees to the log line."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(6))


def tell(error: BaseException, doing: str) -> tuple[Sentence, str]:
    """Turn any failure into (sentence for the member, reference id) and log what is a fault of ours.

    Args:
        error: what was raised. `MemberError` and `DatabaseError` speak for themselves.
        doing: what was being done, without prompts or tokens; also for the log.
    """
    reference = new_reference()
    if isinstance(error, MemberError):
        log.info("refused while %s: %s (reference %s)", doing, type(error).__name__, reference)
        return error.text, reference
    if isinstance(error, DatabaseError):
        log.error("database trouble while %s (reference %s)", doing, reference, exc_info=error)
        problem = Sentence(error.template, **error.values)
        return Sentence("{problem} (reference {reference})", problem=problem, reference=reference), reference
    log.error("fault while %s (reference %s)", doing, reference, exc_info=error)
    text = Sentence(
        "Something went wrong on our side while {doing}. Please tell the server owner this reference: {reference}.",
        doing=Sentence(doing),
        reference=reference,
    )
    return text, reference

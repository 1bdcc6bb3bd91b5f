"""Logs: structured, and free of tokens."""

from __future__ import annotations

import json
import logging
import sys

from bot.logs import HIDDEN, JsonFormatter, TextFormatter, redact

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GabcdE.abcdefghijklmnopqrstuvwxyz0123456789AB"


def leak() -> None:
    """Raise what a careless library would."""
    raise RuntimeError(f"leaks {TOKEN}")


def record(message: str, *, failing: bool = False) -> logging.LogRecord:
    """A log record, with a traceback that holds a token if `failing`."""
    info = None
    if failing:
        try:
            leak()
        except RuntimeError:
            info = sys.exc_info()
    return logging.LogRecord("bot.x", logging.ERROR, __file__, 1, message, None, info)


def test_a_bot_token_is_taken_out_of_messages_and_tracebacks() -> None:
    """Wherever a library puts it."""
    text = TextFormatter().format(record(f"token {TOKEN}", failing=True))
    assert TOKEN not in text
    assert HIDDEN in text


def test_interaction_tokens_are_taken_out_of_addresses() -> None:
    """Whoever has one can speak as the bot for fifteen minutes."""
    address = "POST /webhooks/123456/aW50ZXJhY3Rpb246MTIzNDU2Nzg5MDEyMzQ1Njc4OnNlY3JldA/messages"
    assert redact(address) == f"POST /webhooks/123456/{HIDDEN}/messages"


def test_given_secrets_are_taken_out() -> None:
    """Also those without a recognisable form, such as a hub token."""
    assert redact("hf_secret here", ("hf_secret",)) == f"{HIDDEN} here"


def test_json_records_are_one_object_each() -> None:
    """A log collector reads them line by line."""
    line = JsonFormatter().format(record("two\nlines", failing=True))
    data = json.loads(line)
    assert "\n" not in line
    assert (data["level"], data["logger"], data["message"]) == ("error", "bot.x", "two\nlines")
    assert "RuntimeError" in data["traceback"]

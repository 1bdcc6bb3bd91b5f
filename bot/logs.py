"""Structured logs: text for people or JSON lines for machines, with secrets taken out."""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from typing import Final

from bot.settings import Settings

_TOKEN: Final = re.compile(r"[\w-]{18,}\.[\w-]{6}\.[\w-]{20,}")
_WEBHOOK: Final = re.compile(r"(/webhooks/\d+/)[\w-]{20,}|(/interactions/\d+/)[\w-]{20,}")
HIDDEN: Final = "[hidden]"


def redact(text: str, secrets: tuple[str, ...] = ()) -> str:
    """Take bot tokens, interaction tokens and the given secrets out of a text."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return _WEBHOOK.sub(lambda m: (m[1] or m[2]) + HIDDEN, _TOKEN.sub(HIDDEN, text))


class TextFormatter(logging.Formatter):
    """One line for a record: time, level, logger, message; then the traceback."""

    def __init__(self, secrets: tuple[str, ...] = ()) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        """The record as text, redacted."""
        return redact(super().format(record), self._secrets)


class JsonFormatter(logging.Formatter):
    """One JSON object for a record: `time` (seconds, UTC), `level`, `logger`, `message`, `traceback`."""

    def __init__(self, secrets: tuple[str, ...] = ()) -> None:
        super().__init__()
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line of JSON, redacted."""
        data = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redact(record.getMessage(), self._secrets),
        }
        if record.exc_info:
            data["traceback"] = redact(self.formatException(record.exc_info), self._secrets)
        return json.dumps(data, ensure_ascii=False)


def set_up_logs(settings: Settings) -> None:
    """Send all logs to standard error in the chosen format. Libraries speak only from warnings up."""
    secrets = tuple(s for s in (settings.discord_token, settings.hf_token) if s)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter(secrets) if settings.log_format == "json" else TextFormatter(secrets))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in ("bot", "cogs", "db", "pipeline"):
        logging.getLogger(name).setLevel(settings.log_level.upper())

"""One part of an export: a zip of originals with their recipes. Slow: `Pictures.work` runs it on a thread."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from db.jobs import Image, Job

RECIPES: Final = "recipes.jsonl"
INDEX: Final = "index.csv"
_COLUMNS: Final = (
    "file", "job", "picture", "asked_at_utc", "model", "seed", "width", "height", "prompt", "negative_prompt",
)  # fmt: skip
_HEADERS: Final = 300
"""Bytes that a zip needs for one entry beside its name and data, twice over."""
ROOM: Final = 4096
"""Bytes kept free for the archive's own end and for Discord's envelope."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One picture of an export, with its file's path and size."""

    job: Job
    image: Image
    path: Path
    size: int

    @property
    def name(self) -> str:
        """What it is called in the zip."""
        return f"tagbrush-{self.job.id}-{self.image.position + 1}-{self.image.seed}.png"

    @property
    def room(self) -> int:
        """Bytes that it takes of a part at most, its lines in both lists included."""
        lines = len(self.recipe_line().encode()) + len(self.index_line().encode())
        return self.size + lines + 2 * len(self.name) + _HEADERS

    def recipe_line(self) -> str:
        """Its line of `recipes.jsonl`."""
        facts = {
            "file": self.name,
            "job": self.job.id,
            "picture": self.image.position + 1,
            "asked_at": self.job.created_at,
            "sha256": self.image.sha256,
            "request": _json(self.job.request),
            "recipe": _json(self.image.recipe),
        }
        return json.dumps(facts, ensure_ascii=False, sort_keys=True) + "\n"

    def index_line(self) -> str:
        """Its line of `index.csv`."""
        image, when = self.image, datetime.fromtimestamp(self.job.created_at, UTC)
        return _row(
            self.name,
            self.job.id,
            image.position + 1,
            f"{when:%Y-%m-%d %H:%M:%S}",
            image.profile,
            image.seed,
            image.width,
            image.height,
            image.prompt,
            image.negative_prompt,
        )


def write_part(target: Path, entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Write the zip, one picture after the other. Returns those whose files have gone since they were chosen.

    Raises:
        OSError: it cannot be written.
    """
    written, gone = list[Entry](), list[Entry]()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:  # PNG does not get any smaller
        for entry in entries:
            try:
                archive.write(entry.path, entry.name)
            except FileNotFoundError:
                gone.append(entry)
            else:
                written.append(entry)
        recipes = "".join(entry.recipe_line() for entry in written)
        archive.writestr(RECIPES, recipes, zipfile.ZIP_DEFLATED)
        index = _row(*_COLUMNS) + "".join(entry.index_line() for entry in written)
        archive.writestr(INDEX, index, zipfile.ZIP_DEFLATED)
    return tuple(gone)


def _row(*cells: object) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow([_cell(cell) for cell in cells])
    return buffer.getvalue()


def _cell(value: object) -> object:
    # A spreadsheet would run a prompt that begins like a formula.
    return f"'{value}" if isinstance(value, str) and value[:1] in set("=+-@\t\r") else value


def _json(text: str) -> object:
    try:
        found: object = json.loads(text)
    except ValueError:
        return text
    return found

"""Sentences that are written down, so that whoever reads them later does so in their own language. Pure."""

from __future__ import annotations

import json

from db.jobs import Job
from pipeline.prompt.compose import Added
from pipeline.sentence import Sentence, packed, unpacked


def stored(sentence: Sentence) -> str:
    """What a sentence is made of, as JSON."""
    return json.dumps(packed(sentence), ensure_ascii=False)


def noted(job: Job) -> tuple[tuple[Added, ...], tuple[str, ...]]:
    """What was added to the prompt and warned of when the job was asked for.

    The warnings of rows that are older than this module are plain English, those of others sentences.
    """
    try:
        notes = json.loads(job.notes)
        added = tuple(Added(str(tag), _text(rule), where) for tag, rule, where in notes["added"])
        return added, tuple(_text(text) for text in notes["warnings"])
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return (), ()


def failure(job: Job) -> str:
    """Why pictures of a job could not be painted: a sentence, plain English in old rows; empty when none failed."""
    if job.error is None or job.error_said is None:
        return job.error or ""
    try:
        return _text(json.loads(job.error_said))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return job.error


def _text(data: object) -> str:
    found = unpacked(data)
    return found if isinstance(found, str) else str(found)

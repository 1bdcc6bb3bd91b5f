"""What is written down of sentences, and what older and damaged rows say."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bot.said import failure, noted, stored
from db.jobs import Job, JobState
from pipeline.sentence import Sentence, packed

WARNING = Sentence("{model} documents no order of tags: they stay as typed.", model="Miniature")
JOB = Job(
    id=1,
    origin="discord",
    guild_id=1,
    channel_id=1,
    user_id=1,
    user_name="mia",
    state=JobState.FAILED,
    private=False,
    message_id=None,
    request="{}",
    notes=json.dumps({"added": [["hat", packed(WARNING), "prompt"]], "warnings": [packed(WARNING)]}),
    error="English.",
    reference="ABC",
    created_at=0,
    started_at=None,
    rendered_at=None,
    delivered_at=None,
    images=(),
    error_said=stored(WARNING),
)


def test_warnings_and_rules_are_sentences_again() -> None:
    """To be said in any language."""
    [added], [warning] = noted(JOB)
    for found in (added.rule, warning):
        assert isinstance(found, Sentence)
        assert found == WARNING


def test_older_rows_are_english() -> None:
    """As they were written down."""
    old = replace(JOB, notes='{"added": [["hat", "A rule.", "prompt"]], "warnings": ["So."]}', error_said=None)
    [added], warnings = noted(old)
    assert (added.rule, warnings) == ("A rule.", ("So.",))
    assert failure(old) == "English."


@pytest.mark.parametrize("notes", ["", "[]", "7", '{"added": []}', '{"added": [["a"]], "warnings": []}'])
def test_damaged_notes_say_nothing(notes: str) -> None:
    """The pictures are shown without."""
    assert noted(replace(JOB, notes=notes)) == ((), ())


@pytest.mark.parametrize("said", ["", "[", '{"t": 1}', '{"t": "{a.b}", "v": {"a": 1}}'])
def test_a_damaged_failure_is_told_in_english(said: str) -> None:
    """Rather than not at all."""
    assert failure(replace(JOB, error_said=said)) == "English."


def test_a_failure_is_a_sentence_again() -> None:
    """Its reference stands beside it."""
    found = failure(JOB)
    assert isinstance(found, Sentence)
    assert failure(replace(JOB, error=None, error_said=None)) == ""

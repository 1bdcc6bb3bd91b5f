"""The thread that looks at pictures, and what is made of what it says."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import pytest

from bot.moderation.looking import MOST_LEFT_BEHIND, Ended, Hangs, Looker, Picture
from bot.ratings import seen_as
from pipeline.classify import ClassifierError
from pipeline.profiles.types import Rating
from tests.support.scripted_classifier import ScriptedClassifier, sure

PICTURE = Picture(2, 1, bytes(6))


async def test_pictures_are_looked_at_one_after_the_other() -> None:
    """On one thread, with one classifier."""
    made = list[ScriptedClassifier]()

    def make() -> ScriptedClassifier:
        made.append(ScriptedClassifier())
        return made[-1]

    looker = Looker(make)
    seen = await asyncio.gather(*(looker.look(PICTURE) for _ in range(5)))
    assert [each.classifier for each in seen] == ["scripted@1"] * 5
    assert made[0].looked == [(1, 2)] * 5
    assert len(made) == len(made[0].threads) == 1
    looker.end()


async def test_threads_that_hang_are_few() -> None:
    """Beyond those nothing is looked at until one of them comes back, and nothing waits for that."""
    held, made = threading.Event(), list[ScriptedClassifier]()

    def make() -> ScriptedClassifier:
        made.append(ScriptedClassifier())
        made[-1].hold = held
        return made[-1]

    looker = Looker(make, seconds=0.01, loading=0.05)
    for _ in range(MOST_LEFT_BEHIND + 2):
        with pytest.raises(Hangs):
            await looker.look(PICTURE)
    assert len(made) == MOST_LEFT_BEHIND
    held.set()
    looker.end()


async def test_a_classifier_that_could_not_be_made_is_made_again() -> None:
    """At the next picture."""
    attempts = iter([OSError("no weights")])

    def make() -> ScriptedClassifier:
        for error in attempts:
            raise error
        return ScriptedClassifier()

    looker = Looker(make)
    with pytest.raises(OSError, match="no weights"):
        await looker.look(PICTURE)
    assert (await looker.look(PICTURE)).scores == sure("general")
    looker.end()


async def test_the_end_waits_shortly(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not looked at by then is left to the next start."""
    monkeypatch.setattr("bot.moderation.looking.CLOSE_SECONDS", 0.02)
    held = threading.Event()
    classifier = ScriptedClassifier()
    classifier.hold = held
    looker = Looker(lambda: classifier)
    looking = asyncio.create_task(looker.look(PICTURE))
    await asyncio.sleep(0)
    looker.close()
    with pytest.raises(Ended):
        await looking
    held.set()


async def test_what_waits_is_looked_at_before_the_end() -> None:
    """Not only what is being looked at in that moment; then the thread ends."""
    held, classifier = threading.Event(), ScriptedClassifier()
    classifier.hold = held
    before = set(threading.enumerate())
    looker = Looker(lambda: classifier)
    looking = [asyncio.create_task(looker.look(PICTURE)) for _ in range(3)]
    await asyncio.sleep(0)
    looker.close()
    held.set()
    assert len(await asyncio.gather(*looking)) == 3
    looker.end()
    for thread in set(threading.enumerate()) - before:
        await asyncio.to_thread(thread.join, 5.0)
        assert not thread.is_alive()
    with pytest.raises(Ended):
        await looker.look(PICTURE)


async def test_weights_that_are_missing_are_told_at_the_start(caplog: pytest.LogCaptureFixture) -> None:
    """To the owner, in a sentence, and not only when the first picture is withheld."""

    def make() -> ScriptedClassifier:
        raise ClassifierError("`{path}` does not exist.", path="model.onnx")

    looker = Looker(make)
    looker.warm()
    with pytest.raises(ClassifierError):  # it comes after
        await looker.look(PICTURE)
    [record] = caplog.records
    assert record.levelname == "ERROR"
    assert record.getMessage() == "`model.onnx` does not exist. Until that is mended every picture is withheld."
    assert record.exc_info is None
    looker.end()


@pytest.mark.parametrize(
    ("scores", "threshold", "expected"),
    [
        (None, 0.7, Rating.GENERAL),
        (sure("questionable", 0.6), 0.7, Rating.GENERAL),
        (sure("questionable", 0.6), 0.6, Rating.QUESTIONABLE),
        (sure("explicit"), 0.99, Rating.EXPLICIT),
        ("damaged", 0.7, Rating.EXPLICIT),
    ],
)
def test_scores_are_read_by_a_threshold(scores: Any, threshold: float, expected: Rating) -> None:
    """As the lowest ceiling under which it may be shown; damaged ones as nothing that may."""
    text = json.dumps(scores.to_dict()) if hasattr(scores, "to_dict") else scores
    assert seen_as(text, threshold) is expected

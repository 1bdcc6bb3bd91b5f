"""An engine without a model, for tests about everything around painting: real thread, flat colours."""

from __future__ import annotations

import time
from collections.abc import Callable

from pipeline.recipe import Recipe
from pipeline.work import Dropped, Event, Failed, Loading, Notice, Painted, Preview, Started, Stepped, Work


class ScriptedEngine:
    """Paints each picture in one colour, and stops at step `hold_at` until that is None.

    Attributes:
        hold_at: step at which every picture waits; None lets them all finish.
        fault: called with a work as it would finish; what it returns, if anything, fails the picture.
        loading: text of a `Loading` event sent for every picture that is added.
        notices: said of every picture that is added.
        sketch: called with a work that asks for previews and a step; what it returns, if anything, is sent.
        sources: the pictures that others started from, in the order in which those were added.
        painted: ids in the order in which they were finished.
    """

    def __init__(self) -> None:
        self.hold_at: int | None = None
        self.fault: Callable[[Work], Exception | None] = lambda _: None
        self.loading = ""
        self.notices: tuple[str, ...] = ()
        self.painted: list[int] = []
        self.sources: list[bytes] = []
        self.sketch: Callable[[Work, int], Preview | None] = lambda *_: None
        self._running: dict[int, tuple[Work, int]] = {}
        self._cancelled: set[int] = set()
        self._news: list[Event] = []

    @property
    def busy(self) -> bool:
        """Whether anything is being painted."""
        return bool(self._running)

    def add(self, work: Work) -> None:
        """Let a picture join."""
        self._running[work.id] = (work, 0)
        if work.source:
            self.sources.append(work.source)
        if self.loading:
            self._news.append(Loading(work.recipe.profile, self.loading, 0.5, (work.id,)))
        else:
            self._news.append(Started(work.id))
        self._news += [Notice(work.id, text) for text in self.notices]

    def cancel(self, work_id: int) -> None:
        """Drop a picture at the next tick."""
        self._cancelled.add(work_id)

    def interrupt(self) -> None:
        """Nothing in a tick takes long."""

    def tick(self) -> list[Event]:
        """One step for every picture that is not held."""
        events, self._news = self._news, []
        for work, step in list(self._running.values()):
            if work.id in self._cancelled:
                del self._running[work.id]
                events.append(Dropped(work.id))
            elif self.hold_at is None or step < self.hold_at:
                events += self._advance(work, step + 1)
        if not events:
            time.sleep(0.002)  # held: leave the core to the event loop
        return events

    def _advance(self, work: Work, step: int) -> list[Event]:
        recipe = work.recipe
        self._running[work.id] = (work, step)
        if step < recipe.denoising_steps:
            due = work.preview_every and not step % work.preview_every
            preview = self.sketch(work, step) if due else None
            return [*([preview] if preview else []), Stepped(work.id, step, recipe.denoising_steps)]
        del self._running[work.id]
        if error := self.fault(work):
            return [Failed(work.id, error)]
        self.painted.append(work.id)
        pixels = self.colours(recipe)
        return [Painted(work.id, recipe.width, recipe.height, pixels, 1.25, "scripted")]

    @staticmethod
    def colours(recipe: Recipe) -> bytes:
        """The pixels of a recipe: one colour, by its seed."""
        colour = bytes((recipe.seed * 37 + part * 80) % 256 for part in range(3))
        return colour * (recipe.width * recipe.height)

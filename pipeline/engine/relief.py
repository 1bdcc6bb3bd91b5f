"""Running what may need more memory than there is, and telling those whom it concerns what was given up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from pipeline.engine.acquire import ModelSource
from pipeline.engine.conditioning import Conditioner
from pipeline.engine.memory import MemoryLadder, latent_shape
from pipeline.engine.model import LoadedModel
from pipeline.work import Event, Notice, Work

T = TypeVar("T")


class Relief:
    """The memory ladder, together with what an engine can let go of: models and prompts that nobody uses.

    Args:
        ladder: remembers what was given up.
        models: where models come from; it keeps those that are idle.
        conditioner: keeps encoded prompts.
        in_use: profiles of the pictures that are being painted.
        tell: hears a `Notice` for each work that something was given up for.
    """

    def __init__(
        self,
        ladder: MemoryLadder,
        models: ModelSource,
        conditioner: Conditioner,
        in_use: Callable[[], frozenset[str]],
        tell: Callable[[Event], None],
    ) -> None:
        self._ladder = ladder
        self._models = models
        self._conditioner = conditioner
        self._in_use = in_use
        self._tell = tell

    def make_room(self) -> None:
        """Let go of what nobody uses."""
        self._conditioner.forget()
        self._models.release_idle(self._in_use())

    def run(
        self, attempt: Callable[[], T], model: LoadedModel, works: Sequence[Work], *, vae: bool = False
    ) -> T:
        """Run something for works of one size, stepping down the ladder as often as it takes.

        Args:
            attempt: what to run. It must change nothing before it succeeds.
            model: the model at work.
            works: those it is for.
            vae: whether the VAE is at work.

        Raises:
            TooMany: it was for several works, and fewer are to be tried.
            OutOfMemory: nothing is left to give up.
        """

        def changed(sentence: str) -> None:
            self._conditioner.forget()
            for work in works:
                self._tell(Notice(work.id, sentence))

        recipe = works[0].recipe
        in_use = self._in_use() | {recipe.profile}  # a work that joins is not among the images yet
        return self._ladder.run(
            attempt,
            model,
            latent_shape(model, recipe.width, recipe.height),
            batch=len(works),
            vae=vae,
            changed=changed,
            release_idle=lambda: self._models.release_idle(in_use),
        )

"""The running images, all advanced by one denoising step per tick.

Images join at the start of a tick and leave at its end, so a short one never waits for a long one to finish.
Neither the neighbours of an image nor a failure among them change its picture: its noise, scheduler and latents
are its own, and it takes a step only after its UNet call has succeeded.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Final

import torch

from pipeline.engine.acquire import ModelSource, acquire
from pipeline.engine.conditioning import Conditioner
from pipeline.engine.decode import decode
from pipeline.engine.denoise import predict
from pipeline.engine.grouping import groups
from pipeline.engine.memory import TILED, MemoryLadder, TooMany, latent_shape, plain
from pipeline.engine.model import LoadedModel
from pipeline.engine.pasting import unmasked_kept
from pipeline.engine.preview import Previews
from pipeline.engine.relief import Relief
from pipeline.engine.running import Running, begin, is_guided
from pipeline.engine.sharing import ExactSharing
from pipeline.engine.upscale import Enlargements, Upscalers
from pipeline.engine.waiting import STOPPED, WaitingRoom
from pipeline.errors import Cancelled
from pipeline.work import Dropped, Event, Failed, Loading, Notice, Painted, Started, Stepped, Work

_log: Final = logging.getLogger(__name__)


class Engine:
    """Paints. Everything but `cancel` and `interrupt` belongs to one thread.

    Args:
        models: where models come from.
        max_running: images advanced together; the others wait.
        max_models: different models among them; a work that needs one more waits, and those behind it too, so
            that it is not overtaken for ever. None for no limit.
        emit: hears `Loading` while a model is being loaded, which takes a whole tick; without it these events
            are among those that `tick` returns. Downloads are told from a thread of their own.
        batch_invariant: keep each picture bit-equal alone and in company, see `pipeline.engine.sharing`. None
            chooses that on the CPU, and elsewhere calls shared by all images of a model and a latent shape.
        upscalers: where the networks come from that enlarge pictures; None for the installed ones, on the CPU.
        clock: seconds, for `Painted.seconds`.
    """

    def __init__(
        self,
        models: ModelSource,
        *,
        max_running: int = 4,
        max_models: int | None = None,
        emit: Callable[[Event], None] | None = None,
        batch_invariant: bool | None = None,
        upscalers: Upscalers | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._models = models
        self._max_running = max(1, max_running)
        self._max_models = max_models
        self._emit = emit
        self._batch_invariant = batch_invariant
        self._clock = clock
        self._room = WaitingRoom(models, self._tell)
        self._images: list[Running] = []
        self._conditioner = Conditioner()
        self._ladder = MemoryLadder()
        self._relief = Relief(
            self._ladder,
            models,
            self._conditioner,
            lambda: self._in_use,
            lambda each: self._events.append(each),
        )
        self._enlargements = Enlargements(
            upscalers or Upscalers(lambda: torch.device("cpu")), self._relief.make_room, clock
        )
        # Only ever added to by other threads, one `add` at a time, which the interpreter makes atomic.
        self._cancelled: set[int] = set()
        self._sharing = ExactSharing()
        self._events: list[Event] = []
        self._previews = Previews()

    @property
    def running(self) -> int:
        """Images that are being painted or enlarged."""
        return len(self._images) + len(self._enlargements)

    @property
    def waiting(self) -> int:
        """Works that have not joined yet, those whose weights are being fetched among them."""
        return len(self._room)

    @property
    def busy(self) -> bool:
        """Whether a tick would do anything. Not while a download is all there is; `wake` tells when it ends."""
        return bool(self.running or self._cancelled or self._room.busy)

    def add(self, work: Work) -> None:
        """Let a work join at the next tick that has room, once its weights are on this machine."""
        self._room.add(work)

    def call_when_ready(self, wake: Callable[[], None]) -> None:
        """Have `wake` called, from another thread, when `busy` may have become true because a download ended."""
        self._room.wake = wake

    def cancel(self, work_id: int) -> None:
        """Drop a work at the next tick, or stop the download it waits for. Unknown ids are fine. Any thread."""
        self._cancelled.add(work_id)

    def interrupt(self) -> None:
        """Stop a download under way, because the program ends. Any thread."""
        self._room.interrupted = True

    @torch.inference_mode()
    def tick(self) -> list[Event]:
        """Drop what was cancelled, let waiting works join, advance every image by one step, finish those done.

        Returns:
            What happened, in order. A failure of one image is among it as `Failed`, and the others go on.
        """
        self._drop_cancelled()
        self._events += self._room.collect()
        self._join()
        self._events += self._enlargements.tick()
        for group in groups(self._images, limit=self._ladder.batch_limit, is_exact=self._is_exact):
            self._step(group)
        for image in [image for image in self._images if image.done]:
            self._finish(image)
        return self._take_events()

    def close(self) -> list[Event]:
        """Let go of all works, models and memory, after a tick that failed as a whole.

        Returns:
            What had happened in that tick before it failed.
        """
        events = self._take_events()
        self._images.clear()
        self._enlargements.clear()
        self._room.clear()
        self._conditioner.forget()
        self._models.release_idle(())
        return events

    def _take_events(self) -> list[Event]:
        events, self._events = self._events, []
        return events

    def _drop_cancelled(self) -> None:
        for work_id in list(self._cancelled):
            self._cancelled.discard(work_id)
            kept = [image for image in self._images if image.work.id != work_id]
            dropped = self._room.drop(work_id) or self._enlargements.drop(work_id)
            if dropped or len(kept) < len(self._images):
                self._images = kept
                self._events.append(Dropped(work_id))

    def _join(self) -> None:
        while self.running < self._max_running and (work := self._room.take(self._in_use, self._max_models)):
            try:
                if work.recipe.upscaler:
                    self._enlargements.add(work)
                else:
                    self._images.append(self._begin(work))
            except Cancelled:
                if work.id not in self._cancelled:
                    # The program ends: the work stays, for its owner to paint at the next start.
                    self._room.ready.appendleft(work)
                    return
                self._cancelled.discard(work.id)
                self._events.append(Dropped(work.id))
            except Exception as error:  # noqa: BLE001 - whatever it is, it is this work's alone
                self._events.append(Failed(work.id, plain(error, work.recipe.width, work.recipe.height)))
            else:
                self._events.append(Started(work.id))

    def _begin(self, work: Work) -> Running:
        recipe = work.recipe
        model = self._model(work)
        started = self._clock()
        # Before encoding, which tells what it gives up itself.
        shape = latent_shape(model, recipe.width, recipe.height)
        self._events += [Notice(work.id, text) for text in self._ladder.remembered(model, shape)]
        guided = is_guided(model, recipe.guidance_scale)
        conditioning = self._relief.run(
            lambda: self._conditioner.encode(model, recipe.prompt, recipe.negative_prompt, guided=guided),
            model,
            [work],
        )
        # A picture that starts from another one is encoded here.
        return self._relief.run(
            lambda: begin(work, model, conditioning, started, tiled=self._ladder.tiled(model, shape)),
            model,
            [work],
            vae=bool(recipe.init_image),
        )

    def _model(self, work: Work) -> LoadedModel:
        """The model of a work: that of an image being painted with it, so that it is never in memory twice."""
        profile = work.recipe.profile
        for image in self._images:
            if image.work.recipe.profile == profile:
                self._models.touch(profile)
                return image.model

        def progress(text: str, fraction: float | None) -> None:
            if self._room.interrupted or work.id in self._cancelled:
                raise Cancelled(STOPPED)
            ids = (work.id, *(other.id for other in self._room.ready if other.recipe.profile == profile))
            self._tell(Loading(profile, text, fraction, ids))

        return acquire(self._models, profile, progress, self._in_use, self._conditioner.forget)

    @property
    def _in_use(self) -> frozenset[str]:
        """Profiles of the images being painted."""
        return frozenset(image.work.recipe.profile for image in self._images)

    def _tell(self, event: Event) -> None:
        """Let others know at once, in the middle of a tick."""
        if self._emit is None:
            self._events.append(event)
            return
        try:
            self._emit(event)
        except Exception:  # noqa: BLE001 - a listener's fault must not stop the painting
            _log.exception("Nobody took the event %s", type(event).__name__)

    def _is_exact(self, model: LoadedModel) -> bool:
        return model.device.type == "cpu" if self._batch_invariant is None else self._batch_invariant

    def _step(self, images: Sequence[Running]) -> None:
        """Advance a group. A group that fails is divided until the image at fault is alone."""
        model = images[0].model
        call = self._sharing.predict if self._is_exact(model) else predict
        try:
            outputs = self._relief.run(lambda: call(images), model, [image.work for image in images])
        except TooMany:
            size = self._ladder.batch_limit(model, images[0].shape) or 1
            for at in range(0, len(images), size):
                self._step(images[at : at + size])
            return
        except Exception as error:  # noqa: BLE001 - must not take the other images along
            if len(images) == 1:
                self._fail(images[0], error)
                return
            _log.warning("A UNet call of %d images failed: trying them one by one", len(images), exc_info=True)
            for image in images:
                self._step([image])
            return
        for image, output in zip(images, outputs, strict=True):
            self._advance(image, output)

    def _advance(self, image: Running, output: torch.Tensor) -> None:
        work = image.work
        try:
            image.advance(output)
        except Exception as error:  # noqa: BLE001 - as above
            self._fail(image, error)
            return
        # The preview first: whoever hears of the step can show it already.
        self._events += self._previews.of(image)
        self._events.append(Stepped(work.id, image.index, image.steps))

    def _finish(self, image: Running) -> None:
        work, model = image.work, image.model
        if self._ladder.tiled(model, image.shape):
            self._events.append(Notice(work.id, TILED))
        try:
            width, height, pixels = self._relief.run(
                lambda: decode(model, image.latents, tiled=self._ladder.tiled(model, image.shape)),
                model,
                [work],
                vae=True,
            )
        except Exception as error:  # noqa: BLE001 - as above
            self._fail(image, error)
            return
        if work.mask:
            pixels = unmasked_kept(pixels, work.source, work.mask, width, height)
        self._images.remove(image)
        seconds = self._clock() - image.started
        self._events.append(Painted(work.id, width, height, pixels, seconds, model.weights))

    def _fail(self, image: Running, error: Exception) -> None:
        self._images.remove(image)
        recipe = image.work.recipe
        self._events.append(Failed(image.work.id, plain(error, recipe.width, recipe.height)))

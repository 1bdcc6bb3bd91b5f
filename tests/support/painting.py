"""Recipes, works and models for tests of the engine. Importing this needs no torch."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pipeline.profiles.types import Conditioning, Profile
from pipeline.recipe import Recipe
from pipeline.work import Event, Work
from tests.support.plain_profile import plain_profile

if TYPE_CHECKING:
    from pipeline.engine.model import LoadedModel


class Shelf:
    """A source of models that are loaded already; it notes who asked.

    Attributes:
        idle: models that `release_idle` still finds to release.
        refusals: what `get` raises before it gives models, one a call.
        far: profiles whose weights have to be fetched first.
        download: what fetching does, on the thread that fetches.
        calls: `get` and `release_idle` with their arguments, in order.
    """

    def __init__(self, **models: LoadedModel) -> None:
        self.models = models
        self.asked: list[str] = []
        self.touched: list[str] = []
        self.idle: list[str] = []
        self.refusals: list[Exception] = []
        self.far: set[str] = set()
        self.download: Callable[[str, Callable[[str, float | None], None], Callable[[], bool]], None]
        self.download = lambda *_: None
        self.calls: list[tuple[Any, ...]] = []

    def get(
        self,
        profile_id: str,
        progress: Callable[[str, float | None], None],
        *,
        in_use: Collection[str] = (),
        offloaded: bool = False,
    ) -> LoadedModel:
        """The model under this id; a `KeyError` for any other."""
        self.asked.append(profile_id)
        self.calls.append(("get", profile_id, tuple(in_use), offloaded))
        progress(f"Loading {profile_id}", 0.5)
        if self.refusals:
            raise self.refusals.pop(0)
        model = self.models[profile_id]
        model.offloaded = model.offloaded or offloaded
        return model

    def is_here(self, profile_id: str) -> bool:
        """Whether it is not, or no longer, far."""
        return profile_id not in self.far

    def fetch(
        self,
        profile_id: str,
        progress: Callable[[str, float | None], None],
        cancelled: Callable[[], bool],
    ) -> None:
        """Do what `download` says; if that raises nothing, the weights are here."""
        self.download(profile_id, progress, cancelled)
        self.far.discard(profile_id)

    def touch(self, profile_id: str) -> None:
        """Note it."""
        self.touched.append(profile_id)

    def release_idle(self, in_use: Collection[str]) -> bool:
        """Empty `idle`; whether it held anything."""
        self.calls.append(("release_idle", tuple(in_use)))
        there, self.idle = bool(self.idle), []
        return there


def make_profile(profile_id: str, conditioning: Conditioning = Conditioning.STOCK) -> Profile:
    """A profile with nothing in it but what the engine reads."""
    return replace(plain_profile(profile_id), conditioning=conditioning)


def make_recipe(**changes: Any) -> Recipe:
    """A recipe of 64 x 64 pixels and 3 steps for the profile `stock`."""
    values: dict[str, Any] = {
        "profile": "stock",
        "prompt": "1girl, green hair",
        "negative_prompt": "lowres",
        "width": 64,
        "height": 64,
        "sampler": "euler_a",
        "steps": 3,
        "guidance_scale": 5.0,
        "seed": 7,
    }
    return Recipe(**(values | changes))


def make_work(work_id: int = 1, *, preview_every: int = 0, **changes: Any) -> Work:
    """A work with `make_recipe`'s recipe."""
    return Work(work_id, make_recipe(**changes), preview_every)


def drain(engine: Any, limit: int = 200) -> list[Event]:
    """Tick until nothing is left to do."""
    events: list[Event] = []
    for _ in range(limit):
        if not engine.busy:
            return events
        events += engine.tick()
    raise AssertionError("the engine never finished")


def of_kind(events: list[Event], kind: type[Any], work_id: int | None = None) -> list[Any]:
    """The events of one class, of one work if asked for."""
    return [e for e in events if isinstance(e, kind) and (work_id is None or getattr(e, "id", None) == work_id)]

"""The composition root: builds every object once and passes it through constructors."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.board import Board
from bot.dispatcher import Dispatcher, Park, plain_park
from bot.errors import tell
from bot.pictures import Pictures
from bot.settings import Settings, SettingsError
from bot.studio import Studio
from db.database import Database
from db.jobs import Jobs
from db.keyvalue import KeyValue
from db.speeds import Speeds
from pipeline.executor import EngineLike, Executor
from pipeline.profiles import load_profiles
from pipeline.profiles.types import Profile
from pipeline.queueing.fair import FairQueue
from pipeline.request import warm_up
from pipeline.work import Event

if TYPE_CHECKING:
    from pathlib import Path

Emit = Callable[[Event], None]
EngineFactory = Callable[[Emit], EngineLike]
"""Makes an engine that may emit events while one of its ticks takes long."""


@dataclass(frozen=True, slots=True)
class App:
    """What the front ends (Discord, command line, demo) are given."""

    settings: Settings
    profiles: Mapping[str, Profile]
    studio: Studio
    jobs: Jobs
    store: KeyValue
    keep: list[object] = field(default_factory=list)
    """Whatever must stay alive as long as the app, such as a file lock."""


def read_profiles(settings: Settings) -> dict[str, Profile]:
    """All profiles, the owner's own included, checked against the settings.

    Raises:
        ProfileError: a data file is wrong.
        SettingsError: DEFAULT_PROFILE or a WEIGHTS_ setting names no profile, or its path does not exist.
    """
    profiles = load_profiles(settings.profiles_dir)
    if settings.default_profile not in profiles:
        raise SettingsError(
            "DEFAULT_PROFILE is `{given}`, and there is no such profile. Known ones: {known}.",
            given=settings.default_profile,
            known=", ".join(profiles),
        )
    known = {profile.weights_setting: profile for profile in profiles.values()}
    for name in settings.weights:
        if name not in known:
            raise SettingsError(
                "{name} belongs to no profile. Known weights settings: {known}.",
                name=name,
                known=", ".join(known),
            )
    return profiles


def local_weights(settings: Settings, profiles: Mapping[str, Profile]) -> dict[str, Path]:
    """The owner's local weights by profile id."""
    return {
        p.id: settings.weights[p.weights_setting]
        for p in profiles.values()
        if p.weights_setting in settings.weights
    }


def engine_factory(settings: Settings, profiles: Mapping[str, Profile]) -> EngineFactory:
    """How the executor thread makes its engine; torch is imported there, at the first picture."""

    def build(emit: Emit) -> EngineLike:
        from pipeline.engine.build import build_engine

        return build_engine(
            profiles,
            weights=local_weights(settings, profiles),
            cache=settings.cache,
            device=settings.device,
            precision=settings.precision,
            max_running=settings.max_running,
            max_models=settings.max_models,
            hub_endpoint=settings.hf_endpoint or None,
            hub_token=settings.hf_token or None,
            emit=emit,
        )

    return build


@contextlib.asynccontextmanager
async def open_app(
    settings: Settings, *, park: Park = plain_park, make_engine: EngineFactory | None = None
) -> AsyncIterator[App]:
    """Open everything, run the dispatcher, and close everything in reverse order.

    What is still painting when the context ends stays in the database and is painted at the next start.

    Raises:
        MemberError, DatabaseError: something the owner has to mend; the text says what.
    """
    profiles = read_profiles(settings)
    _make_folders(settings)
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, warm_up, profiles)
    board, queue = Board(), FairQueue()
    pictures = Pictures(settings.pictures, min_free_mb=settings.min_free_mb)

    def emit(event: Event) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has closed: the next start paints it again
            loop.call_soon_threadsafe(dispatcher.on_event, event)

    make = make_engine or engine_factory(settings, profiles)
    executor = Executor(lambda: make(emit), emit)
    async with Database.open(settings.database) as database:
        jobs, speeds = Jobs(database), Speeds(database)
        dispatcher = Dispatcher(
            jobs=jobs,
            speeds=speeds,
            queue=queue,
            painter=executor,
            board=board,
            pictures=pictures,
            max_running=settings.max_running,
            max_models=settings.max_models,
            park=park,
        )
        studio = Studio(
            settings=settings,
            profiles=profiles,
            jobs=jobs,
            speeds=speeds,
            queue=queue,
            board=board,
            dispatcher=dispatcher,
            painter=executor,
            pictures=pictures,
        )
        feeder = loop.create_task(dispatcher.run(), name="dispatcher")
        executor.start()
        try:
            yield App(settings, profiles, studio, jobs, KeyValue(database))
        finally:
            feeder.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await feeder
            await loop.run_in_executor(None, executor.stop)
            await dispatcher.close()
            pictures.close()


def _make_folders(settings: Settings) -> None:
    try:
        for folder in (settings.data_dir, settings.pictures, settings.cache):
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        tell(error, "making the data folder")
        raise SettingsError(
            "DATA_DIR `{folder}` cannot be used: {reason}. Name a folder this user may write to.",
            folder=settings.data_dir,
            reason=error.strerror or error,
        ) from error

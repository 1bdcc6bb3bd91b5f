"""The composition root: builds every object once and passes it through constructors."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from bot.afterwards import Afterwards
from bot.album import Album
from bot.batches import Batches
from bot.board import Board
from bot.comparing import Comparer
from bot.dispatcher import Dispatcher
from bot.drafts import Drafts
from bot.enlarging import Enlarger
from bot.expanding import Expander
from bot.exporting import Exporter
from bot.factories import EngineFactory, engine_factory, make_folders, make_looker
from bot.forgetting import Forgetter
from bot.handed_in import HandedIn
from bot.models import read_profiles
from bot.moderation.checking import Checker
from bot.moderation.enforcement import Enforcement, open_enforcement
from bot.moderation.looking import ClassifierFactory, Ended, Picture
from bot.moderation.moderation import Moderation, open_moderation
from bot.moderation.overview import Overseer
from bot.moderation.queue_control import QueueControl
from bot.moderation.rejudging import Rejudging
from bot.moderation.reviewing import Reviewing
from bot.orders import Origin
from bot.pictures import Pictures
from bot.preferences import Preferences
from bot.recorder import Closing, Park, Recorder, plain_park
from bot.restoring import Restorer
from bot.retention import Retention
from bot.settings import Settings
from bot.source_reader import SourceReader
from bot.studio import Studio
from bot.tally import Tally
from db.broadcasts import Broadcasts
from db.confirmations import Confirmations
from db.database import Database
from db.expiring import Expiring
from db.forgetting import Forgetting
from db.gallery import Gallery
from db.history import History
from db.jobs import Job, Jobs
from db.keeping import Keeping
from db.keyvalue import KeyValue
from db.preferences import PreferenceTables
from db.reviews import Reviews
from db.sources import Sources
from db.speeds import Speeds
from db.withholding import Verdict
from pipeline.executor import Executor
from pipeline.profiles.types import Profile, Rating
from pipeline.queueing.eta import Estimator
from pipeline.queueing.fair import FairQueue
from pipeline.request import warm_up
from pipeline.work import Event, Painted

log = logging.getLogger(__name__)

STOP_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class App:
    """What the front ends (Discord, command line, demo) are given."""

    settings: Settings
    profiles: Mapping[str, Profile]
    studio: Studio
    afterwards: Afterwards
    album: Album
    enlarger: Enlarger
    preferences: Preferences
    batches: Batches
    drafts: Drafts
    restorer: Restorer
    retention: Retention
    comparer: Comparer
    forgetter: Forgetter
    exporter: Exporter
    expander: Expander
    handed_in: HandedIn
    moderation: Moderation
    queue_control: QueueControl
    overseer: Overseer
    broadcasts: Broadcasts
    enforcement: Enforcement
    checker: Checker
    reviewing: Reviewing
    jobs: Jobs
    store: KeyValue
    keep: list[object] = field(default_factory=list)
    """Whatever must stay alive as long as the app, such as a file lock."""


@contextlib.asynccontextmanager
async def open_app(
    settings: Settings,
    *,
    park: Park = plain_park,
    make_engine: EngineFactory | None = None,
    make_classifier: ClassifierFactory | None = None,
) -> AsyncIterator[App]:
    """Open everything, run the dispatcher, and close everything in reverse order.

    What is still painting when the context ends stays in the database and is painted at the next start.

    Raises:
        MemberError, DatabaseError: something the owner has to mend; the text says what.
    """
    profiles = read_profiles(settings)
    make_folders(settings)
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, warm_up, profiles)
    board, queue = Board(), FairQueue()
    pictures = Pictures(settings.pictures, min_free_mb=settings.min_free_mb)
    tally = Tally()
    logging.getLogger().addHandler(tally)

    def emit(event: Event) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has closed: the next start paints it again
            loop.call_soon_threadsafe(dispatcher.on_event, event)

    make = make_engine or engine_factory(settings, profiles)
    executor = Executor(lambda: make(emit), emit)
    async with Database.open(settings.database) as database:
        jobs, speeds, gallery, sources = Jobs(database), Speeds(database), Gallery(database), Sources(database)
        estimator = Estimator({})
        moderation = await open_moderation(settings, database, estimator)

        def ceiling(origin: Origin) -> Rating:
            return studio.ceiling(origin)

        checker = Checker(
            looker=make_looker(settings, make_classifier, park),
            thresholds=moderation.thresholds,
            ceiling=ceiling,
            jobs=jobs,
            pictures=pictures,
        )

        async def judge(job: Job | None, event: Painted) -> Verdict:
            try:
                return await checker.judge(job, event.id, Picture(event.width, event.height, event.pixels))
            except Ended as error:
                raise Closing from error

        forgetting = Forgetting(database)
        reviewing = Reviewing(
            reviews=Reviews(database),
            policies=moderation.policies,
            pictures=pictures,
            forgetting=forgetting,
            settings=settings,
        )
        recorder = Recorder(
            jobs=jobs,
            speeds=speeds,
            pictures=pictures,
            board=board,
            estimator=estimator,
            park=park,
            judge=judge,
            withheld=reviewing.wake,
        )
        dispatcher = Dispatcher(
            jobs=jobs,
            queue=queue,
            painter=executor,
            board=board,
            pictures=pictures,
            recorder=recorder,
            sources=SourceReader(gallery, pictures),
            may_start=Rejudging(moderation.gate, profiles).check,
            max_running=settings.max_running,
            spare=settings.spare,
            max_models=settings.max_models,
            previews=settings.live_previews,
            park=park,
        )
        studio = Studio(
            settings=settings,
            profiles=profiles,
            jobs=jobs,
            speeds=speeds,
            queue=queue,
            board=board,
            estimator=estimator,
            dispatcher=dispatcher,
            painter=executor,
            pictures=pictures,
            gallery=gallery,
            sources=sources,
            gate=moderation.gate,
            pauses=moderation.pauses,
            allowed=moderation.allowed,
            ceilings=moderation.ceilings,
            checker=checker,
            reviews_changed=reviewing.wake,
        )
        queue_control = QueueControl(
            studio=studio,
            jobs=jobs,
            queue=queue,
            board=board,
            pauses=moderation.pauses,
            wake=dispatcher.wake,
        )
        queue_control.hold_paused()
        history = History(database)
        album = Album(studio=studio, jobs=jobs, history=history, pictures=pictures)
        exporter = Exporter(
            studio=studio, album=album, history=history, pictures=pictures, folder=settings.exports
        )
        await exporter.clean()
        afterwards = Afterwards(studio=studio, gallery=gallery, pictures=pictures)
        preferences = Preferences(studio=studio, tables=PreferenceTables(database))
        batches = Batches(
            settings=settings, studio=studio, confirmations=Confirmations(database), rooms=moderation.rooms
        )
        keeping = Keeping(database)
        restorer = Restorer(afterwards=afterwards, keeping=keeping, pictures=pictures)
        handed_in = HandedIn(sources=sources, pictures=pictures, checker=checker)
        forgetter = Forgetter(studio=studio, forgetting=forgetting, pictures=pictures, handed_in=handed_in)
        retention = Retention(
            settings=settings,
            keeping=keeping,
            pictures=pictures,
            expiring=Expiring(database),
            forgetter=forgetter,
            park=park,
        )
        # Before anything of an earlier run is taken up: what a member wanted gone must not be painted any more.
        await forgetter.resume()
        enforcement = await open_enforcement(
            database,
            moderation,
            settings=settings,
            studio=studio,
            afterwards=afterwards,
            album=album,
            park=park,
        )
        feeder = loop.create_task(dispatcher.run(), name="dispatcher")
        executor.start()
        try:
            yield App(
                settings=settings,
                profiles=profiles,
                studio=studio,
                afterwards=afterwards,
                album=album,
                enlarger=Enlarger(studio),
                preferences=preferences,
                batches=batches,
                drafts=Drafts(jobs=jobs, gallery=gallery),
                restorer=restorer,
                retention=retention,
                comparer=Comparer(pictures),
                forgetter=forgetter,
                exporter=exporter,
                expander=Expander(studio, handed_in),
                handed_in=handed_in,
                moderation=moderation,
                queue_control=queue_control,
                overseer=Overseer(jobs, pictures, tally),
                broadcasts=Broadcasts(database),
                enforcement=enforcement,
                checker=checker,
                reviewing=reviewing,
                jobs=jobs,
                store=KeyValue(database),
            )
        finally:
            feeder.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await feeder
            # A long load is not waited for: the thread dies with the process and its works are painted next time.
            await loop.run_in_executor(None, executor.stop, STOP_SECONDS)
            checker.close()
            await dispatcher.close()
            checker.end()
            pictures.close()
            logging.getLogger().removeHandler(tally)

"""What the composition root makes of settings: folders, and how threads make their engine and their classifier."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from bot.models import local_weights
from bot.moderation.looking import ClassifierFactory, Looker
from bot.recorder import Park
from bot.settings import Settings, SettingsError
from pipeline.classify import Classifier
from pipeline.executor import EngineLike
from pipeline.profiles.types import Profile
from pipeline.work import Event

log = logging.getLogger(__name__)

Emit = Callable[[Event], None]
EngineFactory = Callable[[Emit], EngineLike]
"""Makes an engine that may emit events while one of its ticks takes long."""


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
            max_running=settings.max_running + settings.spare,
            max_models=settings.max_models,
            hub_endpoint=settings.hf_endpoint or None,
            hub_token=settings.hf_token or None,
            emit=emit,
        )

    return build


def classifier_factory(settings: Settings) -> ClassifierFactory:
    """How the thread that checks pictures makes its classifier."""

    def build() -> Classifier:
        from pipeline.engine.classifiers import WD_REPO, build_classifier

        return build_classifier(
            settings.output_check,
            weights=settings.output_check_weights,
            repo=settings.output_check_repo or WD_REPO,
            cache=settings.cache,
            hub_endpoint=settings.hf_endpoint or None,
            hub_token=settings.hf_token or None,
        )

    return build


def make_looker(settings: Settings, make: ClassifierFactory | None, park: Park) -> Looker | None:
    """Who looks at pictures; None where the owner has switched that off, which the log says loudly."""
    if settings.output_check == "off":
        log.warning(
            "OUTPUT_CHECK is off: what this bot paints is shown WITHOUT ANY CHECK of the pictures themselves. "
            "Set it to nsfwjs or wd on a server that others can join."
        )
        return None
    return Looker(make or classifier_factory(settings), park=park)


def make_folders(settings: Settings) -> None:
    """Make those that are written to.

    Raises:
        SettingsError: one cannot be used; the text says which, and what to do.
    """
    for name, folder in (
        ("DATA_DIR", settings.data_dir),
        ("DATA_DIR", settings.pictures),
        ("CACHE_DIR" if settings.cache_dir else "DATA_DIR", settings.cache),
    ):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(
                "{name}: the folder `{folder}` cannot be used: {reason}. Name a folder this user may write to.",
                name=name,
                folder=folder,
                reason=error.strerror or error,
            ) from error

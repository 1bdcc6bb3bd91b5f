"""Check of the output check: whether its classifier can look at a picture."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

import numpy as np

from bot.doctor.check import Check, fail, ok, warn
from bot.settings import Settings
from pipeline.engine.classifiers import WD, WD_REPO, build_classifier
from pipeline.engine.hub import Hub
from pipeline.engine.hub_files import Wanted
from pipeline.engine.wd import INSTALL, MODEL, TAGS
from pipeline.errors import MemberError

NAME: Final = "output check"


def check_output(settings: Settings) -> Check:
    """The classifier is made and looks at a picture. One that is yet to be downloaded is looked up only.

    Slow: for a thread.
    """
    if settings.output_check == "off":
        return warn(NAME, "OUTPUT_CHECK is off: pictures are shown without any check. Not for a public server.")
    try:
        if settings.output_check == WD and settings.output_check_weights is None:
            text = _to_be_downloaded(settings)
            if text:
                return ok(NAME, text)
        classifier = build_classifier(
            settings.output_check,
            weights=settings.output_check_weights,
            cache=settings.cache,
            repo=settings.output_check_repo or WD_REPO,
            hub_endpoint=settings.hf_endpoint or None,
            hub_token=settings.hf_token or None,
        )
        classifier.classify(np.full((64, 64, 3), 200, np.uint8))
    except MemberError as error:
        return fail(NAME, f"{error.text} Until that is mended every picture is withheld.")
    except Exception as error:  # noqa: BLE001 - whatever a runtime raises that it has never raised before
        return fail(NAME, f"The classifier does not work, so every picture is withheld: {error!r}.")
    return ok(NAME, f"{classifier.id} looks at pictures")


def _to_be_downloaded(settings: Settings) -> str:
    """What the first start will download; empty when all is there.

    Raises:
        MemberError: it cannot be had, or could not be used.
    """
    if find_spec("onnxruntime") is None:
        raise MemberError(
            "OUTPUT_CHECK=wd needs the package onnxruntime: {install}. Or set OUTPUT_CHECK=nsfwjs, which comes with "
            "Tagbrush.",
            install=INSTALL,
        )
    hub = Hub(settings.cache, endpoint=settings.hf_endpoint or None, token=settings.hf_token or None)
    wanted = Wanted(settings.output_check_repo or WD_REPO, "main", files=(MODEL, TAGS))
    cached = hub.cached(wanted)
    if cached is not None and not cached.missing:
        return ""
    found = hub.look_up(wanted)
    return f"{wanted.repo} is downloaded at the first start ({found.missing_bytes / 1024**2:.0f} MiB)"

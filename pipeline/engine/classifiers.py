"""Builds a picture classifier from settings. Blocking, and a download where need be: called on a thread."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

from pipeline.classify import Classifier, ClassifierError
from pipeline.engine.hub import Hub
from pipeline.engine.hub_files import Wanted
from pipeline.engine.single_file import fingerprint
from pipeline.engine.wd import MODEL, TAGS, WdClassifier
from pipeline.errors import WeightsError

NSFWJS: Final = "nsfwjs"
WD: Final = "wd"
KINDS: Final = (NSFWJS, WD)
"""The first is the default: it comes with the program."""
WD_REPO: Final = "SmilingWolf/wd-vit-tagger-v3"

Progress = Callable[[str, float | None], None]
_log: Final = logging.getLogger(__name__)


def build_classifier(
    kind: str,
    *,
    weights: Path | None = None,
    cache: Path,
    repo: str = WD_REPO,
    revision: str = "main",
    hub_endpoint: str | None = None,
    hub_token: str | None = None,
    progress: Progress = lambda *_: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Classifier:
    """A classifier with its weights in memory.

    Args:
        kind: one of `KINDS`.
        weights: the owner's own: for `wd` a folder with `model.onnx` and `selected_tags.csv`, for `nsfwjs` a file made
            by `pipeline.engine.nsfw.convert`; None for the hub's and the program's.
        cache: folder for downloads.
        repo: hub repository of the WD tagger.
        revision: branch, tag or commit of it; the commit of the first download is used from then on.
        hub_endpoint: another hub, or None for the usual one.
        hub_token: for gated repositories, or None.
        progress: told what is being done, and the fraction of it or None.
        cancelled: asked while downloading.

    Raises:
        ClassifierError: there is no such kind, or its weights or runtime are missing or damaged.
        Cancelled: `cancelled` said so; what has arrived stays.
    """
    if kind == NSFWJS:
        # torch comes with it; the WD tagger does without.
        from pipeline.engine.nsfw.classifier import NsfwClassifier

        found: Classifier = NsfwClassifier(weights)
    elif kind == WD:
        if weights is None:
            hub = Hub(cache, endpoint=hub_endpoint, token=hub_token)
            found = _from_hub(hub, Wanted(repo, revision, files=(MODEL, TAGS)), progress, cancelled)
        else:
            found = _from_folder(weights, cache, progress)
    else:
        raise ClassifierError(
            "There is no picture classifier called `{kind}`. Known: {known}.",
            kind=kind[:60],
            known=", ".join(f"`{each}`" for each in KINDS),
        )
    _log.info("Pictures are looked at by %s", found.id)
    return found


def _from_hub(hub: Hub, wanted: Wanted, progress: Progress, cancelled: Callable[[], bool]) -> WdClassifier:
    name = wanted.repo.rpartition("/")[2]
    try:
        cached = hub.download(wanted, name, progress, cancelled)
    except WeightsError as error:
        raise ClassifierError(f"The WD tagger cannot be had. {error.template}", **error.params) from error
    return WdClassifier(cached.folder, f"{name}@{cached.commit[:12]}")


def _from_folder(folder: Path, cache: Path, progress: Progress) -> WdClassifier:
    folder = folder.parent if folder.name == MODEL else folder
    if not folder.is_dir():
        raise ClassifierError(
            "`{path}` is no folder: name the one that holds `{model}` and `{tags}`.",
            path=folder,
            model=MODEL,
            tags=TAGS,
        )
    name, model = f"wd:{folder.name}", folder / MODEL
    if model.is_file():
        try:
            # In a folder of its own, as the engine's thread may be writing down the hash of a checkpoint just now.
            name += f"@{fingerprint(model, cache / 'classifiers', progress)}"
        except WeightsError as error:
            raise ClassifierError(error.template, **error.params) from error
    return WdClassifier(folder, name)

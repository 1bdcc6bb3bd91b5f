"""Building a classifier from settings: the program's own, an owner's folder, a hub's repository."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pipeline.classify import ClassifierError
from pipeline.engine.classifiers import WD_REPO, build_classifier
from pipeline.errors import Cancelled
from pipeline.profiles.types import Rating
from tests.support import hub_server
from tests.support.hub_server import COMMIT
from tests.support.onnx_model import write_tagger

RED = np.full((64, 64, 3), (255, 0, 0), np.uint8)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[hub_server.Hub]:
    """A hub with the tagger's repository, where more lies than is needed."""
    folder = write_tagger(tmp_path / "repository")
    (folder / "model.safetensors").write_bytes(b"not wanted")
    (folder / "README.md").write_text("not wanted")
    with hub_server.serve({WD_REPO: folder}) as server:
        yield server


def test_the_default_needs_nothing(tmp_path: Path) -> None:
    """No setting, no download, no folder written."""
    found = build_classifier("nsfwjs", cache=tmp_path / "cache", hub_endpoint=hub_server.closed_port())
    assert found.classify(np.full((64, 64, 3), 255, np.uint8)).rating() is Rating.GENERAL
    assert not (tmp_path / "cache").exists()


def test_the_tagger_comes_from_the_hub(server: hub_server.Hub, tmp_path: Path) -> None:
    """Its two files and no others; the commit is in its name."""
    found = build_classifier("wd", cache=tmp_path / "cache", hub_endpoint=server.url)
    assert found.classify(RED).rating() is Rating.EXPLICIT
    assert found.id == f"wd-vit-tagger-v3@{COMMIT[:12]}"
    assert server.downloads() == ["model.onnx", "selected_tags.csv"]


def test_the_second_time_asks_nobody(server: hub_server.Hub, tmp_path: Path) -> None:
    """Also where the hub is gone."""
    build_classifier("wd", cache=tmp_path / "cache", hub_endpoint=server.url)
    asked = len(server.requests)
    again = build_classifier("wd", cache=tmp_path / "cache", hub_endpoint=hub_server.closed_port())
    assert again.id == f"wd-vit-tagger-v3@{COMMIT[:12]}"
    assert len(server.requests) == asked


def test_a_download_is_told_and_can_be_stopped(server: hub_server.Hub, tmp_path: Path) -> None:
    """Like a checkpoint's."""
    told: list[str] = []
    with pytest.raises(Cancelled):
        build_classifier(
            "wd",
            cache=tmp_path / "cache",
            hub_endpoint=server.url,
            progress=lambda text, _: told.append(text),
            cancelled=lambda: True,
        )
    assert any("wd-vit-tagger-v3" in text for text in told)


def test_a_repository_without_the_table(server: hub_server.Hub, tmp_path: Path) -> None:
    """The sentence names what is missing."""
    (server.repos[WD_REPO] / "selected_tags.csv").unlink()
    with pytest.raises(ClassifierError, match=r"has no file `selected_tags\.csv`"):
        build_classifier("wd", cache=tmp_path / "cache", hub_endpoint=server.url)


def test_a_hub_that_cannot_be_reached(tmp_path: Path) -> None:
    """Is a failure for the owner."""
    with pytest.raises(ClassifierError, match=r"WD tagger cannot be had.*cannot be reached"):
        build_classifier("wd", cache=tmp_path / "cache", hub_endpoint=hub_server.closed_port())


@pytest.mark.parametrize("named", ["", "model.onnx"])
def test_an_owners_folder(tmp_path: Path, named: str) -> None:
    """Named itself or by its model; its hash is in the name."""
    folder = write_tagger(tmp_path / "mine")
    found = build_classifier("wd", weights=folder / named, cache=tmp_path / "cache")
    assert found.classify(RED).rating() is Rating.EXPLICIT
    name, _, digest = found.id.partition("@")
    assert (name, len(digest)) == ("wd:mine", 10)


def test_an_owners_folder_that_is_not_there(tmp_path: Path) -> None:
    """Or is a file."""
    with pytest.raises(ClassifierError, match="is no folder"):
        build_classifier("wd", weights=tmp_path / "nothing", cache=tmp_path)


def test_an_owners_folder_without_a_model(tmp_path: Path) -> None:
    """The sentence says which two files are needed."""
    folder = write_tagger(tmp_path / "mine")
    (folder / "model.onnx").unlink()
    with pytest.raises(ClassifierError, match=r"needs `model\.onnx` and `selected_tags\.csv`"):
        build_classifier("wd", weights=folder, cache=tmp_path / "cache")


def test_an_unknown_kind(tmp_path: Path) -> None:
    """The sentence lists the known ones."""
    with pytest.raises(ClassifierError, match=r"called `clever`\. Known: `nsfwjs`, `wd`"):
        build_classifier("clever", cache=tmp_path)


def test_pins_of_checkpoints_are_kept(server: hub_server.Hub, tmp_path: Path) -> None:
    """A repository's pins may hold a checkpoint and a tagger side by side."""
    home = tmp_path / "cache" / "hub" / WD_REPO.replace("/", "--")
    home.mkdir(parents=True)
    (home / "pins.json").write_text(json.dumps({"main": {"commit": COMMIT, "files": []}}))
    build_classifier("wd", cache=tmp_path / "cache", hub_endpoint=server.url)
    assert set(json.loads((home / "pins.json").read_text())) == {"main", "main||||model.onnx|selected_tags.csv"}
    shutil.rmtree(home)

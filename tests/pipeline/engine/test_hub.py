"""Downloads against a real server on this machine: what is fetched, pinned, resumed, checked and refused."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from pipeline.engine.configs import write_configs
from pipeline.engine.fetch import RemoteFile
from pipeline.engine.hub import Hub
from pipeline.engine.hub_files import Wanted
from pipeline.engine.layout import MODELS, STEM
from pipeline.errors import Cancelled, WeightsError
from tests.support import hub_server
from tests.support.hub_server import COMMIT

UNET = "unet/diffusion_pytorch_model.safetensors"
REPO = "artist/tiny"
WANTED = Wanted(REPO)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository as published checkpoints look: with pickles, a single-file copy and pictures beside it.

    Its weights are any bytes, as nothing here loads them; `test_store` downloads and loads a real one.
    """
    folder = tmp_path_factory.mktemp("repository") / "tiny"
    write_configs(folder)
    for number, name in enumerate(MODELS):
        content = random.Random(number).randbytes(400_000 if name == "unet" else 50_000)
        (folder / name / f"{STEM[name]}.safetensors").write_bytes(content)
    for name in (
        "unet/diffusion_pytorch_model.bin",
        "text_encoder/model.onnx",
        "tiny.ckpt",
        "tiny.safetensors",
        "README.md",
        "sample.png",
    ):
        (folder / name).write_bytes(b"not wanted")
    return folder


@pytest.fixture
def server(repository: Path) -> Iterator[hub_server.Hub]:
    """A hub with one repository, without faults."""
    with hub_server.serve({REPO: repository}) as server:
        yield server


@pytest.fixture
def waits() -> list[float]:
    """The seconds a `hub` waited between attempts (it does not really wait)."""
    return []


@pytest.fixture
def hub(server: hub_server.Hub, tmp_path: Path, waits: list[float]) -> Hub:
    """A client of the server with an empty cache."""
    return Hub(tmp_path, endpoint=server.url, sleep=waits.append)


def test_downloads_what_is_needed(hub: Hub, server: hub_server.Hub, repository: Path) -> None:
    """The whole diffusers layout arrives unchanged; pickles, copies and pictures are not even asked for."""
    folder = hub.download(WANTED, "Tiny").checkpoint
    assert (folder / UNET).read_bytes() == (repository / UNET).read_bytes()
    asked = server.downloads()
    assert len(asked) == len(set(asked)) == 18
    assert {Path(name).suffix for name in asked} == {".json", ".txt", ".safetensors"}
    assert "tiny.safetensors" not in asked


def test_second_time_asks_nobody(hub: Hub, server: hub_server.Hub) -> None:
    """What is in the cache needs no network."""
    first = hub.download(WANTED, "Tiny")
    server.requests.clear()
    assert hub.download(WANTED, "Tiny") == first
    assert server.requests == []


def test_progress_rises_to_one(hub: Hub) -> None:
    """The fraction never falls, ends at 1, and the text counts bytes."""
    seen: list[tuple[str, float | None]] = []
    hub.download(WANTED, "Tiny", lambda text, fraction: seen.append((text, fraction)))
    fractions = [fraction for _, fraction in seen if fraction is not None]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert 3 < len(fractions) <= 101
    assert seen[-1][0].startswith("Downloading Tiny: ")
    assert seen[-1][0].endswith("MB")


@pytest.mark.parametrize("polite", [False, True])
def test_goes_on_after_a_cut_connection(
    hub: Hub, server: hub_server.Hub, waits: list[float], repository: Path, polite: bool
) -> None:
    """A connection cut in the middle is taken up with a Range from where it stopped, and the file is right."""
    server.polite = polite
    server.cut_after[UNET] = [100_000, 200_000]
    folder = hub.download(WANTED, "Tiny").folder
    assert server.ranges(UNET) == ["", "bytes=100000-", "bytes=300000-"]
    assert (folder / UNET).read_bytes() == (repository / UNET).read_bytes()
    assert len(waits) == 2


def test_goes_on_after_a_restart(hub: Hub, server: hub_server.Hub, tmp_path: Path) -> None:
    """What a killed process left is taken up by the next one."""
    found = hub.look_up(WANTED)
    part = found.folder / (UNET + ".part")
    part.parent.mkdir(parents=True)
    part.write_bytes((server.repos[REPO] / UNET).read_bytes()[:12345])
    Hub(tmp_path, endpoint=server.url).download(WANTED, "Tiny")
    assert server.ranges(UNET) == ["bytes=12345-"]
    assert not part.exists()


def test_a_whole_part_is_not_fetched_again(hub: Hub, server: hub_server.Hub) -> None:
    """A process killed just before renaming costs nothing."""
    found = hub.look_up(WANTED)
    part = found.folder / (UNET + ".part")
    part.parent.mkdir(parents=True)
    shutil.copy(server.repos[REPO] / UNET, part)
    hub.download(WANTED, "Tiny")
    assert server.ranges(UNET) == []


def test_servers_without_ranges(hub: Hub, server: hub_server.Hub, repository: Path) -> None:
    """A server that ignores the Range sends everything; nothing is appended twice."""
    server.ignore_ranges = True
    server.cut_after[UNET] = [150_000]
    folder = hub.download(WANTED, "Tiny").folder
    assert (folder / UNET).read_bytes() == (repository / UNET).read_bytes()


def test_a_damaged_file_is_fetched_again(hub: Hub, server: hub_server.Hub, repository: Path) -> None:
    """Wrong bytes are noticed by their hash, thrown away and fetched once more."""
    server.damage = {UNET: 1, "unet/config.json": 1}
    folder = hub.download(WANTED, "Tiny").folder
    for name in server.damage:
        assert server.ranges(name) == ["", ""]
        assert (folder / name).read_bytes() == (repository / name).read_bytes()


def test_a_file_that_stays_damaged(hub: Hub, server: hub_server.Hub) -> None:
    """A mirror with a broken file gives a sentence with the file, and nothing broken stays."""
    server.damage = {UNET: 9}
    with pytest.raises(WeightsError, match="arrived damaged twice") as caught:
        hub.download(WANTED, "Tiny")
    assert UNET in caught.value.text
    cached = hub.cached(WANTED)
    assert cached
    assert UNET in {file.name for file in cached.missing}
    assert not (cached.folder / UNET).exists()


def test_busy_server(hub: Hub, server: hub_server.Hub, waits: list[float]) -> None:
    """Statuses that pass are waited out, longer each time."""
    server.busy = [503, 429, 502]
    hub.download(WANTED, "Tiny")
    assert waits == sorted(waits)
    assert len(waits) == 3


def test_gives_up_when_nothing_arrives(hub: Hub, server: hub_server.Hub, waits: list[float]) -> None:
    """After several attempts that bring nothing it says so; what arrived before stays for the next time."""
    server.cut_after[UNET] = [100_000] + [0] * 20
    with pytest.raises(WeightsError, match="cannot be reached"):
        hub.download(WANTED, "Tiny")
    assert len(waits) == 6
    cached = hub.cached(WANTED)
    assert cached
    assert (cached.folder / (UNET + ".part")).stat().st_size == 100_000


def test_the_commit_stays(hub: Hub, server: hub_server.Hub, tmp_path: Path) -> None:
    """The branch moved on since the first download: the commit written down then is used."""
    first = hub.download(WANTED, "Tiny")
    server.commits["main"] = "f" * 40
    again = Hub(tmp_path, endpoint=server.url).download(WANTED, "Tiny")
    assert first.commit == again.commit == COMMIT
    pins = json.loads((tmp_path / "hub" / "artist--tiny" / "pins.json").read_text())
    assert pins["main"]["commit"] == COMMIT


def test_an_interrupted_download_keeps_its_commit(hub: Hub, server: hub_server.Hub) -> None:
    """A branch that moves between two halves of a download does not mix two versions."""
    hub.look_up(WANTED)
    server.commits = {"main": "f" * 40, "old": COMMIT}
    assert hub.download(WANTED, "Tiny").commit == COMMIT


def test_another_revision_is_another_commit(hub: Hub, server: hub_server.Hub) -> None:
    """Each revision named by a profile has its own commit."""
    server.commits["v2"] = "e" * 40
    assert hub.look_up(WANTED).commit == COMMIT
    assert hub.look_up(Wanted(REPO, "v2")).commit == "e" * 40


def test_damaged_notes_are_made_anew(hub: Hub, tmp_path: Path) -> None:
    """A pins file that is not ours is no reason to fail."""
    hub.look_up(WANTED)
    (tmp_path / "hub" / "artist--tiny" / "pins.json").write_text('{"main": {"commit": 3}}')
    assert hub.cached(WANTED) is None
    assert hub.look_up(WANTED).commit == COMMIT


@pytest.mark.parametrize(
    ("refuse", "says"),
    [
        ({"api": (403, "GatedRepo")}, "is gated: accept its terms"),
        ({UNET: (403, "GatedRepo")}, "is gated: accept its terms"),
        ({"api": (401, "RepoNotFound")}, "no repository `artist/tiny`"),
        ({"api": (404, "RepoNotFound")}, "no repository `artist/tiny`"),
        ({"api": (404, "RevisionNotFound")}, "no revision `main`"),
        ({UNET: (404, "EntryNotFound")}, "is gone"),
        ({UNET: (403, "")}, "refuses access"),
        ({"api": (404, "")}, "knows no repository"),
        ({"api": (500, "")}, "HTTP 500"),
    ],
)
def test_refusals(hub: Hub, server: hub_server.Hub, refuse: dict[str, tuple[int, str]], says: str) -> None:
    """Each refusal gives a sentence that names the repository and what to do."""
    server.refuse = refuse
    with pytest.raises(WeightsError, match=says) as caught:
        hub.download(WANTED, "Tiny")
    assert REPO in caught.value.text


def test_offline(tmp_path: Path) -> None:
    """Without a connection the sentence names the hub and the way out."""
    hub = Hub(tmp_path, endpoint=hub_server.closed_port())
    with pytest.raises(WeightsError, match=r"cannot be reached.*WEIGHTS_"):
        hub.download(WANTED, "Tiny")


def test_not_a_hub(tmp_path: Path) -> None:
    """An address that is none is no crash."""
    with pytest.raises(WeightsError):
        Hub(tmp_path, endpoint="http://127.0.0.1:notaport").download(WANTED, "Tiny")


@pytest.mark.parametrize("repo", ["", "tiny", "a/b/c", "../x", "a/..", "a b/c"])
def test_repository_names(tmp_path: Path, repo: str) -> None:
    """What is no `owner/name` is refused before anything is touched."""
    with pytest.raises(WeightsError, match="write owner/name"):
        Hub(tmp_path).download(Wanted(repo), "Tiny")
    assert list(tmp_path.iterdir()) == []


def test_disk_too_small(server: hub_server.Hub, tmp_path: Path) -> None:
    """Too little room is said before the first byte, with how much is needed."""
    hub = Hub(tmp_path, endpoint=server.url, free_bytes=lambda _: 1_000_000)
    with pytest.raises(WeightsError, match="too full"):
        hub.download(WANTED, "Tiny")
    assert server.downloads() == []


def test_disk_full_meanwhile(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fills up during the download gives the same sentence."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pipeline.engine.fetch._go_on", full)
    with pytest.raises(WeightsError, match="too full"):
        hub.download(WANTED, "Tiny")


def test_cache_is_a_file(server: hub_server.Hub, tmp_path: Path) -> None:
    """A file in the place of the cache folder is named."""
    (tmp_path / "hub").touch()
    with pytest.raises(WeightsError, match="cannot be written"):
        Hub(tmp_path, endpoint=server.url).download(WANTED, "Tiny")


def test_waiting_for_another_program_can_be_cancelled(hub: Hub, server: hub_server.Hub, tmp_path: Path) -> None:
    """While it downloads the same, this one says so, and stops when it is told to."""
    home = tmp_path / "hub" / "artist--tiny"
    home.mkdir(parents=True)
    texts: list[str] = []
    with FileLock(home / ".lock"), pytest.raises(Cancelled):
        hub.download(WANTED, "Tiny", lambda text, _: texts.append(text), cancelled=lambda: bool(texts))
    assert texts == ["Waiting for another program that downloads Tiny"]
    assert server.downloads() == []


def test_after_another_program_it_goes_on(hub: Hub, tmp_path: Path) -> None:
    """As soon as the other one is done, and it leaves the folder free in turn."""
    home = tmp_path / "hub" / "artist--tiny"
    home.mkdir(parents=True)
    other = FileLock(home / ".lock")
    other.acquire()
    assert hub.download(WANTED, "Tiny", lambda *_: other.release()).missing == ()
    with FileLock(home / ".lock", timeout=0):
        pass


def test_cancelling_keeps_what_arrived(hub: Hub, server: hub_server.Hub) -> None:
    """A cancelled download stops between chunks and goes on later."""
    with pytest.raises(Cancelled):
        hub.download(WANTED, "Tiny", cancelled=lambda: True)
    hub.download(WANTED, "Tiny")
    assert len([name for name in server.downloads() if name == "model_index.json"]) == 1


def test_token_goes_to_the_hub_only(server: hub_server.Hub, tmp_path: Path, repository: Path) -> None:
    """The hub sees the access token; the host it redirects downloads to does not."""
    with hub_server.serve({REPO: repository}) as elsewhere:
        server.redirect = elsewhere.url
        Hub(tmp_path, endpoint=server.url, token="hf_secret").download(WANTED, "Tiny")
    assert {headers.get("authorization") for _, _, headers in server.requests} == {"Bearer hf_secret"}
    assert {headers.get("authorization") for _, _, headers in elsewhere.requests} == {None}


def test_environment_is_honoured(
    server: hub_server.Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HF_ENDPOINT and HF_TOKEN count also when they are set after the library was imported."""
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    monkeypatch.setenv("HF_TOKEN", "hf_fromenv")
    Hub(tmp_path).download(WANTED, "Tiny")
    assert {headers.get("authorization") for _, _, headers in server.requests} == {"Bearer hf_fromenv"}


def test_parts_count_as_had(hub: Hub) -> None:
    """What is missing is counted in bytes, less what has arrived."""
    found = hub.look_up(WANTED)
    whole = found.missing_bytes
    assert whole == sum(file.size for file in found.files)
    part = found.folder / (UNET + ".part")
    part.parent.mkdir(parents=True)
    part.write_bytes(b"x" * 1000)
    assert found.missing_bytes == whole - 1000


@pytest.mark.parametrize(
    "name", ["../x.json", "/etc/x.json", "unet/../../x.json", "unet\\..\\x.json", "c:x.json"]
)
def test_file_names_that_lead_outside(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    """A server that names files outside the cache is not believed."""
    monkeypatch.setattr("pipeline.engine.hub.choose_files", lambda *_: ("model_index.json",))
    monkeypatch.setattr("pipeline.engine.hub.RemoteFile", lambda _name, *rest: RemoteFile(name, *rest))
    with pytest.raises(WeightsError, match="did not answer as a hub"):
        hub.download(WANTED, "Tiny")
    assert not list(tmp_path.rglob("x.json"))

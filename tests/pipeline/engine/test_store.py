"""The store: where weights are found, what stays in memory, and what `doctor` is told."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from pipeline.engine.device import DeviceError
from pipeline.engine.hub import Hub
from pipeline.engine.hub_files import Wanted
from pipeline.engine.layout import MODELS
from pipeline.engine.model import LoadedModel
from pipeline.engine.store import ModelStore
from pipeline.engine.weights import WeightsState
from pipeline.errors import Cancelled, InvalidRequest, WeightsError
from pipeline.profiles.types import Profile, Source
from tests.support import hub_server
from tests.support.hub_server import COMMIT
from tests.support.ldm import write_single_file
from tests.support.plain_profile import plain_profile

REPO, VAE_REPO, FILE_REPO = "artist/tiny", "artist/vae", "artist/file"


@pytest.fixture(scope="module")
def single_file(miniature_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The miniature as one file."""
    path = tmp_path_factory.mktemp("single") / "tiny.safetensors"
    write_single_file(miniature_folder, path)
    return path


@pytest.fixture
def server(miniature_folder: Path, single_file: Path) -> Iterator[hub_server.Hub]:
    """A hub with a checkpoint, a VAE and a one-file checkpoint."""
    repos = {REPO: miniature_folder, VAE_REPO: miniature_folder / "vae", FILE_REPO: single_file.parent}
    with hub_server.serve(repos) as server:
        yield server


def _store(
    cache: Path,
    *profiles: Profile,
    url: str = "http://127.0.0.1:9",
    weights: dict[str, Path] | None = None,
    max_loaded: int = 1,
    device: str = "cpu",
    configs: Path | None = None,
    built_in: Path | None = None,
) -> ModelStore:
    return ModelStore(
        {profile.id: profile for profile in profiles},
        cache_dir=cache,
        weights=weights,
        device=device,
        max_loaded=max_loaded,
        hub=Hub(cache, endpoint=url, sleep=lambda _: None),
        configs=configs,
        built_in_folder=built_in,
    )


def _assert_same_weights(one: LoadedModel, other: LoadedModel) -> None:
    for name in MODELS:
        first, second = getattr(one, name).state_dict(), getattr(other, name).state_dict()
        assert all(torch.equal(first[key], second[key]) for key in first)


def test_built_in(miniature_folder: Path, tmp_path: Path) -> None:
    """A profile without a repository paints with the built-in model, whose version recipes name."""
    texts: list[str] = []
    store = _store(tmp_path, plain_profile("miniature"), built_in=miniature_folder)
    model = store.get("miniature", lambda text, _: texts.append(text))
    assert model.weights == "miniature:random-1"
    assert model.profile.id == "miniature"
    assert (model.device, model.dtype) == (torch.device("cpu"), torch.float32)
    assert texts == ["Loading Miniature"]


def test_loaded_once(miniature_folder: Path, tmp_path: Path) -> None:
    """The second call gives the same model at once."""
    store = _store(tmp_path, plain_profile(), built_in=miniature_folder)
    assert store.get("tiny") is store.get("tiny")


def test_least_recently_used_goes_first(miniature_folder: Path, tmp_path: Path) -> None:
    """With room for two, the third one takes the place of the one not used for longest."""
    store = _store(tmp_path, *map(plain_profile, "abc"), max_loaded=2, built_in=miniature_folder)
    first = store.get("a")
    store.get("b")
    store.get("a")
    store.get("c")
    assert store.loaded == ("a", "c")
    assert store.get("a") is first


def test_release(miniature_folder: Path, tmp_path: Path) -> None:
    """A released model is loaded anew; releasing what is not there is fine."""
    store = _store(tmp_path, plain_profile(), built_in=miniature_folder)
    first = store.get("tiny")
    store.release("tiny")
    store.release("tiny")
    assert store.loaded == ()
    assert store.get("tiny") is not first


def test_own_folder(miniature_folder: Path, tmp_path: Path) -> None:
    """The owner's folder goes before the hub, which is not asked."""
    profile = plain_profile(source=Source(REPO))
    store = _store(tmp_path, profile, weights={"tiny": miniature_folder})
    assert store.get("tiny").weights == f"folder:{miniature_folder.name}"


@pytest.mark.parametrize("as_folder", [False, True])
def test_own_file(miniature_folder: Path, single_file: Path, tmp_path: Path, as_folder: bool) -> None:
    """The owner's file, or a folder with one file in it, is named with its hash."""
    path = single_file.parent if as_folder else single_file
    store = _store(tmp_path, plain_profile(), weights={"tiny": path}, configs=miniature_folder)
    name, _, digest = store.get("tiny").weights.partition("@")
    assert name == "file:tiny.safetensors"
    assert len(digest) == 10


def test_from_the_hub(server: hub_server.Hub, tmp_path: Path, miniature_folder: Path) -> None:
    """What is not here is downloaded at first use, over a cut connection, and named with its commit."""
    server.cut_after["unet/diffusion_pytorch_model.safetensors"] = [1_000_000]
    fractions: list[float | None] = []
    store = _store(tmp_path, plain_profile(source=Source(REPO)), url=server.url)
    model = store.get("tiny", lambda _, fraction: fractions.append(fraction))
    assert model.weights == f"hub:{REPO}@{COMMIT}"
    assert 1.0 in fractions
    assert server.ranges("unet/diffusion_pytorch_model.safetensors") == ["", "bytes=1000000-"]
    same = _store(tmp_path / "other", plain_profile(), built_in=miniature_folder).get("tiny")
    _assert_same_weights(model, same)


def test_one_file_from_the_hub(server: hub_server.Hub, tmp_path: Path, miniature_folder: Path) -> None:
    """A repository with a single file loads, too."""
    store = _store(tmp_path, plain_profile(source=Source(FILE_REPO)), url=server.url, configs=miniature_folder)
    assert store.get("tiny").weights == f"hub:{FILE_REPO}@{COMMIT}"


def test_the_profiles_own_vae(server: hub_server.Hub, tmp_path: Path) -> None:
    """A VAE named by the profile is fetched and named in the weights."""
    store = _store(tmp_path, plain_profile(source=Source(REPO, vae_repo=VAE_REPO)), url=server.url)
    assert store.get("tiny").weights == f"hub:{REPO}@{COMMIT}+vae:hub:{VAE_REPO}@{COMMIT}"


def test_own_weights_do_without_the_hubs_vae(miniature_folder: Path, tmp_path: Path) -> None:
    """Local weights on a machine without the hub paint with their own VAE, and their name says so."""
    profile = plain_profile(source=Source(REPO, vae_repo=VAE_REPO))
    store = _store(tmp_path, profile, weights={"tiny": miniature_folder})
    assert "+vae" not in store.get("tiny").weights


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda _: None, "do not exist"),
        (lambda path: path.mkdir(), "holds no checkpoint"),
        (lambda path: path.write_bytes(b""), "is empty"),
        (
            lambda path: [path.mkdir(), *((path / f"{n}.safetensors").touch() for n in "ab")],
            "several checkpoints",
        ),
    ],
)
def test_broken_own_weights(tmp_path: Path, make: object, says: str) -> None:
    """Painting and `doctor` say the same about broken weights, naming the path; nothing is loaded."""
    path = tmp_path / "mine"
    assert callable(make)
    make(path)
    store = _store(tmp_path, plain_profile(), weights={"tiny": path})
    with pytest.raises(WeightsError, match=says) as caught:
        store.get("tiny")
    assert str(path) in caught.value.text
    status = store.describe("tiny")
    assert (status.state, status.text) == (WeightsState.BROKEN, caught.value.text)
    assert store.loaded == ()


def test_a_model_in_memory_survives_a_failing_one(miniature_folder: Path, tmp_path: Path) -> None:
    """Weights that cannot be found do not cost the model that is loaded."""
    bad = plain_profile("bad")
    store = _store(
        tmp_path, plain_profile(), bad, weights={"bad": tmp_path / "gone"}, built_in=miniature_folder
    )
    model = store.get("tiny")
    with pytest.raises(WeightsError):
        store.get("bad")
    assert store.get("tiny") is model


def test_cancelled_download(server: hub_server.Hub, tmp_path: Path) -> None:
    """Stopping the bot stops a download."""
    profile = plain_profile(source=Source(REPO))
    store = ModelStore(
        {"tiny": profile},
        cache_dir=tmp_path,
        device="cpu",
        hub=Hub(tmp_path, endpoint=server.url),
        cancelled=lambda: True,
    )
    with pytest.raises(Cancelled):
        store.get("tiny")


def test_unknown_profile(tmp_path: Path) -> None:
    """An id that no profile has gives the known ones."""
    with pytest.raises(InvalidRequest, match="Known models: tiny"):
        _store(tmp_path, plain_profile()).get("nope")


def test_unknown_device(tmp_path: Path) -> None:
    """A device that is not there is said before anything is fetched."""
    with pytest.raises(DeviceError, match="not a device"):
        _store(tmp_path, plain_profile(), device="tpu").get("tiny")


def test_describe_without_a_download(server: hub_server.Hub, tmp_path: Path) -> None:
    """Nothing here yet: downloadable, and asking the hub tells how much."""
    store = _store(tmp_path, plain_profile(source=Source(REPO)), url=server.url)
    status = store.describe("tiny")
    assert (status.state, status.missing_bytes, status.usable) == (WeightsState.DOWNLOADABLE, None, False)
    assert server.requests == []
    online = store.check_online("tiny")
    assert online.state is WeightsState.DOWNLOADABLE
    assert online.missing_bytes
    assert online.missing_bytes > 10_000_000


def test_describe_after_a_download(server: hub_server.Hub, tmp_path: Path) -> None:
    """Here: cached. A file lost: partial. A file damaged in place: broken, with the file's name."""
    store = _store(tmp_path, plain_profile(source=Source(REPO)), url=server.url)
    folder = Hub(tmp_path, endpoint=server.url).download(Wanted(REPO), "Tiny").folder
    assert store.describe("tiny").state is WeightsState.CACHED
    unet = folder / "unet" / "diffusion_pytorch_model.safetensors"
    shutil.move(unet, unet.with_suffix(".kept"))
    assert store.describe("tiny").state is WeightsState.PARTIAL
    unet.write_bytes(b"\0" * unet.with_suffix(".kept").stat().st_size)
    status = store.describe("tiny")
    assert status.state is WeightsState.BROKEN
    assert str(unet) in status.text


def test_describe_local_and_built_in(miniature_folder: Path, tmp_path: Path) -> None:
    """Local weights and the built-in ones are usable without the network."""
    own = {"own": miniature_folder}
    store = _store(tmp_path, plain_profile(), plain_profile("own"), weights=own, built_in=miniature_folder)
    assert store.describe("own").state is WeightsState.LOCAL
    assert store.describe("tiny").state is WeightsState.BUILT_IN
    assert store.check_online("own").usable
    assert store.describe("tiny").usable


def test_check_online_without_a_hub(tmp_path: Path) -> None:
    """A hub that cannot be reached makes it broken, with the reason."""
    store = _store(tmp_path, plain_profile(source=Source(REPO)), url=hub_server.closed_port())
    status = store.check_online("tiny")
    assert status.state is WeightsState.BROKEN
    assert "cannot be reached" in status.text


def test_looking_needs_no_torch() -> None:
    """Importing the store for `doctor` stays light."""
    code = (
        "import sys, pipeline.engine.store;"
        "print(sorted({'torch', 'diffusers', 'transformers', 'huggingface_hub'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_fetching_apart_from_loading(server: hub_server.Hub, tmp_path: Path) -> None:
    """Not here, then fetched without being loaded, then loaded without asking the hub again."""
    store = _store(tmp_path, plain_profile(source=Source(REPO)), url=server.url)
    assert not store.is_here("tiny")
    fractions: list[float | None] = []
    store.fetch("tiny", lambda _, fraction: fractions.append(fraction))
    assert 1.0 in fractions
    assert store.is_here("tiny")
    assert store.loaded == ()
    asked = len(server.requests)
    assert store.get("tiny").weights == f"hub:{REPO}@{COMMIT}"
    assert len(server.requests) == asked


def test_models_are_got_while_another_is_fetched(miniature_folder: Path, tmp_path: Path) -> None:
    """A download holds up neither loading nor releasing."""
    store = _store(
        tmp_path, plain_profile(source=Source(REPO)), plain_profile("own"), weights={"own": miniature_folder}
    )
    got: list[str] = []

    def progress(_text: str, _fraction: float | None) -> None:
        def other() -> None:
            got.append(store.get("own").weights)
            store.release_idle(())

        thread = threading.Thread(target=other, daemon=True)
        thread.start()
        thread.join(10)
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        store.fetch("tiny", progress)
    assert got == [f"folder:{miniature_folder.name}"]


def test_a_fetch_is_cancelled(server: hub_server.Hub, tmp_path: Path) -> None:
    """By its own question, beside the one of the store."""
    store = _store(tmp_path, plain_profile(source=Source(REPO)), url=server.url)
    with pytest.raises(Cancelled):
        store.fetch("tiny", cancelled=lambda: True)
    assert not store.is_here("tiny")


def test_what_needs_no_download_is_here(miniature_folder: Path, tmp_path: Path) -> None:
    """Local weights, the miniature, and ids that nobody knows; local weights with a VAE from the hub are not."""
    mixed = plain_profile("mixed", Source(REPO, vae_repo=VAE_REPO))
    weights = {"own": miniature_folder, "mixed": miniature_folder}
    store = _store(tmp_path, plain_profile("own", Source(REPO)), plain_profile(), mixed, weights=weights)
    assert [store.is_here(name) for name in ("own", "tiny", "unknown", "mixed")] == [True, True, True, False]
    store.fetch("mixed")  # the hub is not there: the checkpoint's own VAE does
    assert store.is_here("mixed")

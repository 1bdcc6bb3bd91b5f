"""Sentences for what can go wrong between us and a hub."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from pipeline.errors import WeightsError


@contextlib.contextmanager
def explained(repo: str, revision: str, address: str) -> Iterator[None]:
    """Turn the errors of `huggingface_hub` and its HTTP client into a `WeightsError` that says what to do."""
    import httpx2
    from huggingface_hub import errors

    try:
        yield
    except errors.GatedRepoError as error:
        raise WeightsError(
            "The repository `{repo}` is gated: accept its terms on {address}/{repo} and put an access token "
            "into HF_TOKEN.",
            repo=repo,
            address=address,
        ) from error
    except errors.RevisionNotFoundError as error:
        raise WeightsError(
            "The repository `{repo}` has no revision `{revision}`: correct it in the profile.",
            repo=repo,
            revision=revision,
        ) from error
    except errors.RemoteEntryNotFoundError as error:
        raise WeightsError(
            "A file that `{repo}` had announced is gone from {address}: try again later, or name another "
            "revision.",
            repo=repo,
            address=address,
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise WeightsError(
            "There is no repository `{repo}` on {address}, or it is private: check its name, or put an access "
            "token that may read it into HF_TOKEN.",
            repo=repo,
            address=address,
        ) from error
    except errors.HfHubHTTPError as error:
        raise _status(repo, address, error.response.status_code) from error
    except (errors.OfflineModeIsEnabled, httpx2.TransportError, ConnectionError, TimeoutError) as error:
        raise WeightsError(
            "{address} cannot be reached, so the weights of `{repo}` cannot be downloaded: check the "
            "connection and HF_ENDPOINT, or point the profile's WEIGHTS_ setting at a local copy. A download "
            "goes on where it stopped.",
            address=address,
            repo=repo,
        ) from error
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise WeightsError(
            "{address} is not a hub: check HF_ENDPOINT ({reason}).", address=address, reason=error
        ) from error


def _status(repo: str, address: str, status: int) -> WeightsError:
    if status in {401, 403}:
        return WeightsError(
            "{address} refuses access to `{repo}` (HTTP {status}): accept its terms there if it has any, and "
            "check the access token in HF_TOKEN.",
            address=address,
            repo=repo,
            status=status,
        )
    if status == 404:
        return WeightsError(
            "{address} knows no repository `{repo}` or not the file asked for: check the name.",
            address=address,
            repo=repo,
        )
    return WeightsError(
        "{address} answers with HTTP {status} when asked for `{repo}`: try again in a few minutes.",
        address=address,
        repo=repo,
        status=status,
    )

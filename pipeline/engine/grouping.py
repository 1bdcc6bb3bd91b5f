"""Which of the running images share a UNet call."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby

from pipeline.engine.model import LoadedModel
from pipeline.engine.running import Running


def groups(
    images: Iterable[Running],
    *,
    limit: Callable[[LoadedModel, tuple[int, int]], int | None],
    is_exact: Callable[[LoadedModel], bool],
) -> list[list[Running]]:
    """Images that may share a UNet call: those of one model, one latent shape and one kind of guidance.

    Args:
        images: all that are running.
        limit: most images of a model and a latent shape (height, width) in one call; None for no limit.
        is_exact: whether calls with a model must not change a bit of anyone's picture; then only texts of one
            length share a call. Others could join with padding and a mask, which costs less than a call of
            their own, but the mask makes attention choose another kernel.

    Returns:
        Each image once, in groups that keep the order in which the images joined.
    """

    def key(image: Running) -> tuple[int, tuple[int, int], bool, int]:
        length = image.tokens.shape[1] if is_exact(image.model) else 0
        return id(image.model), image.shape, image.timestep_cond is None, length

    found = []
    for _, members in groupby(sorted(images, key=key), key):
        alike = list(members)
        size = limit(alike[0].model, alike[0].shape) or len(alike)
        found += [alike[at : at + size] for at in range(0, len(alike), size)]
    return found

"""Looks for words of English in what is shown to a member who reads another script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pipeline.profiles.loader import load_profiles
from pipeline.profiles.types import Rating
from pipeline.samplers import SAMPLERS
from tests.support.simcord_env import raw_components
from tests.support.wire import walk

READ: set[str] = {"content", "label", "description", "placeholder", "title", "text"}
"""What of a component a member reads."""
_WORD = re.compile(r"[A-Za-z]{2,}")


def words(*texts: str) -> set[str]:
    """The words of texts, such as a prompt's tags."""
    return {word for text in texts for word in _WORD.findall(text)}


NAMES: set[str] = words(
    "A1111 Discord GPU JPEG MB NSFW PNG SDXL Tagbrush none",
    *(profile.name for profile in load_profiles().values()),
    *(preset.name for profile in load_profiles().values() for preset in profile.negative_presets),
    *(sampler.name for sampler in SAMPLERS.values()),
    *Rating,
)
"""What is called the same everywhere."""
_CODE = re.compile(r"```.*?```|`[^`]*`|\]\(<?[^)>]*>?\)|<[^>]*>|https?://\S+", re.DOTALL)


def english(shown: Any, *names: str) -> list[str]:
    """The texts with words of English in them, of a message, a response or a form; `names` may be among them."""
    texts = ((text, words(_CODE.sub(" ", text)) - NAMES - words(*names)) for text in _texts(shown))
    return [f"{sorted(found)}: {text}" for text, found in texts if found]


def _texts(shown: Any) -> Iterator[str]:
    if isinstance(shown, str):
        yield shown
        return
    if isinstance(shown, dict):
        components = [shown]
    else:
        yield shown.content or ""
        components = raw_components(shown)
    for component in walk(components):
        parts = [component, *(component.get("options") or ()), *(component.get("items") or ())]
        for part in parts:
            yield from (str(part[key]) for key in READ & part.keys() if isinstance(part[key], str))

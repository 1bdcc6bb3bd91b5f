"""Which device paints and in which precision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipeline.errors import MemberError

if TYPE_CHECKING:
    import torch

DTYPES: Final = ("auto", "float16", "bfloat16", "float32")


class DeviceError(MemberError):
    """The device or precision asked for is not there: the text says which ones are."""


def choose_device(setting: str = "auto") -> torch.device:
    """The device for a setting: `auto` (CUDA, else Apple's MPS, else the CPU), `cuda`, `cuda:1`, `mps`, `cpu`.

    Raises:
        DeviceError: an unknown word, or a device this machine or this torch does not have.
    """
    import torch

    wanted = setting.strip().lower() or "auto"
    cards = torch.cuda.device_count() if torch.cuda.is_available() else 0
    apple = torch.backends.mps.is_available()
    if wanted == "auto":
        return torch.device("cuda", 0) if cards else torch.device("mps" if apple else "cpu")
    kind, _, number = wanted.partition(":")
    if kind not in {"cuda", "mps", "cpu"} or (number and (kind != "cuda" or not number.isdecimal())):
        raise DeviceError("`{setting}` is not a device: write auto, cuda, cuda:1, mps or cpu.", setting=setting)
    index = int(number or 0)
    if kind == "cuda" and index >= cards:
        raise DeviceError(
            "The device `{setting}` is not there: this torch sees {cards} CUDA cards. Check the driver, or "
            "write auto or cpu.",
            setting=setting,
            cards=cards,
        )
    if kind == "mps" and not apple:
        raise DeviceError("The device `mps` is not there: this is no Mac with Metal. Write auto or cpu.")
    return torch.device("cuda", index) if kind == "cuda" else torch.device(kind)


def choose_dtype(device: torch.device, setting: str = "auto") -> torch.dtype:
    """The precision for a setting on a device: `auto` is float16 on CUDA, where it is fast, else float32.

    float16 on the CPU is slow to the point of being useless, and on MPS SDXL's attention overflows in it, so
    `auto` never chooses it there; float16 files are loaded as float32.

    Raises:
        DeviceError: an unknown word.
    """
    import torch

    wanted = setting.strip().lower() or "auto"
    if wanted not in DTYPES:
        raise DeviceError(
            "`{setting}` is not a precision: write {known}.", setting=setting, known=", ".join(DTYPES)
        )
    if wanted == "auto":
        wanted = "float16" if device.type == "cuda" else "float32"
    dtype: torch.dtype = getattr(torch, wanted)
    return dtype


def free_cached_memory(device: torch.device) -> None:
    """Give memory of models that are gone back to the device, so that the next one fits."""
    import gc

    import torch

    # Modules refer to themselves through hooks and parametrisations: without a collection they linger.
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()

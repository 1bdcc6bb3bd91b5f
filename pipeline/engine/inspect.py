"""What the chosen device is, for the doctor."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass

from pipeline.engine.device import choose_device


@dataclass(frozen=True, slots=True)
class DeviceReport:
    """`kind` is cuda, mps or cpu; `free` and `total` are bytes of its memory, 0 where it cannot be asked."""

    kind: str
    name: str
    free: int = 0
    total: int = 0


def describe_device(setting: str) -> DeviceReport:
    """Look at the device a setting chooses. Imports torch, which takes seconds.

    Raises:
        DeviceError: this machine or this torch does not have it.
    """
    import torch

    device = choose_device(setting)
    if device.type == "cuda":
        free, total = torch.cuda.mem_get_info(device)
        return DeviceReport("cuda", torch.cuda.get_device_name(device), free, total)
    if device.type == "mps":
        total = torch.mps.recommended_max_memory()
        return DeviceReport("mps", f"Apple GPU of {platform.processor()}", total, total)
    return DeviceReport("cpu", f"{platform.machine()} processor with {os.cpu_count()} cores")

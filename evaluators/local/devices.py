"""Where a model runs, and in which number format."""

import torch


def device_of(name: str) -> torch.device:
    """Return the device a setting means; `auto` is the first GPU where there is one."""
    if name != "auto":
        return torch.device(name)
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def dtype_of(name: str, device: torch.device) -> torch.dtype:
    """Return the number format a setting means; `auto` is bfloat16 on a GPU and float32 on a CPU."""
    kinds = {"bfloat16": torch.bfloat16, "float16": torch.float16, "float32": torch.float32}
    return kinds.get(name, torch.bfloat16 if device.type == "cuda" else torch.float32)

"""Which model a local judge is, and how it runs."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalSettings:
    """What a worker needs to know before it loads anything."""

    path: str
    """A folder with a model's files as `save_pretrained` writes them, or its name on the Hugging Face hub."""
    device: str = "auto"
    """`auto` takes the first GPU where there is one; else `cpu`, `cuda`, `cuda:1`."""
    dtype: Literal["auto", "bfloat16", "float16", "float32"] = "auto"
    """`auto` is bfloat16 on a GPU and float32 on a CPU."""
    engine: Literal["transformers", "vllm", "pairs"] = "transformers"
    """`pairs` is a classifier of pairs of texts; the others are language models."""
    label: str = ""
    """For `pairs`: the label that means support; found by its name when left empty."""
    batch_tokens: int = 16_384
    """The most positions one batch may hold, prefix included: this bounds the memory for keys and values."""
    longest_prompt: int = 32_768
    """Tokens; a longer prompt is refused and never cut, for its question might be what is cut off."""
    threads: int = 0
    """Threads on a CPU; 0 leaves it to PyTorch."""

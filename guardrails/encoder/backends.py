"""What computes the network: ONNX Runtime on a CPU, PyTorch on a GPU. Their libraries are loaded here and only when asked for."""

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guardrails.encoder.manifest import GRAPH, Manifest

Array = NDArray[np.float32]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Logits:
    """What the heads say of a batch of windows."""

    tokens: Array
    toxicity: Array
    injection: Array
    embedding: Array


Batch = tuple[Integers, Integers, Integers]
"""Windows padded to one length: token numbers, their types, and the mask of where there are any."""
Backend = Callable[[Sequence[Batch]], Iterable[Logits]]
"""Computes batches, and returns what the heads say in the same order."""


def on_cpu(directory: Path, *, threads: int) -> Backend:
    """Load the eight-bit graph. Every batch is computed by one thread: sharing one among several costs a third more."""
    session = eight_bits(str(directory / GRAPH))
    names = ["tokens", "toxicity", "injection", "embedding"]

    def compute(batch: Batch) -> Logits:
        return Logits(*session.run(names, dict(zip(("ids", "types", "mask"), batch, strict=True))))

    if threads == 1:
        return lambda batches: map(compute, batches)
    pool = ThreadPoolExecutor(threads, thread_name_prefix="encoder")
    return lambda batches: pool.map(compute, batches)


def eight_bits(graph: str | bytes, *, threads: int = 1) -> Any:
    """Load a graph, from a file or as it is, into ONNX Runtime, which is told to keep what it loads to itself."""
    # From 1.29 on it reports to its maker, unless it is told not to before it is loaded itself.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # noqa: TID251
    import onnxruntime  # noqa: PLC0415

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def on_device(directory: Path, manifest: Manifest, *, device: str) -> Backend:
    """Load the sixteen-bit weights into PyTorch, on a GPU or wherever it computes."""
    import torch  # noqa: PLC0415

    from guardrails.encoder.tensors import load_network  # noqa: PLC0415

    network = load_network(directory, manifest).to(device)
    is_gpu = torch.device(device).type == "cuda"

    def moved(numbers: Integers) -> torch.Tensor:
        tensor = torch.from_numpy(numbers)
        return tensor.pin_memory().to(device, non_blocking=True) if is_gpu else tensor.to(device)

    @torch.inference_mode()
    def compute(batches: Sequence[Batch]) -> Iterable[Logits]:
        # All of them are under way before the first is waited for.
        begun = [network(*map(moved, batch)) for batch in batches]
        heads = [(each.tokens, each.toxicity, each.injection, each.embedding) for each in begun]
        return [Logits(*(head.float().cpu().numpy() for head in each)) for each in heads]

    return compute

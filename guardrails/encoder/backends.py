"""What computes the network: ONNX Runtime on a CPU, PyTorch on a GPU. Their libraries are loaded here and only when asked for."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

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


Backend = Callable[[Integers, Integers, Integers], Logits]
"""Computes a padded batch of token numbers, their types, and the mask of where there are any."""


def on_cpu(directory: Path, *, threads: int) -> Backend:
    """Load the eight-bit graph."""
    # From 1.29 on it reports to its maker what it loads, unless it is told not to before it is loaded itself.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # noqa: TID251
    import onnxruntime  # noqa: PLC0415

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        str(directory / GRAPH), options, providers=["CPUExecutionProvider"]
    )
    names = ["tokens", "toxicity", "injection", "embedding"]

    def compute(ids: Integers, types: Integers, mask: Integers) -> Logits:
        return Logits(*session.run(names, {"ids": ids, "types": types, "mask": mask}))

    return compute


def on_device(directory: Path, manifest: Manifest, *, device: str) -> Backend:
    """Load the sixteen-bit weights into PyTorch, on a GPU or wherever it computes."""
    import torch  # noqa: PLC0415

    from guardrails.encoder.tensors import load_network  # noqa: PLC0415

    network = load_network(directory, manifest).to(device)

    @torch.inference_mode()
    def compute(ids: Integers, types: Integers, mask: Integers) -> Logits:
        answers = network(*(torch.from_numpy(each).to(device) for each in (ids, types, mask)))
        heads = (answers.tokens, answers.toxicity, answers.injection, answers.embedding)
        return Logits(*(head.float().cpu().numpy() for head in heads))

    return compute

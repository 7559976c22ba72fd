"""How large the numbers grow that enter each matrix of a network, seen on texts."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from guardrails.encoder.network import Network
from guardrails.training.features import Features
from guardrails.training.quantizing import Range

MATRICES = ("attended", "joined", "up", "down")
"""Of every layer."""


@torch.inference_mode()
def ranges(network: Network, features: Sequence[Features]) -> Mapping[str, Range]:
    """Read the texts one by one, without padding, and return what entered the matrices of the layers by name."""
    found: dict[str, Range] = {}
    hooks = [
        getattr(layer, name).register_forward_pre_hook(_watched(f"layers.{index}.{name}", found))
        for index, layer in enumerate(network.layers)
        for name in MATRICES
    ]
    was_training = network.training
    network.eval()
    for each in features:
        ids, types = (torch.from_numpy(part.astype(np.int64))[None] for part in (each.ids, each.types))
        network(ids, types, torch.ones_like(ids))
    network.train(was_training)
    for hook in hooks:
        hook.remove()
    return found


def _watched(name: str, found: dict[str, Range]) -> Callable[[nn.Module, Any], None]:
    def watch(_: nn.Module, entering: tuple[torch.Tensor]) -> None:
        states = entering[0].flatten(0, -2).float()
        least, greatest = states.amin(0).numpy(), states.amax(0).numpy()
        if name in found:
            least = np.minimum(least, found[name].least)
            greatest = np.maximum(greatest, found[name].greatest)
        found[name] = Range(least, greatest)

    return watch

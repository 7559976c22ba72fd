"""In which order, in which company and at which rate the network learns."""

import math
import random
from collections.abc import Sequence

import torch

from guardrails.encoder.network import FROZEN, Network

LENGTHS = (16, 24, 32, 40, 48, 64, 80, 96, 128, 160, 192, 256)
"""Batches are as wide as one of these: for every new shape a CPU has to prepare its multiplications anew."""
_HEADS = ("token_head", "toxicity_head", "injection_head", "embedding_head")


def batches(lengths: Sequence[int], *, tokens: int, seed: int) -> list[list[int]]:
    """Put features of about the same length together, so many tokens to a batch, in an order of chance."""
    chance = random.Random(seed)  # noqa: S311
    places = list(range(len(lengths)))
    chance.shuffle(places)
    waiting: dict[int, list[int]] = {}
    result: list[list[int]] = []
    for place in places:
        width = width_of(lengths[place])
        batch = waiting.setdefault(width, [])
        batch.append(place)
        if len(batch) >= tokens // width:
            result.append(waiting.pop(width))
    chance.shuffle(result)
    return result + [batch for _, batch in sorted(waiting.items())]


def width_of(length: int) -> int:
    """Return the width of the batch that a text of so many tokens belongs to."""
    return next(width for width in LENGTHS if width >= length)


def rate(step: int, steps: int, *, warm_up: float = 0.06, least: float = 0.02) -> float:
    """Return the share of the peak learning rate: a short rise, then half a cosine down."""
    rise = max(1, int(warm_up * steps))
    if step < rise:
        return (step + 1) / rise
    part = min(1.0, (step - rise) / max(1, steps - rise))
    return least + (1 - least) * 0.5 * (1 + math.cos(math.pi * part))


def parameter_groups(
    network: Network, *, peak: float, heads_peak: float, decay: float, weight_decay: float
) -> list[dict[str, object]]:
    """Return what is trained: the lower the layer, the slower; biases and norms without weight decay."""
    groups: dict[tuple[float, float], list[torch.nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(name not in FROZEN)
        if name in FROZEN:
            continue
        if name.startswith(_HEADS):
            own = heads_peak if not name.startswith("embedding_head") else peak
        elif name.startswith("layers."):
            own = peak * decay ** (network.shape.layers - 1 - int(name.split(".")[1]))
        else:
            own = peak * decay**network.shape.layers
        groups.setdefault((own, weight_decay if parameter.ndim > 1 else 0.0), []).append(parameter)
    return [
        {"params": parameters, "lr": own, "peak": own, "weight_decay": fading}
        for (own, fading), parameters in groups.items()
    ]

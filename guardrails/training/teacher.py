"""What the published encoder makes of texts: the meaning that the embedding head has to keep."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from guardrails.encoder.backends import eight_bits
from guardrails.encoder.network import Network
from guardrails.training.features import Features, batch_of
from guardrails.training.graph import onnx_model
from guardrails.training.ranges import ranges

_TOKENS = 2_048
_WATCHED = 400


def meanings(
    published: Network, features: Sequence[Features], places: Sequence[int], *, threads: int = 2
) -> dict[int, NDArray[np.float32]]:
    """Return the published embeddings of the features at some places; those with a task beside them have none."""
    alone = [place for place in places if not features[place].example.task]
    in_order = sorted(alone, key=lambda place: len(features[place].ids), reverse=True)
    # In eight bits it agrees with itself to three parts in a thousand, and reads four times as fast.
    some = [features[place] for place in alone[:_WATCHED]]
    graph = onnx_model(published, ranges(published, some)).SerializeToString()
    session = eight_bits(graph, threads=threads)
    found: dict[int, NDArray[np.float32]] = {}
    first = 0
    while first < len(in_order):
        count = max(1, _TOKENS // len(features[in_order[first]].ids))
        part = in_order[first : first + count]
        batch = batch_of([features[place] for place in part], [None] * len(part), published.shape.width)
        fed = {"ids": batch.ids.numpy(), "types": batch.types.numpy(), "mask": batch.mask.numpy()}
        found.update(zip(part, session.run(["embedding"], fed)[0], strict=True))
        first += count
    return found

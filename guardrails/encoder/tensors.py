"""The sixteen-bit weights in PyTorch; the tables of words and places, stored once, are read out of the eight-bit graph."""

from pathlib import Path

import torch
from safetensors.torch import load_file

from guardrails.encoder.manifest import GRAPH, TENSORS, EncoderError, Manifest
from guardrails.encoder.network import Network, Shape

SHARED = ("words.weight", "positions.weight")


def load_network(directory: Path, manifest: Manifest) -> Network:
    """Return the network in bfloat16, ready to compute."""
    with torch.device("meta"):
        network = Network(Shape(**manifest.shape))
    weights = load_file(directory / TENSORS)
    weights |= {name: table.to(torch.bfloat16) for name, table in shared_tables(directory / GRAPH).items()}
    try:
        network.load_state_dict(weights, assign=True)
    except RuntimeError as error:
        raise EncoderError(f"{directory / TENSORS} does not fit the network: {error}") from None
    return network.eval()


def shared_tables(graph: Path) -> dict[str, torch.Tensor]:
    """Return the tables of words and places out of the values that the graph stores."""
    import onnx  # noqa: PLC0415
    from onnx import numpy_helper  # noqa: PLC0415

    stored = {tensor.name: tensor for tensor in onnx.load(graph).graph.initializer}

    def tensor(name: str) -> torch.Tensor:
        return torch.from_numpy(numpy_helper.to_array(stored[name]).copy()).float()

    return {name: tensor(name) * tensor(f"{name}.scales") for name in SHARED}

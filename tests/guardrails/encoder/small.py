"""A model with random weights: of the right shape, and small enough to be made anew for a test."""

import json
import string
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

from guardrails.encoder.calibration import UNCALIBRATED, Calibration
from guardrails.encoder.network import Network, Shape
from guardrails.training.examples import Example
from guardrails.training.export import export

TYPICAL = [
    Example(text=text, source="", group="")
    for text in ("Call Jane Miller on 555 0100, or write to jane@example.org.", string.printable)
]
CHARACTERS = string.ascii_lowercase + string.digits + string.punctuation


def small_tokenizer() -> str:
    """Return a tokenizer that knows single characters."""
    pieces = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        *CHARACTERS,
        *(f"##{character}" for character in CHARACTERS),
    ]
    tokenizer = Tokenizer(
        models.WordPiece({piece: place for place, piece in enumerate(pieces)}, unk_token="[UNK]")
    )
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    text: str = tokenizer.to_str()
    return text


def small_network(*, seed: int = 0) -> Network:
    """Return a network with one narrow layer and random weights."""
    vocabulary = len(json.loads(small_tokenizer())["model"]["vocab"])
    torch.manual_seed(seed)
    network = Network(Shape(layers=1, width=32, heads=2, inner=64, vocabulary=vocabulary, positions=256))
    network.embedding_head.weight.data = torch.nn.init.orthogonal_(torch.empty(32, 32))
    return network


def small_model(directory: Path, *, seed: int = 0, calibration: Calibration = UNCALIBRATED) -> Path:
    """Write such a model into a folder, and return the folder."""
    export(
        small_network(seed=seed),
        small_tokenizer(),
        directory,
        texts=TYPICAL,
        calibration=calibration,
        version=f"random-{seed}",
    )
    return directory

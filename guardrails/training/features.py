"""Examples as the numbers that the network learns from."""

import json
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from guardrails.encoder.labels import OUTSIDE, TRAINED_TOXICITY_LABELS, begins, goes_on
from guardrails.encoder.windows import TASK_TOKENS
from guardrails.training.examples import Example
from guardrails.training.schedule import width_of

UNKNOWN = -100
"""The tag of a token about which nothing is to be learned."""
_UNUSED = "[unused"


@dataclass(frozen=True, slots=True)
class Features:
    """One example in numbers; what is not known is NaN or UNKNOWN."""

    ids: NDArray[np.int32]
    types: NDArray[np.int8]
    tags: NDArray[np.int16]
    toxicity: NDArray[np.float32]
    injection: float
    example: Example


@dataclass(frozen=True, slots=True)
class Batch:
    """Features of one length, as tensors."""

    ids: torch.Tensor
    types: torch.Tensor
    mask: torch.Tensor
    tags: torch.Tensor
    toxicity: torch.Tensor
    injection: torch.Tensor
    embedding: torch.Tensor

    def to(self, device: str) -> "Batch":
        """Return the batch on another device."""
        return Batch(*(getattr(self, field.name).to(device) for field in fields(self)))


def tokenizer_json(base: Path) -> tuple[str, list[int]]:
    """Return the published tokenizer without the thousand words nobody uses, and which rows of the table remain."""
    said = json.loads((base / "tokenizer.json").read_text())
    published: dict[str, int] = said["model"]["vocab"]
    kept = sorted((number, word) for word, number in published.items() if not word.startswith(_UNUSED))
    renumbered = {word: place for place, (_, word) in enumerate(kept)}
    said["model"]["vocab"] = renumbered
    said["truncation"] = said["padding"] = None
    for token in said["added_tokens"]:
        token["id"] = renumbered[token["content"]]
    for token in said["post_processor"].get("special_tokens", {}).values():
        token["ids"] = [renumbered[word] for word in token["tokens"]]
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")), [number for number, _ in kept]


class Featurizer:
    """Turns examples into features."""

    def __init__(self, tokenizer: str, *, positions: int) -> None:
        import tokenizers  # noqa: PLC0415

        self._tokenizer: Any = tokenizers.Tokenizer.from_str(tokenizer)
        self._positions = positions
        self._start: Any = self._tokenizer.token_to_id("[CLS]")
        self._end: Any = self._tokenizer.token_to_id("[SEP]")

    def features(self, examples: Sequence[Example], *, seed: int) -> Iterator[Features]:
        """Yield the features of examples; of a long text, a part chosen by chance."""
        encoded = self._tokenizer.encode_batch([each.text for each in examples], add_special_tokens=False)
        tasks = self._tokenizer.encode_batch([each.task for each in examples], add_special_tokens=False)
        chance = random.Random(seed)  # noqa: S311
        for example, encoding, task in zip(examples, encoded, tasks, strict=True):
            before = [self._start, *task.ids[:TASK_TOKENS], self._end] if example.task else [self._start]
            room = self._positions - len(before) - 1
            first = 0
            if len(encoding.ids) > room and chance.random() < 0.5:
                first = chance.randrange(len(encoding.ids) - room + 1)
            part = encoding.ids[first : first + room]
            tags = _tags(example, encoding.offsets[first : first + room])
            ids = [*before, *part, self._end]
            types = [0] * len(before) + [int(bool(example.task))] * (len(part) + 1)
            yield Features(
                ids=np.array(ids, np.int32),
                types=np.array(types, np.int8),
                tags=np.array([*[UNKNOWN] * len(before), *tags, UNKNOWN], np.int16),
                toxicity=_toxicity(example),
                injection=np.nan if example.injection is None else example.injection,
                example=example,
            )


def batch_of(
    features: Sequence[Features], embeddings: Sequence[NDArray[np.float32] | None], width: int
) -> Batch:
    """Pad features to the width that the longest of them needs."""
    length = width_of(max(len(each.ids) for each in features))
    ids = np.zeros((len(features), length), np.int64)
    types, mask = np.zeros_like(ids), np.zeros_like(ids)
    tags = np.full_like(ids, UNKNOWN)
    embedding = np.full((len(features), width), np.nan, np.float32)
    for row, (each, meaning) in enumerate(zip(features, embeddings, strict=True)):
        there = slice(len(each.ids))
        ids[row, there], types[row, there], mask[row, there], tags[row, there] = (
            each.ids,
            each.types,
            1,
            each.tags,
        )
        if meaning is not None:
            embedding[row] = meaning
    return Batch(
        ids=torch.from_numpy(ids),
        types=torch.from_numpy(types),
        mask=torch.from_numpy(mask),
        tags=torch.from_numpy(tags),
        toxicity=torch.from_numpy(np.stack([each.toxicity for each in features])),
        injection=torch.tensor([each.injection for each in features], dtype=torch.float32),
        embedding=torch.from_numpy(embedding),
    )


def _tags(example: Example, offsets: Iterable[tuple[int, int]]) -> list[int]:
    offsets = list(offsets)
    if example.spans is None:
        return [UNKNOWN] * len(offsets)
    tags = [OUTSIDE] * len(offsets)
    for span in example.spans:
        within = [
            place for place, (start, end) in enumerate(offsets) if start < span.end and end > span.start
        ]
        for place in within:
            tags[place] = goes_on(span.entity)
        # A part cut out of a long text may begin in the middle of an entity: what is there is its beginning.
        if within:
            tags[within[0]] = begins(span.entity)
    return tags


def _toxicity(example: Example) -> NDArray[np.float32]:
    known = example.toxicity or {}
    return np.array([known.get(label, np.nan) for label in TRAINED_TOXICITY_LABELS], np.float32)

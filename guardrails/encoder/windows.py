"""Texts cut into windows of tokens that the network can take, each knowing where in the text it stands."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guardrails.encoder.reading import Passage

TASK_TOKENS = 64
"""So much of a task is read beside every window of the text."""
OVERLAP = 64
"""So many tokens two windows have in common."""
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Tokens:
    """A text as tokens: their numbers, their characters from and to, whether each goes on with a word, or begins a line."""

    ids: Integers
    starts: Integers
    ends: Integers
    within: NDArray[np.bool_]
    begins_line: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Window:
    """What the network is given at once."""

    passage: int
    first: int
    """The place in the text's tokens where it begins."""
    before: int
    """How many tokens stand before the text: the mark at the start, and the task."""
    ids: Integers
    types: Integers

    @property
    def length(self) -> int:
        """How many of the text's own tokens it holds."""
        return len(self.ids) - self.before - 1


class Cutter:
    """Turns passages into tokens and windows."""

    def __init__(self, tokenizer: Any, *, positions: int) -> None:
        tokenizer.no_padding()
        tokenizer.no_truncation()
        self._tokenizer = tokenizer
        self._positions = positions
        self._start: int = tokenizer.token_to_id("[CLS]")
        self._end: int = tokenizer.token_to_id("[SEP]")

    def tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """Split texts into tokens."""
        encoded = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [_tokens(text, encoding) for text, encoding in zip(texts, encoded, strict=True)]

    def windows(self, passages: Sequence[Passage], texts: Sequence[Tokens]) -> Iterator[Window]:
        """Yield the windows of all passages; an empty text has one, too."""
        with_task = [index for index, passage in enumerate(passages) if passage.task]
        encoded = self._tokenizer.encode_batch(
            [passages[index].task for index in with_task], add_special_tokens=False
        )
        tasks = {
            index: encoding.ids[:TASK_TOKENS] for index, encoding in zip(with_task, encoded, strict=True)
        }
        for index, tokens in enumerate(texts):
            yield from self._cut(index, tokens.ids, tasks.get(index, []))

    def _cut(self, index: int, ids: Integers, task: Sequence[int]) -> Iterator[Window]:
        before = [self._start, *task, self._end] if task else [self._start]
        room = self._positions - len(before) - 1
        for first in _firsts(len(ids), room):
            part = np.concatenate([before, ids[first : first + room], [self._end]])
            types = np.zeros(len(part), np.int64)
            types[len(before) :] = bool(task)
            yield Window(index, first, len(before), part, types)


def padded(windows: Sequence[Window]) -> tuple[Integers, Integers, Integers]:
    """Return the windows as three rectangles: the tokens, their types, and where there are any."""
    length = max(len(window.ids) for window in windows)
    ids, types, mask = (np.zeros((len(windows), length), np.int64) for _ in range(3))
    for row, window in enumerate(windows):
        ids[row, : len(window.ids)] = window.ids
        types[row, : len(window.ids)] = window.types
        mask[row, : len(window.ids)] = 1
    return ids, types, mask


def _firsts(length: int, room: int) -> range:
    """Say where windows begin, so that the last one ends with the text or just after."""
    if length <= room:
        return range(1)
    step = max(1, room - OVERLAP)
    return range(0, length - OVERLAP, step)


def _tokens(text: str, encoding: Any) -> Tokens:
    offsets = np.array(encoding.offsets, np.int64).reshape(-1, 2)
    starts, ends = offsets[:, 0], offsets[:, 1]
    words = encoding.word_ids
    within = np.array([place > 0 and word == words[place - 1] for place, word in enumerate(words)], bool)
    # The network sees no ends of lines: whitespace is gone before it reads.
    begins_line = np.zeros(len(starts), bool)
    if "\n" in text:
        breaks = [place for place, character in enumerate(text) if character == "\n"]
        line = np.searchsorted(breaks, starts)
        begins_line[1:] = line[1:] != line[:-1]
    return Tokens(np.array(encoding.ids, np.int64), starts, ends, within, begins_line)

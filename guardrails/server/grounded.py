"""A weak signal of groundedness: how close the sentences of an answer come to those of the documents, and which facts do not.

Closeness of meaning does not notice a wrong word in a right sentence; the facts notice some of them. Not a proof either way.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from guardrails.encoder.reading import Passage
from guardrails.server.encoded import finding
from guardrails.server.pieces import Answer, Piece
from guardrails.server.reader import Reader

MOST_SENTENCES = 400
LEAST_WORDS = 4
_SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?](?![\s\n]|$)[^.!?\n]*)*[.!?]*")
_NUMBER = re.compile(r"(?<!\w)\d+(?:[.,:/-]\d+)*%?")
_NAME = re.compile(r"(?<![.!?\n] )(?<!^)(?<=\s)[A-Z][\w'-]+(?: [A-Z][\w'-]+)*")
_WORD = re.compile(r"\w+")


class GroundednessDetector:
    """Sentences that nothing in the documents of the same request is close to."""

    def __init__(self, parameters: Mapping[str, Any], reader: Reader) -> None:
        self._least: float = parameters["least_support"]
        self._facts: bool = parameters["facts"]
        # Without the encoder there is no closeness; say so when the guard is built.
        self._encoder = reader.encoder

    def reads(self, piece: Piece) -> Sequence[Passage]:
        """Return the sentences of both."""
        if not piece.context or not self._least:
            return ()
        ours = [piece.text[start:end] for start, end in _sentences(piece.text)]
        theirs = [piece.context[start:end] for start, end in _sentences(piece.context)]
        return [Passage(sentence) for sentence in (*ours, *theirs)]

    def detect(self, pieces: Sequence[Piece], reader: Reader) -> Sequence[Answer]:
        """Return the sentences without support, and the facts that are not in the documents."""
        return [{"findings": self._findings(piece, reader) if piece.context else []} for piece in pieces]

    def _findings(self, piece: Piece, reader: Reader) -> list[Mapping[str, Any]]:
        sentences = _sentences(piece.text)
        found: list[Mapping[str, Any]] = []
        if self._least and sentences:
            found += self._unsupported(piece, sentences, reader)
        if self._facts:
            known = _facts_of(piece.context)
            found += [
                finding("UNSUPPORTED_FACT", start, end, 0.5)
                for start, end in _facts(piece.text)
                if not known.issuperset(map(_folded, piece.text[start:end].split()))
            ]
        return sorted(found, key=lambda each: (each["start"], each["end"]))

    def _unsupported(
        self, piece: Piece, sentences: Sequence[tuple[int, int]], reader: Reader
    ) -> list[Mapping[str, Any]]:
        theirs = [piece.context[start:end] for start, end in _sentences(piece.context)]
        ours = [piece.text[start:end] for start, end in sentences]
        if not theirs:
            return []
        readings = reader.read([Passage(sentence) for sentence in (*ours, *theirs)])
        vectors = np.array([reading.embedding for reading in readings], np.float32)
        support = (vectors[: len(ours)] @ vectors[len(ours) :].T).max(axis=1)
        return [
            finding("UNSUPPORTED", start, end, 1 - max(0.0, float(closest)))
            for (start, end), closest in zip(sentences, support, strict=True)
            if closest < self._least
        ]


def _sentences(text: str) -> list[tuple[int, int]]:
    """Return where the first sentences with enough words begin and end."""
    found: list[tuple[int, int]] = []
    for match in _SENTENCE.finditer(text):
        start = match.start() + len(match.group()) - len(match.group().lstrip())
        if len(_WORD.findall(match.group())) >= LEAST_WORDS:
            found.append((start, match.end()))
            if len(found) == MOST_SENTENCES:
                break
    return found


def _facts(text: str) -> list[tuple[int, int]]:
    found = [match.span() for match in _NUMBER.finditer(text)] + [
        match.span() for match in _NAME.finditer(text)
    ]
    return sorted(found)


def _facts_of(text: str) -> frozenset[str]:
    known = {_folded(match.group()) for match in _NUMBER.finditer(text)}
    known.update(map(_folded, text.split()))
    return frozenset(known)


def _folded(value: str) -> str:
    if value[:1].isdigit():
        return value.replace(",", "").rstrip(".%")
    return value.strip(".,;:!?\"'()[]").removesuffix("'s").casefold()

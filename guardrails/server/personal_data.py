"""Finds personal data in a text: Presidio's recognizers, the encoder, when to believe them, and one type for each place."""

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from guardrails.encoder.reading import EncoderSpan, Passage
from guardrails.guards.pii import DENIED, MODEL_ENTITIES
from guardrails.server.pieces import Answer, Piece
from guardrails.server.reader import Reader
from guardrails.server.recognizers import NEED_CONTEXT, UNSHAPED, engine

_PRIORITY = ("EMAIL_ADDRESS", "CREDIT_CARD", "IBAN_CODE", "US_SSN", "US_ITIN", "PHONE_NUMBER")
"""Who wins where two are equally sure; then the order in which the policy names them."""
_NAMED = 0.2
_VERSION_BEFORE = re.compile(r"(?:\bv|\bver\.?|\bversions?|\breleases?|\bbuild)[\s:=]*$", re.IGNORECASE)
_NEED_A_DIGIT = frozenset(
    (
        "PHONE_NUMBER",
        "CREDIT_CARD",
        "IBAN_CODE",
        "BANK_ACCOUNT",
        "NATIONAL_ID",
        "TAX_ID",
        "PASSPORT",
        "DRIVER_LICENSE",
    )
    + ("LICENSE_PLATE", "MEDICAL_ID", "POSTAL_CODE", "IP_ADDRESS")
)
_NEED_LETTERS = frozenset(("PERSON", "ORGANIZATION", "LOCATION", "STREET_ADDRESS", "NRP", "TITLE", "URL"))
_LETTERS = re.compile(r"[^\W\d_]{2}|[^\x00-\u2e7f\W\d_]")
"""Two letters, or one of a script in which one is a word."""
_AROUND = ' \t\r\n\u00a0,;:!?"“”„«»()[]{}<>*`|'
_PLACEHOLDER = re.compile(r"<[A-Z][A-Z0-9_]*_\d+>|\[[A-Z][A-Z0-9_]*_\d+\]")
"""What stands in place of a value already; its name is no name."""
_LOCAL_ADDRESS = re.compile(r"127\.|0\.0\.0\.0|255\.255\.|::1?$")


class UncheckedError(RuntimeError):
    """A recognizer gave up on a text, so that nothing can be said about it."""


@dataclass(frozen=True, slots=True)
class _Hit:
    entity: str
    start: int
    end: int
    score: float
    is_proven: bool = False
    """True when a checksum or a list speaks for it: no guess counts more."""


class PersonalDataDetector:
    """Presidio and, where names are asked for, the encoder under the parameters of one guard."""

    def __init__(self, parameters: Mapping[str, Any], reader: Reader | None = None) -> None:
        self._wanted = frozenset(parameters["entities"])
        self._entities = [entity for entity in parameters["entities"] if entity not in MODEL_ENTITIES]
        self._uses_encoder = len(self._entities) < len(self._wanted)
        self._language: str = parameters["language"]
        self._threshold: float = parameters["score_threshold"]
        self._context: list[str] = list(parameters["context"])
        self._allow = _phrases(parameters["allow"])
        self._deny = _phrases(parameters["deny"])
        ranked = [DENIED, *_PRIORITY, *parameters["entities"]]
        self._priority = {entity: rank for rank, entity in enumerate(dict.fromkeys(ranked))}
        self._threshold_of_encoder = self._threshold
        if self._uses_encoder and reader is not None:
            own = reader.encoder.calibration.thresholds.get("pii", 0.0)
            self._threshold_of_encoder = max(self._threshold, own)
        is_eager = bool(self._context) or self._threshold <= UNSHAPED
        self._engine = engine(self._language, is_eager=is_eager)
        self._timeouts = _timeouts()

    def reads(self, piece: Piece) -> Sequence[Passage]:
        """Return the text where the encoder is asked about it."""
        return (Passage(piece.text),) if self._uses_encoder else ()

    def detect(self, pieces: Sequence[Piece], reader: Reader) -> Sequence[Answer]:
        """Return findings in order and without overlaps."""
        if not self._uses_encoder:
            return [{"findings": self.find(piece.text)} for piece in pieces]
        readings = reader.read([Passage(piece.text) for piece in pieces])
        return [
            {"findings": self.find(piece.text, reading.spans)}
            for piece, reading in zip(pieces, readings, strict=True)
        ]

    def find(self, text: str, spans: Sequence[EncoderSpan] = ()) -> list[Mapping[str, Any]]:
        """Return findings in order and without overlaps; `spans` is what the encoder says of the text."""
        hits = [*self._recognized(text), *self._guessed(text, spans)]
        hits = [hit for hit in hits if self._is_believed(hit, text)]
        if self._allow:
            allowed = [found.span() for found in self._allow.finditer(text)]
            hits = [hit for hit in hits if not any(a <= hit.start and hit.end <= b for a, b in allowed)]
        if self._deny:
            hits += [_Hit(DENIED, *found.span(), 1.0, True) for found in self._deny.finditer(text)]
        return [
            {"entity": hit.entity, "start": hit.start, "end": hit.end, "score": round(hit.score, 3)}
            for hit in self._resolved(hits)
        ]

    def _guessed(self, text: str, spans: Sequence[EncoderSpan]) -> Iterable[_Hit]:
        """Yield what the encoder says, where it can be."""
        taken = [found.span() for found in _PLACEHOLDER.finditer(text)] if spans else []
        for span in spans:
            if span.entity not in self._wanted or span.score < self._threshold_of_encoder:
                continue
            start, end = _trimmed(text, span.start, span.end)
            value = text[start:end]
            is_possible = (
                (span.entity not in _NEED_A_DIGIT or any(character.isdigit() for character in value))
                and (span.entity not in _NEED_LETTERS or _LETTERS.search(value))
                and (span.entity != "EMAIL_ADDRESS" or "@" in value)
                and not any(start < last and first < end for first, last in taken)
            )
            if value and is_possible:
                yield _Hit(span.entity, start, end, span.score)

    def _recognized(self, text: str) -> Iterable[_Hit]:
        if not self._entities:
            return
        given_up = self._timeouts.count
        results = self._engine.analyze(
            text,
            language=self._language,
            entities=self._entities,
            score_threshold=self._threshold,
            context=self._context or None,
            return_decision_process=True,
        )
        if self._timeouts.count != given_up:
            raise UncheckedError("a pattern ran out of time")
        for result in results:
            has_context = bool(result.analysis_explanation.supportive_context_word)
            if has_context or result.entity_type not in NEED_CONTEXT:
                # `passport number 912803456`: what the word says is surer than what any number could be.
                is_named = has_context and result.entity_type != "PHONE_NUMBER"
                score = min(1.0, result.score + _NAMED) if is_named else result.score
                yield _Hit(result.entity_type, result.start, result.end, score, result.score >= 1.0)

    def _is_believed(self, hit: _Hit, text: str) -> bool:
        if hit.entity != "IP_ADDRESS":
            return True
        is_version = _VERSION_BEFORE.search(text, max(0, hit.start - 16), hit.start)
        return not is_version and not _LOCAL_ADDRESS.match(text[hit.start : hit.end])

    def _resolved(self, hits: Iterable[_Hit]) -> list[_Hit]:
        """Join hits that overlap into one that covers them all, of the type that is surest."""
        joined: list[_Hit] = []
        for hit in sorted(hits, key=lambda each: (each.start, -each.end)):
            if joined and hit.start < joined[-1].end:
                before = joined[-1]
                best = min(before, hit, key=self._rank)
                joined[-1] = replace(best, start=before.start, end=max(before.end, hit.end))
            else:
                joined.append(hit)
        return joined

    def _rank(self, hit: _Hit) -> tuple[bool, float, int, int]:
        return (
            not hit.is_proven,
            -hit.score,
            self._priority.get(hit.entity, len(self._priority)),
            hit.start - hit.end,
        )


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    start, end = max(0, start), min(len(text), end)
    while start < end and text[start] in _AROUND:
        start += 1
    while end > start and text[end - 1] in _AROUND:
        end -= 1
    return start, end


class _TimeoutCounter(logging.Handler):
    """Presidio passes over a pattern that runs out of time and only logs it; a guard must not."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += "timed out" in record.msg


_COUNTER = _TimeoutCounter()


def _timeouts() -> _TimeoutCounter:
    logger = logging.getLogger("presidio-analyzer")
    if _COUNTER not in logger.handlers:
        logger.addHandler(_COUNTER)
        logger.propagate = False
    return _COUNTER


def _phrases(values: Sequence[str]) -> re.Pattern[str] | None:
    longest_first = sorted({value.strip() for value in values} - {""}, key=lambda value: (-len(value), value))
    if not longest_first:
        return None
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)", re.IGNORECASE)

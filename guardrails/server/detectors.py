"""The detectors this server has: built once for each set of parameters, and shown many texts at a time."""

import functools
import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from guardrails.encoder import WEIGHTS
from guardrails.encoder.reading import Passage
from guardrails.policy import PolicyError
from guardrails.registry import KINDS
from guardrails.server.classifiers import ClassifierDetector, load_classifier
from guardrails.server.detoxify import DetoxifyScorer
from guardrails.server.encoded import (
    EmbeddingDetector,
    InjectionDetector,
    LabelScorer,
    ModerationDetector,
    ToxicityDetector,
)
from guardrails.server.grounded import GroundednessDetector
from guardrails.server.known import check_guard
from guardrails.server.models import Classifier, Detoxify, LocalModel
from guardrails.server.personal_data import PersonalDataDetector
from guardrails.server.pieces import Answer, Asked, Piece, asked, failed
from guardrails.server.reader import NoModelError, Reader

TOKENS_AT_ONCE = 2_048
"""About so many are looked at before the answers go out: short texts need not wait for long ones."""

_log = logging.getLogger(__name__)


class Detector(Protocol):
    """Finds something in texts."""

    def reads(self, piece: Piece) -> Sequence[Passage]:
        """Return what the encoder has to read for a piece, so that it can do so for all detectors at once."""

    def detect(self, pieces: Sequence[Piece], reader: Reader) -> Sequence[Answer]:
        """Return an answer for each piece: findings in order, with entity, start, end and score of each."""


class Detectors:
    """The detectors of one process, and the models they need."""

    def __init__(
        self,
        *,
        weights: Path = WEIGHTS,
        models: Mapping[str, LocalModel] | None = None,
        threads: int = 1,
        device: str = "cpu",
    ) -> None:
        self.reader = Reader(weights, threads=threads, device=device)
        self._models = dict(models or {})
        self._device = device
        self._scorers: dict[str, LabelScorer | str] = {}
        self._built = functools.lru_cache(maxsize=128)(self._build)

    def load(self) -> None:
        """Load the models, so that the first text does not wait for them. One that cannot be loaded fails its guards alone."""
        try:
            self.reader.warm_up()
        except NoModelError as error:
            _log.info("%s", error)
        for name in self._models:
            try:
                self._scorer(name)
            except PolicyError as error:
                _log.error("%s", error)

    def detector(self, guard: Asked) -> Detector:
        """Return a detector, built on the first call. Raises PolicyError or NoModelError when there is none."""
        return self._built(guard)

    def look(
        self, guards: Sequence[Asked], pieces: Sequence[tuple[Piece, Sequence[int]]]
    ) -> Iterator[list[tuple[int, list[Answer]]]]:
        """Yield, for the shortest pieces first, their places and what each of their guards says."""
        ready = [self._ready(guard) for guard in guards]
        for group in _groups(pieces):
            yield self._look_at(ready, [(place, *pieces[place]) for place in group])

    def _ready(self, guard: Asked) -> Detector | Answer:
        try:
            return self.detector(guard)
        except PolicyError as error:
            return failed("bad_guard", str(error))
        except NoModelError as error:
            return failed("no_model", str(error))

    def _look_at(
        self, ready: Sequence[Detector | Answer], group: Sequence[tuple[int, Piece, Sequence[int]]]
    ) -> list[tuple[int, list[Answer]]]:
        answers: dict[tuple[int, int], Answer] = {}
        by_guard: dict[int, list[tuple[int, Piece]]] = {}
        for place, piece, numbers in group:
            for number in numbers:
                by_guard.setdefault(number, []).append((place, piece))
        self._read_ahead(ready, by_guard)
        for number, wanted in by_guard.items():
            detector = ready[number]
            if isinstance(detector, Mapping):
                answers.update({(place, number): detector for place, _ in wanted})
            else:
                said = self._detect(detector, [piece for _, piece in wanted])
                answers.update({(place, number): each for (place, _), each in zip(wanted, said, strict=True)})
        return [(place, [answers[place, number] for number in numbers]) for place, _, numbers in group]

    def _read_ahead(
        self, ready: Sequence[Detector | Answer], by_guard: Mapping[int, Sequence[tuple[int, Piece]]]
    ) -> None:
        """Have the encoder read once what any detector will ask it about."""
        passages: dict[Passage, None] = {}
        for number, wanted in by_guard.items():
            detector = ready[number]
            if not isinstance(detector, Mapping):
                for _, piece in wanted:
                    passages.update(dict.fromkeys(detector.reads(piece)))
        self.reader.begin()
        if passages:
            try:
                self.reader.read(list(passages))
            except Exception as error:  # noqa: BLE001 - each detector meets it again, with the text it is about
                _log.error("the encoder could not read a batch: %s", type(error).__name__)

    def _detect(self, detector: Detector, pieces: Sequence[Piece]) -> Sequence[Answer]:
        try:
            return detector.detect(pieces, self.reader)
        except NoModelError as error:
            return [failed("no_model", str(error))] * len(pieces)
        except Exception as error:  # noqa: BLE001 - one bad text must not take the others or the worker with it
            if len(pieces) > 1:
                return [self._detect(detector, [piece])[0] for piece in pieces]
            # The message of an error may hold the text; its type does not.
            name = type(error).__name__
            _log.error("a %s failed with %s", type(detector).__name__, name)
            return [failed("detector_failed", f"a detector failed with {name}")]

    def _build(self, guard: Asked) -> Detector:
        if guard.kind == "@moderation":
            return ModerationDetector(self.reader)
        if guard.kind == "@embedding":
            return EmbeddingDetector(self.reader)
        check_guard(guard.kind, guard.values)
        parameters = KINDS[guard.kind].build(guard.values).parameters
        if guard.kind == "pii":
            return PersonalDataDetector(parameters, self.reader)
        if guard.kind == "injection_model":
            return InjectionDetector(parameters, self.reader)
        if guard.kind == "groundedness":
            return GroundednessDetector(parameters, self.reader)
        if guard.kind == "toxicity":
            name = parameters["model"].strip()
            return ToxicityDetector(parameters, self.reader, self._scorer(name) if name else None)
        if guard.kind == "classifier":
            return ClassifierDetector(parameters, self._scorer(parameters["model"].strip()))
        raise PolicyError(f"a {guard.kind} guard asks a model far away, which only the guard server can do")

    def _scorer(self, name: str) -> LabelScorer:
        """Return a model, loaded on the first call."""
        if name not in self._models:
            raise PolicyError(
                f"no model {name[:64]!r} can be loaded here; known: {sorted(self._models)}; "
                "the file PARAPET_GUARD_MODELS names them"
            )
        if name not in self._scorers:
            try:
                self._scorers[name] = _loaded(self._models[name], device=self._device)
            except Exception as error:  # noqa: BLE001 - a model that does not load fails its own guards, in a sentence
                sentence = str(error).splitlines()[0][:300] if str(error) else type(error).__name__
                self._scorers[name] = f"the model {name!r} could not be loaded: {sentence}"
        scorer = self._scorers[name]
        if isinstance(scorer, str):
            raise PolicyError(scorer)
        return scorer


def _loaded(model: LocalModel, *, device: str) -> LabelScorer:
    if isinstance(model, Detoxify):
        return DetoxifyScorer.load(model, device=device)
    assert isinstance(model, Classifier)
    return load_classifier(model, device=device)


@functools.lru_cache(maxsize=1)
def local_detectors() -> Detectors:
    """Return the detectors of this process, for programs without a guard server."""
    return Detectors()


def answers_of(kind: str, parameters: Mapping[str, Any], pieces: Sequence[Piece]) -> Sequence[Answer]:
    """Return what a guard says of pieces, in this process."""
    answers: dict[int, Answer] = {}
    for done in local_detectors().look([asked(kind, parameters)], [(piece, [0]) for piece in pieces]):
        answers.update({place: answer for place, (answer,) in done})
    return [answers[place] for place in range(len(pieces))]


def _groups(pieces: Sequence[tuple[Piece, Sequence[int]]]) -> Iterator[list[int]]:
    group: list[int] = []
    cost = 0
    for place in sorted(range(len(pieces)), key=lambda each: pieces[each][0].cost):
        group.append(place)
        cost += pieces[place][0].cost
        if cost >= TOKENS_AT_ONCE:
            yield group
            group, cost = [], 0
    if group:
        yield group

"""What evaluators need beside a judge's model: embeddings, classifiers, detectors, a sandbox. A suite says which, this hands them in."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from evaluators import registry
from evaluators.detection import Detect, Detection
from evaluators.endpoint import Endpoint
from evaluators.errors import SuiteError
from evaluators.local import LocalClassifier, LocalSettings
from evaluators.sandbox import Sandbox
from evaluators.suites import LoadedSuite, model
from evaluators.suites.entries import Entry

DETECTORS = "parapet.detectors"
"""The entry point group by which installed packages offer detectors, each named after the evaluator that asks it."""


def provided(suite: LoadedSuite, embeddings: Endpoint | None) -> LoadedSuite:
    """Return the suite with everything its evaluators need, or raise SuiteError with what is missing.

    `embeddings` is where the suite's model of embeddings is; None when it names none.
    """
    return replace(suite, entries=tuple(_provided(entry, suite, embeddings) for entry in suite.entries))


def detector(kind: str) -> Detect:
    """Return the installed detector for an evaluator, such as `pii`. Raises SuiteError when there is none."""
    offered = {point.name: point for point in entry_points(group=DETECTORS)}
    if kind not in offered:
        raise SuiteError(
            f"{kind}: no installed package offers a detector for it (entry point {kind!r} in {DETECTORS!r})"
        )
    return _Detector(offered[kind].load()(), version=offered[kind].value)


def _provided(entry: Entry, suite: LoadedSuite, embeddings: Endpoint | None) -> Entry:
    needs = registry.describe(entry.kind).needs
    handed: dict[str, Any] = {}
    wanted, limits = suite.suite.embeddings, suite.suite.sandbox
    if "embed" in needs and wanted is not None and embeddings is not None:
        handed["embed"] = Embedder(embeddings, wanted.model, wanted.parameters)
    if "entail" in needs and suite.suite.classifier is not None:
        handed["entail"] = _classifier(suite.suite.classifier, suite.directory)
    if "detect" in needs:
        handed["detect"] = detector(entry.kind)
    if "sandbox" in needs and limits is not None:
        handed["sandbox"] = Sandbox(
            timeout_s=float(limits.timeout_s),
            memory_bytes=limits.memory_mb * 1024 * 1024,
            allow_network=limits.allow_network,
        )
    return replace(entry, handed=handed) if handed else entry


@functools.cache
def _classifier(wanted: model.PairClassifier, directory: Path) -> LocalClassifier:
    """Return the classifier a suite names; every evaluator that asks it shares its worker."""
    settings = LocalSettings(
        path=found_beside(directory, wanted.local),
        engine="pairs",
        label=wanted.label,
        device=wanted.device,
        batch_tokens=wanted.batch_tokens,
    )
    return LocalClassifier(settings, model=wanted.local)


def found_beside(directory: Path, place: str) -> str:
    """Return the folder beside a suite that a local model is in, or the name as it is: the hub's."""
    folder = directory / place
    return str(folder) if folder.is_dir() else place


@dataclass(frozen=True, slots=True)
class _Detector:
    """A detector from elsewhere, whose findings need only have a label and a score."""

    found_by: Any
    version: str

    async def __call__(self, text: str, /) -> Sequence[Detection]:
        return [Detection(label=each.label, score=each.score) for each in await self.found_by(text)]


@dataclass(frozen=True, slots=True)
class Embedder:
    """A model of embeddings behind an OpenAI-compatible endpoint."""

    endpoint: Endpoint
    model: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    async def __call__(self, texts: Sequence[str], /) -> Sequence[Sequence[float]]:
        """Return one vector for each text. Raises CompletionError when the endpoint gives none."""
        async with replace(self.endpoint) as opened:
            return await opened.embed({**self.parameters, "model": self.model, "input": list(texts)})

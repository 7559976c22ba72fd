"""What evaluators need beside a judge's model: embeddings, classifiers, detectors, a sandbox. A suite says which, this hands them in."""

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Protocol

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


class Provide(Protocol):
    """Whoever builds evaluators says with this what there is: a suite's file, or an installation's settings."""

    def __call__(self, need: str, kind: str, /) -> Any | None:
        """Return what a kind of evaluator needs by that name, or None where it is not to be had."""
        ...


def equipped(entries: Iterable[Entry], provide: Provide) -> tuple[Entry, ...]:
    """Return evaluators with all they need beside a judge, as far as it is to be had."""
    return tuple(replace(entry, handed=handed_to(entry.kind, provide)) for entry in entries)


def handed_to(kind: str, provide: Provide) -> dict[str, Any]:
    """Return what a kind of evaluator is handed beside a judge's model, by name."""
    needs = [need for need in registry.describe(kind).needs if need != "complete"]
    found = {need: provide(need, kind) for need in needs}
    return {need: one for need, one in found.items() if one is not None}


def provided(suite: LoadedSuite, embeddings: Endpoint | None) -> LoadedSuite:
    """Return the suite with everything its evaluators need, or raise SuiteError with what is missing.

    `embeddings` is where the suite's model of embeddings is; None when it names none.
    """
    wanted, limits, classifier = suite.suite.embeddings, suite.suite.sandbox, suite.suite.classifier

    def provide(need: str, kind: str, /) -> Any | None:
        if need == "embed" and wanted is not None and embeddings is not None:
            return Embedder(embeddings, wanted.model, wanted.parameters)
        if need == "entail" and classifier is not None:
            return _classifier(classifier, suite.directory)
        if need == "detect":
            return detector(kind)
        if need == "sandbox" and limits is not None:
            return sandbox_of(limits)
        return None

    return replace(suite, entries=equipped(suite.entries, provide))


def detector(kind: str, *beside: Any) -> Detect:
    """Return the installed detector for an evaluator, such as `pii`. Raises SuiteError when there is none.

    `beside` is what the detector is to ask, for one that takes it; without it a detector runs in this process.
    """
    offered = {point.name: point for point in entry_points(group=DETECTORS)}
    if kind not in offered:
        raise SuiteError(
            f"{kind}: no installed package offers a detector for it (entry point {kind!r} in {DETECTORS!r})"
        )
    return _Detector(offered[kind].load()(*beside), version=offered[kind].value)


def sandbox_of(limits: model.SandboxLimits) -> Sandbox:
    """Return a sandbox with a suite's limits."""
    return Sandbox(
        timeout_s=float(limits.timeout_s),
        memory_bytes=limits.memory_mb * 1024 * 1024,
        allow_network=limits.allow_network,
    )


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

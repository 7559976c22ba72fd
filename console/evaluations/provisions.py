"""What this installation can hand to evaluators beside a judge: detectors and embeddings of the guard server, a classifier, a sandbox."""

import functools
import json
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from django.conf import settings

from console.evaluations import local_judges
from evaluators import registry
from evaluators.completion import CompletionError
from evaluators.detection import Detect, Detection
from evaluators.providers import detector, sandbox_of
from evaluators.registry import Kind
from evaluators.suites.model import SandboxLimits
from guardrails.client import GuardServer
from guardrails.detection import DetectionError

EMBEDDING = "parapet/embedding"
"""The house's model of embeddings, as the proxy and a suite's file name it."""
HANDED = ("complete", "detect", "embed", "entail", "sandbox")
"""All that a console could hand in."""
_ANSWERS_WITHIN_S = 1.0
_DEADLINE_MS = 30_000
_OF_GUARD_SERVER = frozenset({"pii", "toxicity"})
_NEEDS_ENCODER = frozenset({"toxicity", "embedding_similarity"})


@dataclass(slots=True)
class Provisions:
    """Hands evaluators what they need. Belongs to one event loop; close it there."""

    server: GuardServer = field(
        default_factory=lambda: GuardServer(settings.GUARD_URL, token=settings.GUARD_TOKEN)
    )

    def __call__(self, need: str, kind: str, /) -> Any | None:
        """Return what a kind of evaluator needs by that name, or None where it is not to be had."""
        match need:
            case "detect":
                # One that another package brings runs in this process.
                return _Detector(detector(kind, *((self.server,) if kind in _OF_GUARD_SERVER else ())))
            case "embed":
                return _Embedder(self.server)
            case "entail":
                return local_judges.classifier()
            case "sandbox" if settings.CODE_EXECUTION:
                return sandbox_of(SandboxLimits())
        return None

    async def close(self) -> None:
        """Close the connections."""
        await self.server.close()


def problem_with(kind: str) -> str:
    """Return what has to be set before this installation can run a kind of evaluator; empty when nothing has."""
    needs = set(registry.describe(kind).needs)
    if "entail" in needs and not settings.LOCAL_CLASSIFIER:
        return f"{kind} asks a classifier of pairs of texts, and none is configured: set PARAPET_LOCAL_CLASSIFIER"
    if "sandbox" in needs and not settings.CODE_EXECUTION:
        return f"{kind} runs what models wrote, which is off: whoever runs this installation may set PARAPET_CODE_EXECUTION=1"
    if unknown := needs - set(HANDED):
        return f"{kind} needs {', '.join(sorted(unknown))}, which the console cannot hand in; run it with parapet eval"
    return ""


def offered() -> tuple[list[Kind], list[tuple[Kind, str]]]:
    """Return the kinds that can be chosen here and now, and the others with what to do for each."""
    here: list[Kind] = []
    lacking: list[tuple[Kind, str]] = []
    trouble = _guard_server_trouble()
    for kind in registry.kinds(handed=HANDED):
        asks_guards = {"detect", "embed"} & set(kind.needs)
        problem = problem_with(kind.name) or (
            trouble.get(kind.name in _NEEDS_ENCODER, "") if asks_guards else ""
        )
        if problem:
            lacking.append((kind, problem))
        else:
            here.append(kind)
    return here, lacking


def groups_of(kinds: Sequence[Kind]) -> list[tuple[str, str, list[Kind]]]:
    """Return kinds as a page lists them: a heading, what such a check costs, and the kinds."""
    groups: dict[str, list[Kind]] = {"code": [], "small": [], "judge": []}
    for kind in kinds:
        is_small = bool({"detect", "embed", "entail"} & set(kind.needs))
        groups["judge" if kind.needs_model else "small" if is_small else "code"].append(kind)
    titles = {
        "code": ("Check with code", "Free, and the same every time"),
        "small": ("Look with a small model of ours", "Free, on this installation’s own machines"),
        "judge": ("Ask a model", "Costs what its calls cost; a model of ours only time"),
    }
    return [(*titles[name], found) for name, found in groups.items() if found]


def is_for_gpu(kind: str, judge: str) -> bool:
    """Tell whether only a worker of the queue `gpu` can do this: it asks a model on a machine of ours."""
    return local_judges.is_local(judge) or kind in gpu_kinds()


@functools.cache
def gpu_kinds() -> frozenset[str]:
    """Return the kinds whose classifier runs on a machine of ours."""
    return frozenset(kind.name for kind in registry.kinds(handed=HANDED) if "entail" in kind.needs)


def _guard_server_trouble() -> Mapping[bool, str]:
    """Return what the guard server lacks, for kinds that need its encoder (True) and for the others (False)."""
    try:
        with urllib.request.urlopen(  # noqa: S310 - where the operator says
            f"{settings.GUARD_URL.rstrip('/')}/health", timeout=_ANSWERS_WITHIN_S
        ) as answer:
            health = json.load(answer)
    except (OSError, ValueError, urllib.error.URLError):
        silent = "the guard server does not answer; start it, or set PARAPET_GUARD_URL to where it is"
        return {True: silent, False: silent}
    if health.get("has_encoder"):
        return {}
    return {True: "the guard server has no encoder; give it weights with PARAPET_GUARD_WEIGHTS"}


@dataclass(frozen=True, slots=True)
class _Detector:
    """A detector whose silence is a judge's: it may pass."""

    asked: Detect

    @property
    def version(self) -> str:
        """Which detector it is; scores depend on it."""
        return str(getattr(self.asked, "version", ""))

    async def __call__(self, text: str, /) -> Sequence[Detection]:
        try:
            return await self.asked(text)
        except DetectionError as error:
            raise CompletionError(f"the guard server could not look: {error}") from error


@dataclass(frozen=True, slots=True)
class _Embedder:
    """The guard server's encoder as a model of embeddings."""

    server: GuardServer
    model: str = EMBEDDING

    async def __call__(self, texts: Sequence[str], /) -> Sequence[Sequence[float]]:
        body = json.dumps({"input": list(texts), "deadline_ms": _DEADLINE_MS}).encode()
        try:
            status, answer = await self.server.post("/v1/embeddings", body)
        except (aiohttp.ClientError, OSError) as error:
            raise CompletionError(f"the guard server could not be reached: {type(error).__name__}") from error
        if status != 200:
            raise CompletionError(f"the guard server gave no embeddings: status {status}")
        return [row["embedding"] for row in json.loads(answer)["data"]]

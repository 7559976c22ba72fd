"""What every evaluator is, and the base of those that are configured by parameters."""

import dataclasses
import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

from evaluators.sample import Sample
from evaluators.score import Outcome

Direction = Literal["higher", "lower"]
Source = Literal["code", "judge"]


class Evaluator(Protocol):
    """Judges one sample. It keeps no state: two calls with one sample are two independent judgements."""

    @property
    def name(self) -> str:
        """What its scores are called."""
        ...

    @property
    def version(self) -> str:
        """Changes with anything that could change a score: code, parameters, prompt."""
        ...

    async def score(self, sample: Sample) -> Outcome:
        """Judge the sample. Raising is allowed: `evaluate` turns it into Unscored."""
        ...


def parameter(
    help: str,
    *,
    default: Any = dataclasses.MISSING,
    choices: Sequence[str] = (),
    long: bool = False,
) -> Any:
    """Declare a field of an evaluator as a parameter that people set, with a line of help for the form."""
    metadata = {"help": help, "choices": tuple(choices), "long": long}
    if callable(default):
        return dataclasses.field(default_factory=default, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True)
class Scale:
    """How to read an evaluator's scores: which way is better, and between which limits they lie."""

    direction: Direction = "higher"
    bounds: tuple[float, float] | None = (0.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured(ABC):
    """The base of our own evaluators: frozen, its parameters are fields declared with `parameter`."""

    name: str = ""
    """What its scores are called; the kind, unless said otherwise."""

    kind: ClassVar[str]
    revision: ClassVar[int] = 1
    """Raised whenever the code changes what a sample scores."""
    source: ClassVar[Source] = "code"
    direction: ClassVar[Direction] = "higher"
    bounds: ClassVar[tuple[float, float] | None] = (0.0, 1.0)
    """The smallest and largest score possible; None when there is no such limit."""
    needs: ClassVar[tuple[str, ...]] = ()
    """The fields that whoever builds it must hand in: `complete` for a judge, `embed`, `entail`, `detect`, `sandbox`."""

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", self.kind)
        self.check()

    @abstractmethod
    async def score(self, sample: Sample) -> Outcome:
        """Judge the sample."""

    def check(self) -> None:  # noqa: B027 - most evaluators have nothing to check
        """Raise ParameterError when the parameters contradict one another."""

    @property
    def scale(self) -> Scale:
        """How to read this evaluator's scores; parameters may make it differ from its kind's."""
        return Scale(self.direction, self.bounds)

    @property
    def version(self) -> str:
        """Twelve hex digits over kind, revision, parameters and prompt."""
        return version_of(self.kind, self.revision, self.parameters(), self.texts())

    def parameters(self) -> dict[str, Any]:
        """Return the parameters by name."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self) if field.metadata}

    def texts(self) -> tuple[str, ...]:
        """Return the prompt texts that decide scores beside the parameters."""
        return ()


def version_of(kind: str, revision: int, parameters: Mapping[str, Any], texts: Sequence[str] = ()) -> str:
    """Hash what decides a score into a short version."""
    content = json.dumps([kind, revision, parameters, list(texts)], sort_keys=True, default=_plain)
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"a parameter must be JSON, not {type(value).__name__}")

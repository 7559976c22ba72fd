"""Every kind of evaluator by name: what it asks for, and how to build one from plain values."""

import dataclasses
import difflib
import importlib
import types
import typing
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any, Literal

from evaluators.completion import Complete
from evaluators.errors import ParameterError, UnknownEvaluatorError
from evaluators.evaluator import Configured, Direction, Source

KINDS: Mapping[str, str] = {
    "exact": "evaluators.text.exact:Exact",
    "contains": "evaluators.text.contains:Contains",
    "regex": "evaluators.text.regex:Regex",
    "numeric": "evaluators.text.numeric:Numeric",
    "starts_with": "evaluators.text.starts_with:StartsWith",
    "ends_with": "evaluators.text.ends_with:EndsWith",
    "levenshtein": "evaluators.text.levenshtein:Levenshtein",
    "token_f1": "evaluators.text.token_f1:TokenF1",
    "bleu": "evaluators.text.bleu:Bleu",
    "chrf": "evaluators.text.chrf:Chrf",
    "rouge": "evaluators.text.rouge:Rouge",
    "embedding_similarity": "evaluators.text.embedding_similarity:EmbeddingSimilarity",
    "language": "evaluators.text.language:Language",
    "refusal": "evaluators.text.refusal:Refusal",
    "pii": "evaluators.text.pii:Pii",
    "toxicity": "evaluators.text.toxicity:Toxicity",
    "json_schema": "evaluators.structured.json_schema:JsonSchema",
    "json_diff": "evaluators.structured.json_diff:JsonDiff",
    "sql_result": "evaluators.structured.sql_result:SqlResult",
    "code_execution": "evaluators.structured.code_execution:CodeExecution",
    "precision_at_k": "evaluators.retrieval.precision_at_k:PrecisionAtK",
    "recall_at_k": "evaluators.retrieval.recall_at_k:RecallAtK",
    "mrr": "evaluators.retrieval.mrr:Mrr",
    "ndcg": "evaluators.retrieval.ndcg:Ndcg",
    "tool_calls": "evaluators.agents.tool_calls:ToolCalls",
    "trajectory": "evaluators.agents.trajectory:Trajectory",
    "step_efficiency": "evaluators.agents.step_efficiency:StepEfficiency",
    "length": "evaluators.measures.length:Length",
    "latency": "evaluators.measures.latency:Latency",
    "cost": "evaluators.measures.cost:Cost",
    "tokens": "evaluators.measures.tokens:Tokens",
    "rubric": "evaluators.judges.rubric:Rubric",
    "checklist": "evaluators.judges.checklist:Checklist",
    "dag": "evaluators.judges.dag:Dag",
    "pairwise": "evaluators.judges.pairwise:Pairwise",
    "faithfulness": "evaluators.judges.faithfulness:Faithfulness",
    "context_recall": "evaluators.judges.context_recall:ContextRecall",
    "context_precision": "evaluators.judges.context_precision:ContextPrecision",
    "groundedness": "evaluators.retrieval.groundedness:Groundedness",
    "answer_relevance": "evaluators.judges.answer_relevance:AnswerRelevance",
    "citation": "evaluators.judges.citation:Citation",
    "summarisation": "evaluators.judges.summarisation:Summarisation",
    "conversation": "evaluators.conversation.conversation:Conversation",
    "knowledge_retention": "evaluators.conversation.knowledge_retention:KnowledgeRetention",
    "task_completion": "evaluators.agents.task_completion:TaskCompletion",
    "plan_adherence": "evaluators.agents.plan_adherence:PlanAdherence",
    "tool_use": "evaluators.agents.tool_use:ToolUse",
}
"""Where each kind lives. A module is imported when its kind is first asked for."""

MISSING: Mapping[str, str] = {
    "complete": "this evaluator asks a model, and none was given",
    "entail": "this evaluator needs a classifier of pairs of texts, and none was given (`entail`)",
    "embed": "this evaluator needs a model of embeddings, and none was given (`embed`)",
    "detect": "this evaluator needs a detector, and none was given (`detect`)",
    "sandbox": "this evaluator runs the answer as a program, which is off unless a `sandbox` is handed in",
}
"""What to say when `build` is not handed what a kind needs."""

GROUP = "parapet.evaluators"
"""The entry point group by which installed packages add kinds of their own."""

ParameterType = Literal[
    "text", "long_text", "integer", "number", "boolean", "choice", "list", "options", "json"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One thing an evaluator asks for, described so that a form can be drawn from it."""

    name: str
    type: ParameterType
    help: str
    is_required: bool
    default: Any = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a kind of evaluator is for and what it asks for."""

    name: str
    summary: str
    source: Source
    direction: Direction
    bounds: tuple[float, float] | None
    parameters: tuple[Parameter, ...]
    needs: tuple[str, ...] = ()
    """What `build` must be handed beside the parameters."""

    @property
    def needs_model(self) -> bool:
        """Whether `build` must be handed `complete`."""
        return "complete" in self.needs


def describe(kind: str) -> Kind:
    """Return what a form or a page needs to know about a kind."""
    found = _class_of(kind)
    hints = typing.get_type_hints(found)
    return Kind(
        name=kind,
        summary=(found.__doc__ or "").strip().splitlines()[0],
        source=found.source,
        direction=found.direction,
        bounds=found.bounds,
        parameters=tuple(
            _described(field, hints[field.name]) for field in dataclasses.fields(found) if field.metadata
        ),
        needs=_needs(found),
    )


def kinds(*, handed: Collection[str] = ("complete",)) -> list[Kind]:
    """Describe every kind that can be built with what is handed in, in the order a page should list them."""
    offered = {point.name for point in entry_points(group=GROUP)}
    described = [describe(kind) for kind in (*KINDS, *sorted(offered - KINDS.keys()))]
    return [kind for kind in described if set(kind.needs) <= set(handed)]


def build(
    kind: str,
    parameters: Mapping[str, Any] | None = None,
    complete: Complete | None = None,
    *,
    name: str = "",
    **handed: Any,
) -> Configured:
    """Build an evaluator from plain values, or raise an EvaluatorError whose sentence a person can act on.

    Beside `complete`, some kinds need `embed`, `detect` or `sandbox`: hand them in by these names. What a kind
    does not need is left aside, so that one caller can hand everything to every kind.
    """
    found = _class_of(kind)
    given = dict(parameters or {})
    described = {parameter.name: parameter for parameter in describe(kind).parameters}
    for key in given:
        if key not in described:
            raise ParameterError(f"{kind}: unknown parameter {key!r}{did_you_mean(key, described)}")
    for parameter in described.values():
        if parameter.is_required and parameter.name not in given:
            raise ParameterError(f"{kind}: parameter {parameter.name!r} is required: {parameter.help}")
    values = {key: _value(kind, described[key], value) for key, value in given.items()}
    for need in _needs(found):
        provider = complete if need == "complete" else handed.get(need)
        if provider is None:
            raise ParameterError(f"{kind}: {MISSING.get(need, f'needs {need!r}, and none was given')}")
        values[need] = provider
    return found(name=name or kind, **values)


def did_you_mean(word: str, known: typing.Iterable[str]) -> str:
    """Return the end of an error sentence: the nearest known word, or all of them."""
    names = sorted(known)
    near = difflib.get_close_matches(str(word), names, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; known: {', '.join(names) or 'none'}"


def _needs(found: type[Configured]) -> tuple[str, ...]:
    """Return what a class must be handed; a judge always asks a model, whether it says so or not."""
    return found.needs or (("complete",) if found.source == "judge" else ())


def _class_of(kind: str) -> type[Configured]:
    place = KINDS.get(kind)
    if place is None:
        return _installed(kind)
    module, _, name = place.partition(":")
    found: type[Configured] = getattr(importlib.import_module(module), name)
    return found


def _installed(kind: str) -> type[Configured]:
    """Find a kind that an installed package offers."""
    offered = {point.name: point for point in entry_points(group=GROUP)}
    if kind not in offered:
        raise UnknownEvaluatorError(f"unknown evaluator {kind!r}{did_you_mean(kind, {*KINDS, *offered})}")
    found = offered[kind].load()
    if not (isinstance(found, type) and issubclass(found, Configured)):
        raise UnknownEvaluatorError(
            f"{offered[kind].value} of {kind!r} is no subclass of evaluators.evaluator.Configured"
        )
    return found


def _described(field: "dataclasses.Field[Any]", hint: Any) -> Parameter:
    default = field.default
    if field.default_factory is not dataclasses.MISSING:
        default = field.default_factory()
    choices = field.metadata["choices"]
    if typing.get_origin(hint) is Literal:
        choices = typing.get_args(hint)
    return Parameter(
        name=field.name,
        type="choice" if choices else _type_of(hint, is_long=field.metadata["long"]),
        help=field.metadata["help"],
        is_required=default is dataclasses.MISSING,
        default=None if default is dataclasses.MISSING else default,
        choices=choices,
    )


def _type_of(hint: Any, *, is_long: bool) -> ParameterType:
    if isinstance(hint, types.UnionType):
        hint = next(part for part in typing.get_args(hint) if part is not types.NoneType)
    origin = typing.get_origin(hint)
    if origin is tuple:
        return "list"
    if origin is not None and issubclass(origin, Mapping):
        return "options" if typing.get_args(hint)[1] is float else "json"
    plain: dict[Any, ParameterType] = {bool: "boolean", int: "integer", float: "number"}
    return plain.get(hint, "long_text" if is_long else "text")


def _value(kind: str, parameter: Parameter, value: Any) -> Any:
    if value is None and not parameter.is_required and parameter.default is None:
        return None
    readers: dict[ParameterType, typing.Callable[[Any], Any]] = {
        "text": _text,
        "long_text": _text,
        "integer": _integer,
        "number": _number,
        "boolean": _boolean,
        "choice": _text,
        "list": _list,
        "options": _options,
        "json": _mapping,
    }
    try:
        read = readers[parameter.type](value)
    except _WrongTypeError as error:
        raise ParameterError(
            f"{kind}: {parameter.name!r} must be {error}, not {type(value).__name__}"
        ) from error
    if parameter.type == "choice" and read not in parameter.choices:
        raise ParameterError(f"{kind}: {parameter.name!r} is {read!r}{did_you_mean(read, parameter.choices)}")
    return read


class _WrongTypeError(Exception):
    pass


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _WrongTypeError("a text")
    return value


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _WrongTypeError("a whole number")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
        raise _WrongTypeError("a number")
    return float(value)


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _WrongTypeError("true or false")
    return value


def _list(value: Any) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise _WrongTypeError("a list of texts")
    return tuple(value)


def _options(value: Any) -> dict[str, float]:
    if not isinstance(value, Mapping):
        raise _WrongTypeError("a mapping of labels to numbers")
    return {str(label): _number(number) for label, number in value.items()}


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise _WrongTypeError("a mapping")
    return dict(value)

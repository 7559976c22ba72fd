"""The shape of a suite file. The same shape, as JSON Schema, is what `parapet eval schema` prints."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, field_validator, model_validator

from evaluators.registry import KINDS, did_you_mean
from evaluators.suites.units import share_of

Amount = str | float | int


class Strict(BaseModel):
    """Refuses what it does not know, and says what was probably meant."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    @model_validator(mode="before")
    @classmethod
    def _know_every_key(cls, value: Any) -> Any:
        if isinstance(value, dict):
            for key in value:
                if key not in cls.model_fields:
                    raise ValueError(f"unknown key {key!r}{did_you_mean(str(key), cls.model_fields)}")
        return value


class Endpoint(Strict):
    """A model behind an OpenAI-compatible interface."""

    model: str = Field(description="The model's name as the endpoint knows it.")
    base_url: str | None = Field(
        default=None,
        description="Where the endpoint is, ending in /v1; OPENAI_BASE_URL or Parapet's when left out.",
    )
    api_key_env: str | None = Field(
        default=None,
        description="The environment variable that holds the key; OPENAI_API_KEY or Parapet's when left out.",
    )
    temperature: float | int | None = Field(default=None, description="The sampling temperature.")
    max_tokens: int | None = Field(default=None, ge=1, description="The longest answer, in tokens.")
    parameters: dict[str, Any] = Field(
        default_factory=dict, description="Further fields of the request, sent as they are."
    )
    timeout_s: float | int = Field(
        default=60, gt=0, description="How long to wait for an answer, in seconds."
    )


class HttpApplication(Strict):
    """An application that is sent a POST with JSON."""

    url: str = Field(pattern=r"^https?://", description="Where it listens; an arm may name another `url`.")
    body: Any = Field(
        default="{{ inputs }}",
        description="What is sent, with lookups into the case and `{{ arm.… }}`: the case's inputs when left out.",
    )
    output: str = Field(
        default="output",
        description="Where in the answer's JSON the text is, such as `choices.0.text`; empty for all of it.",
    )
    api_key_env: str | None = Field(
        default=None, description="The environment variable that holds a key, sent as a bearer token."
    )
    timeout_s: float | int = Field(
        default=60, gt=0, description="How long to wait for an answer, in seconds."
    )


class LocalJudge(Strict):
    """A judge model on this machine, run with PyTorch or vLLM."""

    local: str = Field(
        description="A folder with the model's files, relative to the suite, or its name on the Hugging Face hub."
    )
    device: str = Field(default="auto", description="`auto`, `cpu`, `cuda` or `cuda:1`.")
    dtype: Literal["auto", "bfloat16", "float16", "float32"] = Field(
        default="auto", description="The weights' number format; bfloat16 on a GPU, float32 on a CPU."
    )
    engine: Literal["transformers", "vllm"] = Field(
        default="transformers", description="What runs the model."
    )
    batch_tokens: int = Field(
        default=16_384, ge=256, description="The most tokens in one batch: less needs less memory."
    )


class PairClassifier(Strict):
    """A classifier of pairs of texts on this machine, such as MiniCheck, FactCG or any model of entailment."""

    local: str = Field(
        description="A folder with the model's files, relative to the suite, or its name on the Hugging Face hub."
    )
    label: str = Field(
        default="", description="The label that means support; found by its name when left out."
    )
    device: str = Field(default="auto", description="`auto`, `cpu`, `cuda` or `cuda:1`.")
    batch_tokens: int = Field(default=16_384, ge=256, description="The most tokens in one batch.")


class JudgePanel(Strict):
    """Several judges of the suite asked as one."""

    panel: dict[str, float | int] = Field(
        min_length=2,
        description="Other judges of the suite and what each weighs; `parapet eval calibrate` finds weights.",
    )

    @model_validator(mode="after")
    def _counts(self) -> "JudgePanel":
        if min(self.panel.values()) < 0 or not any(self.panel.values()):
            raise ValueError("weights are 0 or more, and at least one is more")
        return self


def _judge_form(value: Any) -> str:
    keys = value if isinstance(value, dict) else type(value).model_fields
    return "Local" if "local" in keys else "Panel" if "panel" in keys else "Endpoint"


JudgeSettings = Annotated[
    Annotated[Endpoint, Tag("Endpoint")]
    | Annotated[LocalJudge, Tag("Local")]
    | Annotated[JudgePanel, Tag("Panel")],
    Discriminator(_judge_form),
]


class SandboxLimits(Strict):
    """Limits for programs that models wrote."""

    timeout_s: float | int = Field(default=10, gt=0, description="Seconds a program may take.")
    memory_mb: int = Field(default=512, ge=16, description="Memory it may use.")
    allow_network: bool = Field(
        default=False, description="Run it although this machine cannot keep it from the network."
    )


def _two_arms() -> dict[str, dict[str, Any]]:
    return {"baseline": {}, "candidate": {}}


class Target(Strict):
    """What is tested: a prompt sent to a model, a Python callable, or an application behind HTTP."""

    prompt: Endpoint | None = Field(default=None, description="Send each arm's prompt to this model.")
    python: str | None = Field(
        default=None, description="module.function, called with the case's inputs and the arm's settings."
    )
    http: HttpApplication | None = Field(default=None, description="Post each case to this application.")
    tests: bool = Field(default=False, description="The answers come from tests; pytest runs the suite.")
    arms: dict[str, dict[str, Any]] = Field(
        default_factory=_two_arms,
        description="One arm, or two: the first is the baseline, the second the candidate.",
        min_length=1,
        max_length=2,
    )

    @model_validator(mode="after")
    def _one_kind(self) -> "Target":
        kinds = [self.prompt is not None, self.python is not None, self.http is not None, self.tests]
        if kinds.count(True) != 1:
            raise ValueError("exactly one of `prompt`, `python`, `http` and `tests: true` is needed")
        if "arms" not in self.model_fields_set and not self.tests:
            raise ValueError("`arms` is needed: one arm, or a baseline and a candidate")
        return self


class CaseFile(Strict):
    """Cases kept in a file of their own."""

    file: str = Field(description="A .jsonl, .csv or .yaml file, relative to the suite.")
    cluster: str | None = Field(
        default=None,
        description="The field that says which cases belong together (a document, a conversation).",
    )


class InlineCase(Strict):
    """One case."""

    id: str | None = Field(
        default=None, description="Unique in the suite; a hash of the content when left out."
    )
    inputs: dict[str, Any] = Field(default_factory=dict, description="What the target is given.")
    expected: Any = Field(default=None, description="The right answer: a text or any JSON value.")
    context: list[str] = Field(default_factory=list, description="Documents the answer should rest on.")
    tags: list[str] = Field(default_factory=list, description="For slices and for rules about some cases.")
    cluster: str = Field(default="", description="Cases of one cluster are not independent of one another.")


class GateRule(Strict):
    """What one metric must do."""

    margin: Amount | None = Field(
        default=None, description="How much worse it may be: `2pt`, or `10%` of a measurement."
    )
    ratio: float | int | None = Field(
        default=None, gt=1, description="For measurements: how many times larger it may be."
    )
    floor: Amount | None = Field(default=None, description="The least the candidate must reach: `90%`.")
    pass_k: int | None = Field(
        default=None,
        ge=2,
        description="The floor is one of pass^k: of the chance that so many answers to a case are all right.",
    )
    must_pass: bool = Field(default=False, description="An invariant that no trial may break.")
    compare: bool | None = Field(default=None, description="False to ask for the floor alone.")
    tags: list[str] = Field(default_factory=list, description="Only cases with one of these tags.")
    threshold: float | int | None = Field(
        default=None, description="The score at which an invariant is kept."
    )
    fail_when: Literal["regression", "beyond_margin"] = Field(
        default="regression",
        description="Whether an established drop fails, or only one as large as the margin.",
    )
    trust: Literal["calibrated", "assume"] = Field(
        default="calibrated", description="`assume` lets a judge decide that nobody has compared with people."
    )


class Reuse(Strict):
    """Taking over what the same baseline answered in earlier runs."""

    days: float | int = Field(default=7, gt=0, description="How old its answers may be.")
    again: str = Field(
        default="10%",
        description="The share of its cases that is asked again, to see whether it still holds.",
    )

    @field_validator("again")
    @classmethod
    def _is_share(cls, value: str) -> str:
        share_of(value, "again")
        return value


class Budget(Strict):
    """What a run may use up; beyond it the run stops and reports what it learned."""

    cost: float | int | None = Field(default=None, gt=0, description="US dollars.")
    minutes: float | int | None = Field(default=None, gt=0, description="Minutes.")


def _evaluator_schema(schema: dict[str, Any]) -> None:
    schema.clear()
    schema |= {
        "anyOf": [
            {"enum": sorted(KINDS)},
            {
                "type": "object",
                "minProperties": 1,
                "maxProperties": 1,
                "additionalProperties": False,
                "properties": {kind: {} for kind in KINDS},
            },
        ]
    }


EvaluatorEntry = Annotated[str | dict[str, Any], Field(json_schema_extra=_evaluator_schema)]


class Suite(Strict):
    """A suite: cases, a target, evaluators and a gate."""

    suite: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", description="The suite's name.")
    description: str = ""
    target: Target
    cases: CaseFile | list[InlineCase]
    trials: int | str = Field(
        default=1, description="Answers per case: `3`, or `1..5` to stop as soon as it is clear."
    )
    evaluators: list[EvaluatorEntry] = Field(min_length=1)
    judges: dict[str, JudgeSettings] = Field(
        default_factory=dict, description="The models that judges ask, by name."
    )
    embeddings: Endpoint | None = Field(
        default=None, description="The model that `embedding_similarity` compares meanings with."
    )
    classifier: PairClassifier | None = Field(
        default=None,
        description="The model that says for `groundedness` whether a document supports a sentence.",
    )
    sandbox: SandboxLimits | None = Field(
        default=None, description="Lets `code_execution` run what models wrote, within these limits."
    )
    gate: dict[str, Amount | GateRule] = Field(
        default_factory=dict,
        description="By metric: `must_pass`, a margin such as `2pt`, or a rule. `latency_p95: 10%` compares a quantile.",
    )
    estimand: Literal["population", "suite"] = Field(
        default="population",
        description="Whether the cases stand for others like them, or only for themselves.",
    )
    budget: Budget = Budget()
    reuse_baseline: Reuse | None = Field(
        default=None, description="Take over what the same baseline answered in earlier runs of this suite."
    )
    history_since: str = Field(
        default="",
        pattern=r"^(\d{4}-\d{2}-\d{2}|\d{8}(-\d{6}.*)?)?$",
        description="The day or the run from which on earlier runs are looked at for a slow decline.",
    )
    inconclusive: Literal["warn", "fail", "pass", "exit"] = "warn"
    concurrency: int = Field(default=8, ge=1, le=256)

    @model_validator(mode="after")
    def _know_members(self) -> "Suite":
        single = [name for name, judge in self.judges.items() if not isinstance(judge, JudgePanel)]
        for name, judge in self.judges.items():
            for member in judge.panel if isinstance(judge, JudgePanel) else ():
                if member not in single:
                    raise ValueError(
                        f"judges.{name}: no single judge is called {member!r}{did_you_mean(member, single)}"
                    )
        return self

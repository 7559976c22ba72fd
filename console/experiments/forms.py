"""What people fill in about experiments: the questions, the variants, the evaluators, and how much may be spent."""

from collections.abc import Mapping
from typing import Any

from django import forms

from console.datasets.models import Dataset, Split
from console.evaluations.forms import JsonField, field_of, judge_field, key_of
from console.experiments.definition import REPLAY
from evaluators import registry
from evaluators.registry import Kind

TRIALS = [
    ("1", "1: one answer per case"),
    ("3", "3: three answers per case"),
    ("1..3", "1 to 3: stop as soon as it is clear"),
    ("1..5", "1 to 5: stop as soon as it is clear"),
]


class NewExperimentForm(forms.Form):
    """Which questions."""

    name = forms.CharField(max_length=64, help_text="What is tried, such as “shorter greeting”.")
    dataset = forms.ChoiceField(help_text="Its newest version is taken, and kept with the experiment.")
    split = forms.ChoiceField(choices=[("", "all"), *Split.choices], required=False)
    tag = forms.CharField(max_length=64, required=False, help_text="Only items with this tag.")

    def __init__(self, *args: Any, datasets: list[Dataset], **kwargs: Any) -> None:
        """Offer the project's datasets that have items."""
        super().__init__(*args, **kwargs)
        choices = [(str(one.pk), f"{one.name}, version {one.latest}") for one in datasets if one.latest]
        self.fields["dataset"].choices = choices  # type: ignore[attr-defined]


class ArmForm(forms.Form):
    """A variant: a prompt of one's own, or the recorded request with some of it changed."""

    name = forms.CharField(max_length=64, help_text="Such as “baseline” or “shorter”.")
    sends = forms.ChoiceField(
        choices=[
            ("prompt", "a prompt, filled in for each case"),
            ("request", "each item’s recorded request again"),
        ],
        initial="prompt",
    )
    model = forms.CharField(
        max_length=200,
        required=False,
        help_text="As the proxy routes it. Empty, with recorded requests: each with the model it asked for.",
    )
    system = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 5, "class": "code"}),
        help_text="The system prompt; with recorded requests it takes the place of theirs.",
    )
    prompt = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 5, "class": "code"}),
        help_text="What the user says. {{ inputs.question }} stands for an item’s variable of that name.",
    )
    temperature = forms.FloatField(required=False, min_value=0, max_value=2)
    max_tokens = forms.IntegerField(
        required=False, min_value=1, max_value=1_000_000, label="Longest answer, tokens"
    )
    parameters = JsonField(required=False, help_text="Further fields of the request, sent as they are.")

    def __init__(self, *args: Any, models: list[str], may_replay: bool, **kwargs: Any) -> None:
        """Offer models, and replay when there is something to send again."""
        super().__init__(*args, **kwargs)
        self.models = models
        self.fields["model"].widget.attrs["list"] = "models"
        if not may_replay:
            self.fields["sends"].choices = self.fields["sends"].choices[:1]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Ask for a prompt and a model where they are needed."""
        given = super().clean() or {}
        if given.get("sends") == "prompt":
            if not given.get("prompt"):
                self.add_error("prompt", "Write what the user says.")
            if not given.get("model"):
                self.add_error("model", "Name a model; parapet/demo answers without a provider.")
        return given

    def settings(self) -> dict[str, Any]:
        """Return the variant as a suite has it."""
        given = self.cleaned_data
        kept = {name: given[name] for name in ("model", "system", "temperature", "max_tokens", "parameters")}
        kept |= {"request": REPLAY} if given["sends"] == "request" else {"prompt": given["prompt"]}
        return {name: value for name, value in kept.items() if value not in (None, "", {})}


def arm_values(name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the form of a variant shows of it."""
    return dict(settings) | {"name": name, "sends": "request" if "request" in settings else "prompt"}


class EvaluatorForm(forms.Form):
    """An evaluator: what it decides by, and what the gate asks of it."""

    name = forms.CharField(max_length=64, help_text="What its scores are called.")
    decides = forms.ChoiceField(
        label="What it decides",
        initial="compare",
        choices=[
            ("compare", "a variant must not be worse than the baseline"),
            ("must_pass", "every answer of a variant must pass"),
            ("report", "nothing; it is only reported"),
        ],
    )
    margin = forms.FloatField(
        required=False,
        min_value=0,
        label="Margin",
        help_text="How much worse is still harmless, in points (hundredths of the scale). Empty: what this many cases "
        "can resolve.",
    )
    floor = forms.FloatField(
        required=False,
        min_value=0,
        max_value=100,
        label="At least, %",
        help_text="What a variant must reach by itself.",
    )
    trust = forms.BooleanField(
        required=False,
        label="Believe the judge",
        help_text="Nobody has compared this judge with people’s labels; unless you believe it anyway, it decides nothing.",
    )
    tag = forms.CharField(max_length=64, required=False, label="Only cases tagged")

    def __init__(self, *args: Any, kind: Kind, models: list[str], **kwargs: Any) -> None:
        """Add what the kind asks for, and the judge's model when it needs one."""
        super().__init__(*args, **kwargs)
        self.kind, self.models = kind, models
        # A judge's scale follows from its options; seconds, dollars and tokens have none.
        self.is_measure = kind.bounds is None and kind.source == "code"
        self.fields["name"].initial = kind.name
        if kind.needs_model:
            self.fields["judge_model"] = judge_field(models)
        else:
            del self.fields["trust"]
        if self.is_measure:
            self.fields["margin"] = forms.FloatField(
                required=False,
                min_value=1.01,
                initial=1.2,
                label="At most so many times larger",
                help_text="1.2 lets a variant use a fifth more than the baseline.",
            )
            del self.fields["floor"]
        for parameter in kind.parameters:
            made = field_of(parameter)
            if parameter.type in ("text", "long_text"):
                made.help_text = (
                    f"{made.help_text} {{{{ expected }}}} and {{{{ inputs.name }}}} stand for the case’s own."
                )
            self.fields[key_of(parameter)] = made
        own = ["name", "judge_model", *(key_of(parameter) for parameter in kind.parameters)]
        self.order_fields([*own, "decides", "margin", "floor", "trust", "tag"])

    @property
    def of_evaluator(self) -> list[forms.BoundField]:
        """What the evaluator asks for."""
        return [field for field in self if field.name not in _OF_GATE]

    @property
    def of_gate(self) -> list[forms.BoundField]:
        """What the gate asks of it."""
        return [field for field in self if field.name in _OF_GATE]

    def parameters(self) -> dict[str, Any]:
        """Return the evaluator's parameters; those left empty keep their defaults."""
        given = {parameter.name: self.cleaned_data[key_of(parameter)] for parameter in self.kind.parameters}
        return {name: value for name, value in given.items() if value not in (None, "", [], {})}

    def rule(self) -> Any:
        """Return what the gate asks, as a suite has it; None for nothing."""
        given = self.cleaned_data
        if given["decides"] == "must_pass":
            return "must_pass"
        if given["decides"] == "report":
            return None
        margin, rule = given.get("margin"), dict[str, Any]()
        if self.is_measure:
            rule["ratio"] = margin or 1.2
        elif margin is not None:
            rule["margin"] = f"{margin:g}pt"
        else:
            rule["compare"] = True
        if given.get("floor") is not None:
            rule |= {"floor": f"{given['floor']:g}%", "compare": True}
        if given.get("trust"):
            rule["trust"] = "assume"
        return rule


_OF_GATE = {"decides", "margin", "floor", "trust", "tag"}


def evaluator_values(entry: Mapping[str, Any], rule: Any) -> tuple[str, dict[str, Any]]:
    """Return an evaluator's kind, and what its form shows of it."""
    kind, given = next(iter(entry.items()))
    named = {parameter.name for parameter in registry.describe(kind).parameters}
    values: dict[str, Any] = {f"p_{name}": value for name, value in given.items() if name in named}
    values |= {"name": given["id"], "judge_model": given.get("judge", "")}
    values["tag"] = str(given.get("when", "")).removeprefix("tags.")
    if rule is None or rule == "must_pass":
        return kind, values | {"decides": "report" if rule is None else "must_pass"}
    margin = str(rule.get("margin", rule.get("ratio", ""))).removesuffix("pt")
    values |= {"decides": "compare", "margin": margin, "floor": str(rule.get("floor", "")).removesuffix("%")}
    return kind, values | {"trust": rule.get("trust") == "assume"}


class OptionsForm(forms.Form):
    """How often each case is asked, and what may be spent."""

    trials = forms.ChoiceField(
        label="Answers per case",
        choices=TRIALS,
        help_text="Models vary; more answers see smaller changes.",
    )
    cost_cap_usd = forms.FloatField(
        required=False,
        min_value=0.000001,
        max_value=1_000_000,
        label="Cost cap, $",
        help_text="Beyond it the experiment stops.",
    )
    concurrency = forms.IntegerField(min_value=1, max_value=64, label="Calls at once")
    estimand = forms.ChoiceField(
        label="The cases stand for",
        choices=[("population", "others like them"), ("suite", "themselves alone")],
        help_text="“Themselves alone” needs at least two answers per case.",
    )

"""The form of a rule: what every rule has, and what its kind of evaluator asks for."""

import json
from collections.abc import Mapping
from typing import Any

from django import forms

from console.evaluations.judges import JudgeError, checked_line
from console.evaluations.models import Rule
from evaluators.registry import Kind, Parameter


class ListField(forms.CharField):
    """A list of texts, one per line."""

    widget = forms.Textarea(attrs={"rows": 4})

    def prepare_value(self, value: Any) -> Any:
        """Draw a list as lines."""
        return "\n".join(value) if isinstance(value, (list, tuple)) else value

    def clean(self, value: Any) -> Any:
        """Read lines as a list; empty lines are nothing."""
        return [line.strip() for line in str(super().clean(value)).splitlines() if line.strip()]


class OptionsField(forms.CharField):
    """Labels and what each is worth, one `label = number` per line."""

    widget = forms.Textarea(attrs={"rows": 4})

    def prepare_value(self, value: Any) -> Any:
        """Draw a mapping as lines."""
        if isinstance(value, Mapping):
            return "\n".join(f"{label} = {number:g}" for label, number in value.items())
        return value

    def clean(self, value: Any) -> Any:
        """Read lines as a mapping. The error names the line that is not one."""
        options: dict[str, float] = {}
        for line in str(super().clean(value)).splitlines():
            if not line.strip():
                continue
            label, _, number = line.rpartition("=")
            try:
                options[label.strip()] = float(number)
            except ValueError:
                raise forms.ValidationError(f"“{line.strip()}” is not of the form: label = number") from None
        return options


class JsonField(forms.CharField):
    """A JSON object."""

    widget = forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "class": "mono"})

    def prepare_value(self, value: Any) -> Any:
        """Draw the object with indents."""
        return json.dumps(value, indent=2) if isinstance(value, Mapping) else value

    def clean(self, value: Any) -> Any:
        """Read the object. The error says where the JSON breaks."""
        text = str(super().clean(value))
        try:
            read = json.loads(text or "{}")
        except ValueError as error:
            raise forms.ValidationError(f"this is not JSON: {error}") from None
        if not isinstance(read, dict):
            raise forms.ValidationError("this must be a JSON object, in braces")
        return read


class JudgeField(forms.CharField):
    """The model that judges, or several."""

    def clean(self, value: Any) -> str:
        """Return the judge as it is kept. The error says what is wrong with it."""
        try:
            return checked_line(str(super().clean(value)))
        except JudgeError as error:
            text = str(error)
            raise forms.ValidationError(f"{text[:1].upper()}{text[1:]}.") from None


def judge_field(models: list[str]) -> JudgeField:
    """Return the field in which a judge is named; `models` are offered."""
    known = ", ".join(models[:8]) or "any that the proxy routes"
    return JudgeField(
        max_length=Rule._meta.get_field("judge_model").max_length,
        label="Judge",
        initial=models[0] if models else "",
        help_text=f"The model that judges: {known}. Several are asked as one panel: gpt-4o-mini = 2, local/fast.",
        widget=forms.TextInput(attrs={"list": "models", "spellcheck": "false"}),
    )


class RuleForm(forms.Form):
    """A rule for one kind of evaluator; `parameters()` gives what the evaluator is built from."""

    name = forms.CharField(max_length=64, help_text="What the scores are called, on pages and in the API.")
    share_percent = forms.FloatField(
        label="Share of calls, %", min_value=0.01, max_value=100, initial=100,
        help_text="10 scores one call in ten. The same traces are chosen for every evaluation.",
    )  # fmt: skip
    environment = forms.CharField(max_length=64, required=False, help_text="Only calls of this environment.")
    model = forms.CharField(max_length=200, required=False, help_text="Only calls this model served.")
    feature = forms.CharField(max_length=200, required=False, help_text="Only calls of this feature.")
    prompt_name = forms.CharField(
        label="Prompt", max_length=200, required=False, help_text="Only calls of this prompt."
    )
    most_per_day = forms.IntegerField(
        label="At most per day", min_value=1, max_value=10_000_000, initial=5_000,
        help_text="A limit on what judging may cost; calls beyond it are not scored.",
    )  # fmt: skip

    def __init__(self, *args: Any, kind: Kind, models: list[str], **kwargs: Any) -> None:
        """Add a field for each parameter of the kind, and for the judge's model when it needs one."""
        super().__init__(*args, **kwargs)
        self.kind, self.models = kind, models
        self.fields["name"].initial = kind.name
        if kind.needs_model:
            self.fields["judge_model"] = judge_field(models)
        for parameter in kind.parameters:
            self.fields[key_of(parameter)] = field_of(parameter)
        self.order_fields(["name", "judge_model", *(key_of(parameter) for parameter in kind.parameters)])

    @property
    def of_evaluator(self) -> list[forms.BoundField]:
        """What the evaluator asks for."""
        mine = {"name", "judge_model", *(key_of(parameter) for parameter in self.kind.parameters)}
        return [field for field in self if field.name in mine]

    @property
    def of_traffic(self) -> list[forms.BoundField]:
        """Which calls are scored."""
        mine = {field.name for field in self.of_evaluator}
        return [field for field in self if field.name not in mine]

    def parameters(self) -> dict[str, Any]:
        """Return the evaluator's parameters; those left empty keep their defaults."""
        given = {parameter.name: self.cleaned_data[key_of(parameter)] for parameter in self.kind.parameters}
        return {name: value for name, value in given.items() if value not in (None, "", [], {})}


def key_of(parameter: Parameter) -> str:
    """Return the name of a parameter's field."""
    return f"p_{parameter.name}"


def field_of(parameter: Parameter) -> forms.Field:
    """Return the field in which a parameter is asked for."""
    details: dict[str, Any] = {
        "label": parameter.name.replace("_", " ").capitalize(),
        "help_text": parameter.help,
        "required": parameter.is_required,
        "initial": parameter.default,
    }
    match parameter.type:
        case "boolean":
            return forms.BooleanField(**{**details, "required": False})
        case "integer":
            return forms.IntegerField(**details)
        case "number":
            return forms.FloatField(**details)
        case "choice":
            return forms.ChoiceField(choices=[(choice, choice) for choice in parameter.choices], **details)
        case "list":
            return ListField(**details)
        case "options":
            return OptionsField(**details)
        case "json":
            return JsonField(**details)
        case "long_text":
            return forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), **details)
        case "text":
            return forms.CharField(**details)

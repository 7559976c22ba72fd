"""The form of one guard, drawn from what its kind says it can be told, and the draft of a whole policy."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.http import QueryDict

from console.policies.fields import NumberField, WholeNumberField, field_for, title_of
from console.policies.guards import LATER_FIELDS, GuardError, checked_config
from console.policies.models import PolicyVersion
from console.policies.rules import RulesField, as_lines
from guardrails.parameters import Parameter
from guardrails.registry import KINDS, LONGEST_DEADLINE_MS, LONGEST_MEMORY_S, LONGEST_REPLACEMENT
from guardrails.verdict import PLACES

ACTION_CHOICES = [
    ("flag", "flag it"),
    ("mask", "mask it"),
    ("escalate", "hold it for a person"),
    ("block", "block the call"),
    ("allow", "allow it"),
]
ON_ERROR_CHOICES = [("block", "refuse the call"), ("allow", "let the text pass")]
MODE_CHOICES = [
    ("hold", "hold it back until it is checked"),
    ("observe", "let it go, and end it on a finding"),
]
REPLACEMENT_CHOICES = [
    ("placeholder", "a placeholder, which comes back"),
    ("realistic", "a realistic stand-in, which comes back"),
    ("hash", "a keyed hash"),
    ("encrypt", "its cipher"),
    ("redact", "a fixed text"),
]
PLACE_LABELS = {
    "system": "system prompt",
    "user": "user's message",
    "history": "earlier messages",
    "context": "retrieved context",
    "tool_arguments": "tool arguments",
    "tool_results": "tool results",
    "answer": "answer",
    "reasoning": "reasoning",
}
PLACE_CHOICES = [(place, PLACE_LABELS[place]) for place in PLACES]
NEEDED = {
    ("words", "words"): "Write at least one word or phrase.",
    ("classifier", "model"): "Name a classifier of the guard server's configuration.",
    ("moderation_model", "model"): "Name a moderation model of the guard server's configuration.",
    ("judge", "model"): "Name a chat model of the guard server's configuration.",
    ("judge", "question"): "Write a question that Yes answers when a text should be found.",
}
"""What a kind of guard cannot do without, and what a page says when it is not there."""
MAX_GUARDS = 50
USUAL_DEADLINE_MS = 2_000


class GuardForm(forms.Form):
    """One guard of a draft."""

    name = forms.CharField(
        max_length=100,
        help_text="Callers and events name it.",
        error_messages={"required": "Give the guard a name of 1 to 100 characters, its own in this policy."},
    )
    action = forms.ChoiceField(
        label="When it finds something",
        choices=ACTION_CHOICES,
        help_text="Of what all guards find, the strongest counts.",
    )
    places = forms.MultipleChoiceField(
        label="Where it looks",
        choices=PLACE_CHOICES,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one place, or take the guard out."},
    )
    on_error = forms.ChoiceField(
        label="If it cannot decide",
        choices=ON_ERROR_CHOICES,
        help_text="As when the guard server is away or too slow.",
    )
    deadline_ms = WholeNumberField(
        label="Deadline (ms)",
        least=1,
        most=LONGEST_DEADLINE_MS,
        required=False,
        default=USUAL_DEADLINE_MS,
        help_text=f"How long a call waits for the guard server. Default: {USUAL_DEADLINE_MS:,}.",
    )
    is_enabled = forms.BooleanField(
        label="In use", required=False, help_text="Off: it stays in the policy and does nothing."
    )
    is_shadow = forms.BooleanField(
        label="Shadow", required=False, help_text="Decides and records, and lets everything pass."
    )

    rules = RulesField(
        label="By finding",
        required=False,
        help_text="What follows one kind of finding, and how sure the guard must be: one to a line.",
    )
    threshold = NumberField(
        label="Least score",
        required=False,
        least=0,
        most=1,
        help_text="From 0 to 1. Findings that are less sure are passed over.",
    )
    rollout_percent = WholeNumberField(
        label="Enforced for (%)",
        required=False,
        least=0,
        most=100,
        help_text="Of the conversations; in the others it is in shadow.",
    )
    replacement = forms.ChoiceField(
        label="In place of a value stands",
        required=False,
        choices=REPLACEMENT_CHOICES,
        help_text="What does not come back stays so for the caller, too.",
    )
    replacement_text = forms.CharField(
        label="Text or prefix",
        required=False,
        max_length=LONGEST_REPLACEMENT,
        strip=False,
        help_text="The fixed text, or what stands before a hash or a cipher.",
    )
    mode = forms.ChoiceField(
        label="A streamed answer",
        required=False,
        choices=MODE_CHOICES,
        help_text="What has gone out cannot be masked any more.",
    )

    def __init__(self, kind: str, *, number: int, **kwargs: Any) -> None:
        super().__init__(prefix=f"g{number}", auto_id="id_%s", **kwargs)
        self.number = number
        self.kind = KINDS[kind]
        self.is_new = False
        for parameter in self.kind.parameters:
            self.fields[f"p_{parameter.name}"] = field_for(
                parameter, needed=NEEDED.get((kind, parameter.name), "")
            )
        for name in ("mode", "replacement"):
            self.fields[name].has_default = True  # type: ignore[attr-defined]

    @classmethod
    def of(cls, guard: Mapping[str, Any], *, number: int) -> "GuardForm":
        """Return the form showing a guard as it is stored."""
        kind = KINDS[guard["kind"]]
        whole = {**LATER_FIELDS, **guard}
        initial = {name: whole[name] for name in cls.base_fields if name != "rules"}
        initial["rules"] = as_lines(whole["actions"], whole["thresholds"])
        for parameter in kind.parameters:
            value = guard["parameters"].get(parameter.name, parameter.default)
            initial[f"p_{parameter.name}"] = _as_initial(parameter, value)
        return cls(kind.kind, number=number, initial=initial)

    @property
    def common(self) -> list[forms.BoundField]:
        """Return the fields every guard has and that stand in one row: a deadline where the guard server is asked."""
        return [self[name] for name in ("name", "action", "on_error", *self._deadline)]

    @property
    def finer(self) -> list[forms.BoundField]:
        """Return the fields that most guards leave as they are."""
        names = ("rules", "threshold", "rollout_percent", "mode", "replacement", "replacement_text")
        return [self[name] for name in names] + ([] if self._deadline else [self["deadline_ms"]])

    @property
    def is_finer(self) -> bool:
        """Tell whether one of those is set, or wrong."""
        untouched = ("", None, "0", "0.0", 0, 0.0, "100", 100, "hold", "placeholder", USUAL_DEADLINE_MS)
        usual = (*untouched, str(USUAL_DEADLINE_MS))
        return any(field.errors or field.value() not in usual for field in self.finer)

    @property
    def _deadline(self) -> tuple[str, ...]:
        return ("deadline_ms",) if self.kind.tier > 1 else ()

    @property
    def particular(self) -> list[forms.BoundField]:
        """Return the fields of this kind of guard, except its lists of boxes."""
        return [self[f"p_{one.name}"] for one in self.kind.parameters if one.type != "choices"]

    @property
    def lists_of_choices(self) -> list[forms.BoundField]:
        """Return the fields of this kind of guard that are lists of boxes."""
        return [self[f"p_{one.name}"] for one in self.kind.parameters if one.type == "choices"]

    @property
    def title(self) -> str:
        """Return the guard's name as it stands in the form."""
        return str(self["name"].value() or self.kind.title)

    def as_guard(self) -> dict[str, Any]:
        """Return a valid form as rows keep a guard. Parameters that are the default are left out."""
        parameters = {
            parameter.name: value
            for parameter in self.kind.parameters
            if (value := self.cleaned_data[f"p_{parameter.name}"])
            not in (None, "", _plain(parameter.default))
            or parameter.type == "boolean"
        }
        given = {name: self.cleaned_data[name] for name in self.base_fields if name != "rules"}
        # A page of an older version does not send what was added since.
        later = {name: default for name, default in LATER_FIELDS.items() if given.get(name) in (None, "")}
        return {
            **given,
            **later,
            **self.cleaned_data["rules"],
            "kind": self.kind.kind,
            "parameters": parameters,
        }

    def clean(self) -> dict[str, Any]:
        """Refuse what could not be enforced, with the sentence that says why."""
        super().clean()
        if not self.errors:
            try:
                checked_config(self.as_guard())
            except GuardError as error:
                self.add_error(self._field_of(str(error)), self._in_words(str(error)))
        return self.cleaned_data

    def _in_words(self, sentence: str) -> str:
        """Return a sentence as the form says it: without the guard it stands in, with fields by their labels."""
        sentence = sentence.removeprefix(f"guard {self.cleaned_data['name']!r}: ")
        for parameter in self.kind.parameters:
            sentence = sentence.replace(f"{parameter.name!r}", f"“{title_of(parameter.name)}”")
        return f"{sentence[:1].upper()}{sentence[1:]}" + ("" if sentence.endswith(".") else ".")

    def _field_of(self, sentence: str) -> str | None:
        """Return the field that a sentence is about, so that it stands beside it."""
        if " actions names " in sentence or " thresholds names " in sentence:
            return "rules"
        named = (name for name in self.fields if f"{name.removeprefix('p_')!r}" in sentence)
        return next(named, None)


class Draft:
    """The guards of a policy while someone works on them: forms in order."""

    def __init__(self, forms: Sequence[GuardForm]) -> None:
        self.forms = list(forms)

    @classmethod
    def of(cls, guards: Sequence[Mapping[str, Any]]) -> "Draft":
        """Return the draft of what is stored. A guard of a kind that is gone is left out."""
        known = [guard for guard in guards if guard.get("kind") in KINDS]
        return cls([GuardForm.of(guard, number=number) for number, guard in enumerate(known)])

    @classmethod
    def posted(cls, data: QueryDict) -> "Draft":
        """Return the draft that a page sent. What is not a guard is passed over."""
        forms = []
        for text in list(dict.fromkeys(data.getlist("guard")))[:MAX_GUARDS]:
            kind = data.get(f"g{text}-kind", "")
            if text.isascii() and text.isdecimal() and len(text) <= 4 and kind in KINDS:
                forms.append(GuardForm(kind, number=int(text), data=data))
        return cls(forms)

    def edit(self, order: str) -> None:
        """Follow one order of the page: `add:KIND`, or `up:`, `down:` or `remove:` a number."""
        verb, _, object_ = order.partition(":")
        if verb == "add" and object_ in KINDS and len(self.forms) < MAX_GUARDS:
            self.forms.append(self._new(object_))
            return
        at = next((at for at, form in enumerate(self.forms) if str(form.number) == object_), None)
        if at is None:
            return
        if verb == "remove":
            del self.forms[at]
        elif verb in ("up", "down"):
            to = at + (-1 if verb == "up" else 1)
            if 0 <= to < len(self.forms):
                self.forms[at], self.forms[to] = self.forms[to], self.forms[at]

    def is_valid(self) -> bool:
        """Tell whether every guard can be enforced; each form then says what is wrong with it."""
        # Every form is asked, so that every one shows its errors.
        verdicts = [form.is_valid() for form in self.forms]
        return all(verdicts)

    def first_trouble(self) -> str:
        """Return the first thing that is wrong with a draft that is not valid: which guard, which field, and what."""
        for form in self.forms:
            for name, errors in form.errors.items():
                label = "" if name == "__all__" else f", {form[name].label}"
                return f"{form.title}{label}: {errors[0]}"
        return ""

    def guards(self) -> list[dict[str, Any]]:
        """Return a valid draft as rows keep it."""
        return [form.as_guard() for form in self.forms]

    def _new(self, kind: str) -> GuardForm:
        number = max((form.number for form in self.forms), default=-1) + 1
        names = {form.title for form in self.forms}
        base = KINDS[kind].title.lower()
        name = next(
            name for name in [base, *(f"{base} {count}" for count in range(2, 99))] if name not in names
        )
        guard: dict[str, Any] = {
            "name": name,
            "kind": kind,
            "action": KINDS[kind].default_action,
            "places": [place for place in PLACES if place in KINDS[kind].places],
            "on_error": "block",
            "deadline_ms": USUAL_DEADLINE_MS,
            "is_enabled": True,
            "is_shadow": False,
            "parameters": {},
        }
        form = GuardForm.of(guard, number=number)
        form.is_new = True
        # Who adds a guard goes on there, also by keyboard.
        form.fields["name"].widget.attrs["autofocus"] = True
        return form


class VersionForm(forms.Form):
    """What is said of a version as a whole."""

    note = forms.CharField(
        label="What changes, and why",
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"placeholder": "What changes, and why (for the history)"}),
    )
    share = WholeNumberField(
        label="For % of conversations", required=False, least=0, most=100, default=100, initial=100
    )
    remembers_min = WholeNumberField(
        label="Remember a conversation's stand-ins for (minutes)",
        required=False,
        least=0,
        most=LONGEST_MEMORY_S // 60,
        initial=0,
        help_text="0 for one request. A longer time keeps them, encrypted, for calls that name their session.",
    )

    @classmethod
    def of(cls, version: PolicyVersion | None, *, note: str = "") -> "VersionForm":
        """Return the form for what follows a version. What is saved next is for everyone unless somebody says otherwise."""
        return cls(
            initial={"note": note, "share": 100, "remembers_min": version.remembers_s // 60 if version else 0}
        )

    @property
    def is_remembering(self) -> bool:
        """Tell whether stand-ins are remembered, or were to be."""
        return bool(self["remembers_min"].errors) or self["remembers_min"].value() not in (None, "", "0", 0)

    def first_trouble(self) -> str:
        """Return the first thing that is wrong with a form that is not valid: which field, and what."""
        return next((f"{self[name].label}: {errors[0]}" for name, errors in self.errors.items()), "")

    def values(self) -> dict[str, Any]:
        """Return a valid form as a version keeps it."""
        share, minutes = self.cleaned_data["share"], self.cleaned_data["remembers_min"]
        return {
            "note": self.cleaned_data["note"],
            "rollout_percent": 100 if share is None else share,
            "remembers_s": (minutes or 0) * 60,
        }


def _as_initial(parameter: Parameter, value: Any) -> Any:
    if parameter.type == "patterns":
        return "\n".join(
            f"{one['name']}{f' ({check})' if (check := one.get('check')) else ''}: {one['regex']}"
            for one in value
        )
    return "\n".join(value) if parameter.type == "texts" else _plain(value)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple | list) else value

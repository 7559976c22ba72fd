"""The fields of a guard's form: each says what it is for, what it stands at, and of a wrong value what would be right."""

import re
from collections.abc import Mapping
from math import isfinite
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from guardrails.parameters import Parameter

TITLES: Mapping[str, str] = {
    "allow": "Never a finding",
    "allowed_hosts": "Hosts that are trusted",
    "at_least": "At least in a row",
    "blocked_hosts": "Hosts that are always a finding",
    "canaries": "Canaries",
    "competitors": "Competitors",
    "context": "Words nearby",
    "custom": "Patterns of your own",
    "decode": "Read what is packed",
    "deny": "Always a finding",
    "expected": "Expected languages",
    "facts": "Check facts",
    "fenced": "Take fenced JSON",
    "formats": "Providers and formats",
    "generic": "Any password or key",
    "label": "Name of a finding",
    "least_letters": "Letters it takes",
    "least_support": "Least support",
    "least_words": "Words it takes",
    "max_query": "Longest query (characters)",
    "min_entropy": "Least randomness (bits per character)",
    "normalise": "See through disguises",
    "other_scripts": "Other scripts are a finding",
    "paired": "Read beside the question",
    "patterns": "Patterns",
    "run_of_words": "Words in a row",
    "score_threshold": "Least score",
    "threshold": "Threshold",
    "unfenced": "Find unfenced code",
    "whole_words": "Whole words only",
    "with_context": "Show it the context",
    "within": "Characters from the start",
}
"""What pages call a parameter, where its name alone says too little."""
CHOICES: Mapping[str, Mapping[str, str]] = {
    "look_for": {
        "tags": "tag characters: hidden ASCII",
        "bidi": "marks that turn text round",
        "selectors": "variation selectors that choose nothing",
        "zero_width": "characters without width",
        "controls": "control characters",
        "images": "images and other parts that load by themselves",
        "data": "data in an address",
        "hosts": "hosts that are not trusted",
        "ip_hosts": "hosts that are numbers",
        "lookalikes": "hosts that look like others",
        "schemes": "addresses that run something",
    },
    "countries": {
        "us": "United States", "uk": "United Kingdom", "ca": "Canada", "au": "Australia", "in": "India", "de": "Germany",
        "fr": "France", "es": "Spain", "it": "Italy", "nl": "Netherlands", "pt": "Portugal", "br": "Brazil",
    },
    "languages": {"c": "C and C++", "csharp": "C#", "javascript": "JavaScript and TypeScript", "java": "Java and Kotlin"},
    "expected": {
        "en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian", "nl": "Dutch", "pt": "Portuguese",
    },
}  # fmt: skip
"""What pages call the choices of a parameter, where their names say too little."""
_MOST_DEFAULTS = 6
_QUOTED = re.compile(r"(?<!`)`([^`]+)`(?!`)")


def field_for(parameter: Parameter, *, needed: str = "") -> forms.Field:
    """Return the field in which a person tells a guard one thing; `needed` says that it must be told, and what."""
    about = _QUOTED.sub(r"“\1”", parameter.help)
    shared: dict[str, Any] = {
        "label": title_of(parameter.name),
        "help_text": f"{about} {_default(parameter)}".strip(),
        "required": bool(needed),
        "error_messages": {"required": needed} if needed else None,
    }
    field = _field(parameter, shared)
    field.has_default = parameter.default not in (None, "", (), [], {})  # type: ignore[attr-defined]
    return field


def _field(parameter: Parameter, shared: dict[str, Any]) -> forms.Field:
    if parameter.type == "boolean":
        return forms.BooleanField(**shared)
    if parameter.type == "number":
        is_whole = isinstance(parameter.default, int)
        return (WholeNumberField if is_whole else NumberField)(
            least=parameter.least, most=parameter.most, default=parameter.default, **shared
        )
    if parameter.type == "choice":
        return forms.ChoiceField(
            choices=[(one, _title(parameter, one)) for one in parameter.choices],
            **shared | {"required": True},
        )
    if parameter.type == "choices":
        return forms.MultipleChoiceField(choices=_grouped(parameter), widget=Boxes, **shared)
    if parameter.type == "texts":
        lines = "" if "per line" in parameter.help else " One per line."
        return LinesField(**shared | {"help_text": f"{shared['help_text']}{lines}"})
    if parameter.type == "patterns":
        return PatternsField(**shared | {"help_text": PATTERNS_HELP})
    if parameter.type == "json":
        return ObjectField(**shared)
    return forms.CharField(max_length=1_000, **shared)


def title_of(name: str) -> str:
    """Return what pages call a parameter."""
    return TITLES.get(name) or name.replace("_", " ").capitalize()


def _default(parameter: Parameter) -> str:
    """Return a sentence about what stands there until somebody says otherwise; nothing where that is nothing."""
    default = parameter.default
    if parameter.type == "boolean" or default in (None, "", (), [], {}):
        return ""
    if isinstance(default, tuple | list):
        if len(default) == len(parameter.choices):
            return "Default: all."
        if len(default) > _MOST_DEFAULTS:
            return f"Default: {len(default)} of {len(parameter.choices)}."
        return f"Default: {', '.join(_title(parameter, one) for one in default)}."
    if parameter.type == "number":
        return f"Default: {default:g}."
    return f"Default: {_title(parameter, str(default))}."


def _title(parameter: Parameter, choice: str) -> str:
    # One language is called as several are.
    titles = CHOICES.get("expected" if parameter.name == "language" else parameter.name, {})
    return titles.get(choice, choice)


def _grouped(parameter: Parameter) -> list[Any]:
    """Return the choices as a page shows them: those of a group under its name."""
    grouped = {name for _, names in parameter.groups for name in names}
    alone = [(one, _title(parameter, one)) for one in parameter.choices if one not in grouped]
    return [
        *alone,
        *(
            (CHOICES["countries"].get(title, title), [(one, one) for one in names])
            for title, names in parameter.groups
        ),
    ]


class Boxes(forms.CheckboxSelectMultiple):
    """Boxes to tick; groups of them are folded until one of theirs is ticked."""

    template_name = "components/boxes.html"

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """Return what the template draws, with the groups that hold a ticked box."""
        context = super().get_context(name, value, attrs)
        groups = context["widget"]["optgroups"]
        context["widget"]["is_long"] = sum(len(options) for _, options, _ in groups) > _MOST_DEFAULTS
        context["widget"]["open_groups"] = [
            group for group, options, _ in groups if any(option["selected"] for option in options)
        ]
        return context


class NumberField(forms.FloatField):
    """A number. What is none, or lies outside, is said with the value and the range; nothing is the default."""

    what = "a number"
    has_default = True

    def __init__(
        self,
        *,
        least: float | None = None,
        most: float | None = None,
        default: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._least, self._most, self._default = least, most, default
        attributes: dict[str, Any] = {"min": least, "max": most}
        self.widget.attrs |= {name: f"{value:g}" for name, value in attributes.items() if value is not None}

    def clean(self, value: Any) -> float | None:
        """Return the number."""
        if value in (None, "") and self._default is not None:
            return self._default
        try:
            number: float | None = super().clean(value)
        except ValidationError as error:
            if value in (None, ""):
                raise
            raise self._wrong(value) from error
        outside = number is not None and (
            (self._least is not None and number < self._least)
            or (self._most is not None and number > self._most)
        )
        if outside:
            raise self._wrong(value)
        return number

    def _wrong(self, value: Any) -> ValidationError:
        between = "" if self._least is None else f" from {_plain_number(self._least)}"
        between += "" if self._most is None else f" to {_plain_number(self._most)}"
        return ValidationError(f"Write {self.what}{between}, not {str(value)[:40]!r}.")


class WholeNumberField(NumberField):
    """A whole number."""

    what = "a whole number"

    def to_python(self, value: Any) -> Any:
        """Return the number as it was written."""
        number = super().to_python(value)
        if number is not None and (not isfinite(number) or number != int(number)):
            raise self._wrong(value)
        return None if number is None else int(number)


def _plain_number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:g}"


class LinesField(forms.CharField):
    """A list of texts, one to a line."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": 3, "class": "code"}), **kwargs)

    def clean(self, value: Any) -> list[str]:
        """Return the lines that are not empty."""
        return list(dict.fromkeys(line.strip() for line in super().clean(value).splitlines() if line.strip()))


class ObjectField(forms.JSONField):
    """A JSON object, as text."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": 8, "class": "code"}), **kwargs)

    def clean(self, value: Any) -> Any:
        """Return the object; nothing is an empty one."""
        cleaned = super().clean(value)
        if cleaned is not None and not isinstance(cleaned, dict):
            raise forms.ValidationError("Write a JSON object: {…}")
        return cleaned or {}


PATTERNS_HELP = (
    "Your own, one per line: name: regular expression. Name (luhn): … or name (mod97): … checks the digits as well. "
    "RE2 syntax; (?i) at the start ignores case."
)


class PatternsField(LinesField):
    """A list of named regular expressions, one to a line."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.widget.attrs |= {"placeholder": r"ticket: TCK-\d{6}", "spellcheck": "false"}

    def clean(self, value: Any) -> list[Any]:
        """Return the lines as objects with a name, a regex and perhaps a check."""
        return [self._pattern(line) for line in super().clean(value)]

    def _pattern(self, line: str) -> dict[str, str]:
        name, colon, regex = line.partition(":")
        name, regex = name.strip(), regex.strip()
        if not colon or not name or not regex:
            raise forms.ValidationError(f"{line[:60]!r} is not of the form name: regular expression")
        check = ""
        if name.endswith(")") and "(" in name:
            name, _, rest = name.rpartition("(")
            name, check = name.strip(), rest[:-1].strip()
        return {"name": name, "regex": regex} | ({"check": check} if check else {})

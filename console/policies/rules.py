"""What follows single kinds of findings, as a person writes it: one to a line, `CREDIT_CARD: block` or `PERSON: mask from 0.8`."""

import re
from collections.abc import Mapping
from typing import Any

from django import forms

from guardrails import hints
from guardrails.verdict import ACTIONS

MOST_LINES = 100
_LINE = re.compile(
    r"\s*(?P<entity>[^:]*?)\s*:\s*(?P<action>[A-Za-z]*)\s*(?:from\s+(?P<threshold>[\d.,]+)\s*)?$",
    re.IGNORECASE,
)
_FORM = "ENTITY: action, ENTITY: action from 0.8, or ENTITY: from 0.8"


class RulesField(forms.CharField):
    """Actions and thresholds by entity, one to a line."""

    def __init__(self, **kwargs: Any) -> None:
        attributes = {
            "rows": 3,
            "class": "code",
            "spellcheck": "false",
            "placeholder": "CREDIT_CARD: block\nPERSON: mask from 0.8",
        }
        super().__init__(widget=forms.Textarea(attrs=attributes), max_length=10_000, **kwargs)

    def clean(self, value: Any) -> dict[str, dict[str, Any]]:
        """Return the lines as `actions` and `thresholds`."""
        lines = [line for line in (super().clean(value) or "").splitlines() if line.strip()]
        if len(lines) > MOST_LINES:
            raise forms.ValidationError(f"There are at most {MOST_LINES} lines; these are {len(lines)}.")
        actions: dict[str, str] = {}
        thresholds: dict[str, float] = {}
        seen: set[str] = set()
        for line in lines:
            found = _LINE.match(line)
            entity = found["entity"].upper().replace(" ", "_") if found else ""
            if found is None or not entity or not (found["action"] or found["threshold"]):
                raise forms.ValidationError(f"{line.strip()[:60]!r} is not of the form {_FORM}")
            if entity in seen:
                raise forms.ValidationError(f"{entity} has two lines; keep one")
            seen.add(entity)
            action = found["action"].lower()
            if action and action not in ACTIONS:
                raise forms.ValidationError(
                    f"{entity}: unknown action {action[:40]!r}; {hints.known(action, ACTIONS)}"
                )
            if action:
                actions[entity] = action
            if found["threshold"]:
                thresholds[entity] = _threshold(entity, found["threshold"])
        return {"actions": actions, "thresholds": thresholds}


def as_lines(actions: Mapping[str, str], thresholds: Mapping[str, float]) -> str:
    """Return actions and thresholds as a person writes them."""
    return "\n".join(
        f"{entity}: {actions.get(entity, '')}{f' from {thresholds[entity]:g}' if entity in thresholds else ''}".replace(
            ":  ", ": "
        )
        for entity in dict.fromkeys((*actions, *thresholds))
    )


def _threshold(entity: str, text: str) -> float:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise forms.ValidationError(f"{entity}: a threshold is a number from 0 to 1, not {text[:20]!r}")
    return value

"""What can be asked: a policy over the past, and verdicts to look at."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms

from console.accounts.models import Project
from console.quality.actions import MOST_OF_A_STRATUM
from console.quality.backtests import MOST_CALLS

WINDOWS = {
    "24h": ("the last 24 hours", timedelta(hours=24)),
    "7d": ("the last 7 days", timedelta(days=7)),
    "30d": ("the last 30 days", timedelta(days=30)),
    "90d": ("the last 90 days", timedelta(days=90)),
}
LONGEST_JSON = 500_000
_CHOICES = [(key, label) for key, (label, _) in WINDOWS.items()]


class BacktestForm(forms.Form):
    """Which guards, over which calls."""

    guards = forms.CharField(
        label="Guards",
        widget=forms.Textarea(attrs={"rows": 16, "class": "code", "spellcheck": "false"}),
        help_text="A list of guards as the policy's history and the API show them. Change what you want to try.",
        max_length=LONGEST_JSON,
    )
    window = forms.ChoiceField(label="Calls of", choices=_CHOICES, initial="7d")
    sample = forms.IntegerField(
        label="At most so many calls",
        min_value=1,
        max_value=MOST_CALLS,
        initial=1_000,
        help_text="Drawn by chance. 1,000 calls tell a share of 1 % from one of 2 %.",
    )
    environment = forms.CharField(label="Environment", required=False, max_length=64)
    route = forms.CharField(label="Route", required=False, max_length=200)
    model = forms.CharField(label="Model", required=False, max_length=200)
    feature = forms.CharField(label="Feature", required=False, max_length=200)
    api_key = forms.ChoiceField(label="API key", required=False)
    source = forms.CharField(required=False, max_length=120, widget=forms.HiddenInput)

    def __init__(self, *arguments: Any, project: Project, **options: Any) -> None:
        super().__init__(*arguments, **options)
        keys = [(str(key.pk), key.name) for key in project.keys.filter(is_internal=False)]
        field = self.fields["api_key"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "Every key"), *keys]

    def clean_guards(self) -> list[dict[str, Any]]:
        """Read the list; whether each guard can run is checked where the backtest is started."""
        try:
            guards = json.loads(self.cleaned_data["guards"])
        except (ValueError, RecursionError) as error:
            where = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
            raise forms.ValidationError(f"This is not JSON{where}.") from None
        if not isinstance(guards, list) or not all(isinstance(guard, dict) for guard in guards):
            raise forms.ValidationError("This must be a list of objects, one for each guard.")
        return guards

    def clean_api_key(self) -> UUID | None:
        """Return the key's id."""
        chosen = self.cleaned_data["api_key"]
        return UUID(chosen) if chosen else None

    @property
    def window_length(self) -> timedelta:
        """How far back the calls reach."""
        return WINDOWS[self.cleaned_data["window"]][1]

    @property
    def filters(self) -> list[forms.BoundField]:
        """The fields that narrow the calls."""
        return [self[name] for name in ("environment", "route", "model", "feature", "api_key")]


class DrawForm(forms.Form):
    """Which verdicts to look at."""

    window = forms.ChoiceField(label="Verdicts of", choices=_CHOICES, initial="7d")
    guard = forms.ChoiceField(label="Guard", required=False)
    each = forms.IntegerField(
        label="Of each kind",
        min_value=1,
        max_value=MOST_OF_A_STRATUM,
        initial=25,
        help_text="For every guard: unsure findings, disagreements, other findings, and texts that were let pass.",
    )

    def __init__(self, *arguments: Any, guards: list[str], **options: Any) -> None:
        super().__init__(*arguments, **options)
        field = self.fields["guard"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "All guards"), *((name, name) for name in guards)]

    @property
    def window_length(self) -> timedelta:
        """How far back the verdicts reach."""
        return WINDOWS[self.cleaned_data["window"]][1]

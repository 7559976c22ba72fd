"""What people fill in about upstreams and routes."""

from typing import Any

from django import forms

from console.accounts.models import Project
from console.gateway.models import ModelRoute, Protocol, Upstream
from console.settings.providers import PROVIDERS, Provider

_PROVIDER_CHOICES = [("", "another, or my own server"), *((one.name, one.label) for one in PROVIDERS)]


class UpstreamForm(forms.Form):
    """An upstream. The key is written, never read: a stored one is not shown again."""

    name = forms.CharField(max_length=64)
    provider = forms.ChoiceField(
        required=False,
        choices=_PROVIDER_CHOICES,
        help_text="Whose prices apply. Unknown prices stay unknown.",
    )
    base_url = forms.CharField(
        label="Base URL",
        max_length=500,
        widget=forms.TextInput(
            attrs={"class": "code", "placeholder": "https://api.openai.com/v1", "inputmode": "url"}
        ),
        help_text="As a client of the provider would be given it. A new address voids the stored key.",
    )
    protocol = forms.ChoiceField(
        choices=[
            (Protocol.OPENAI, "OpenAI's"),
            (Protocol.ANTHROPIC, "Anthropic's (not routed by the proxy yet)"),
        ],
        initial=Protocol.OPENAI,
    )
    api_key = forms.CharField(
        label="Provider key",
        required=False,
        max_length=2_000,
        strip=True,
        widget=forms.PasswordInput(attrs={"class": "code", "autocomplete": "off", "spellcheck": "false"}),
        help_text="Sealed for this address. Empty: a stored key stays as it is.",
    )
    removes_key = forms.BooleanField(label="Remove the stored key", required=False)
    headers = forms.CharField(
        label="Extra headers",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "class": "code", "placeholder": "x-team: search"}),
        help_text="One per line, name: value. Not for secrets; they are not sealed.",
    )
    connect_timeout_s = forms.FloatField(
        label="Connect within (s)", min_value=0.1, max_value=3_600, initial=5.0
    )
    idle_timeout_s = forms.FloatField(
        label="Longest silence (s)", min_value=0.1, max_value=3_600, initial=60.0
    )
    total_timeout_s = forms.FloatField(label="Whole call (s)", min_value=0.1, max_value=3_600, initial=900.0)
    is_enabled = forms.BooleanField(label="In use", required=False, initial=True)

    @classmethod
    def for_provider(cls, provider: Provider | None) -> "UpstreamForm":
        """Return an empty form, or one that knows a provider's address."""
        if provider is None:
            return cls()
        return cls(
            initial={
                "name": provider.name,
                "provider": provider.name,
                "base_url": provider.base_url,
                "protocol": provider.protocol,
            }
        )

    @classmethod
    def of(cls, upstream: Upstream) -> "UpstreamForm":
        """Return the form showing an upstream as it is, without its key."""
        initial = {name: getattr(upstream, name) for name in cls.base_fields if hasattr(upstream, name)}
        lines = "\n".join(f"{name}: {value}" for name, value in upstream.headers.items())
        return cls(initial=initial | {"headers": lines})

    def clean_headers(self) -> dict[str, str]:
        """Return the lines as names and values."""
        headers = {}
        for line in filter(str.strip, self.cleaned_data["headers"].splitlines()):
            name, colon, value = line.partition(":")
            if not colon:
                raise forms.ValidationError(f"{line.strip()[:60]!r} is not of the form name: value.")
            headers[name.strip()] = value.strip()
        return headers

    def values(self) -> dict[str, Any]:
        """Return what was filled in, without the key."""
        return {
            name: value for name, value in self.cleaned_data.items() if name not in {"api_key", "removes_key"}
        }

    def new_key(self) -> str | None:
        """Return the key to store, "" to remove the stored one, or None to leave it."""
        if self.cleaned_data["removes_key"]:
            return ""
        return self.cleaned_data["api_key"] or None


class RouteForm(forms.Form):
    """A model pattern and up to four upstreams that answer it, in order."""

    TARGETS = 4

    pattern = forms.CharField(
        label="Model",
        max_length=200,
        widget=forms.TextInput(attrs={"class": "code", "placeholder": "gpt-*"}),
        help_text="A name, or a beginning followed by *. The most exact route wins.",
    )
    max_retries = forms.IntegerField(
        label="Retries",
        min_value=0,
        max_value=5,
        initial=2,
        help_text="Per upstream, before the next is tried.",
    )

    def __init__(self, project: Project, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._upstreams = {str(upstream.pk): upstream for upstream in project.upstreams.order_by("name")}
        choices = [(key, upstream.name) for key, upstream in self._upstreams.items()]
        for number in range(1, self.TARGETS + 1):
            label = "Upstream" if number == 1 else f"Then upstream {number}"
            self.fields[f"upstream_{number}"] = forms.ChoiceField(
                label=label,
                required=number == 1,
                choices=choices if number == 1 else [("", "–"), *choices],
            )
            self.fields[f"model_{number}"] = forms.CharField(
                label="as model",
                required=False,
                max_length=200,
                widget=forms.TextInput(attrs={"class": "code", "placeholder": "the same name"}),
            )

    @classmethod
    def of(cls, route: ModelRoute) -> "RouteForm":
        """Return the form showing a route as it is."""
        initial: dict[str, Any] = {"pattern": route.pattern, "max_retries": route.max_retries}
        for number, target in enumerate(route.targets.all(), start=1):
            initial |= {f"upstream_{number}": str(target.upstream_id), f"model_{number}": target.model}
        return cls(route.project, initial=initial)

    def pairs(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """Return the fields of each target, for the page."""
        return [
            (self[f"upstream_{number}"], self[f"model_{number}"]) for number in range(1, self.TARGETS + 1)
        ]

    def targets(self) -> list[tuple[Upstream, str]]:
        """Return the upstreams chosen, in order, each with the model's name there."""
        return [
            (self._upstreams[chosen], self.cleaned_data[f"model_{number}"])
            for number in range(1, self.TARGETS + 1)
            if (chosen := self.cleaned_data[f"upstream_{number}"])
        ]

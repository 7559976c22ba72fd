"""What people fill in about projects, keys and members."""

from datetime import timedelta
from typing import Any
from zoneinfo import available_timezones

from django import forms

from console.accounts.models import ApiKey, OrganisationRole, Project, Role, Scope

LIFETIMES = {"": None, "7": 7, "30": 30, "90": 90, "365": 365}


def _time_zones() -> list[tuple[str, str]]:
    places = sorted(
        name
        for name in available_timezones()
        if "/" in name and not name.startswith(("Etc/", "SystemV/", "posix/", "right/", "US/"))
    )
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in places)]


class ProjectForm(forms.Form):
    """A project's name and habits."""

    name = forms.CharField(max_length=100)
    time_zone = forms.ChoiceField(
        choices=_time_zones, help_text="Days and hours on every page are this zone's."
    )
    stores_messages = forms.BooleanField(
        required=False,
        label="Keep prompts and answers",
        help_text="They are kept as the guards masked them. Without them only numbers are stored.",
    )

    @classmethod
    def of(cls, project: Project) -> "ProjectForm":
        """Return the form showing a project as it is."""
        return cls(
            initial={
                "name": project.name,
                "time_zone": project.time_zone,
                "stores_messages": project.stores_messages,
            }
        )


class NewProjectForm(forms.Form):
    """The name of a project to be."""

    name = forms.CharField(max_length=100, help_text="A product, a team or an application.")
    time_zone = forms.ChoiceField(choices=_time_zones, initial="UTC")


class KeyForm(forms.Form):
    """An API key to be issued."""

    name = forms.CharField(max_length=100, help_text="Which app or person will use it.")
    environment = forms.CharField(
        max_length=64, required=False, help_text="Written on its traces: production, staging, …"
    )
    scopes = forms.MultipleChoiceField(
        label="It may",
        choices=Scope.choices,
        initial=list(Scope.values),
        widget=forms.CheckboxSelectMultiple,
    )
    lifetime = forms.ChoiceField(
        label="Expires",
        required=False,
        choices=[
            ("", "never"),
            ("7", "in 7 days"),
            ("30", "in 30 days"),
            ("90", "in 90 days"),
            ("365", "in a year"),
        ],
    )
    allowed_models = forms.CharField(
        label="Models",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "class": "code"}),
        help_text="One per line. Empty for all models of the project.",
    )
    requests_per_minute = forms.IntegerField(min_value=1, max_value=10_000_000, required=False)
    tokens_per_minute = forms.IntegerField(min_value=1, max_value=2_000_000_000, required=False)
    budget_usd_per_day = forms.DecimalField(
        label="Budget per day in US dollars", min_value=0, max_digits=12, decimal_places=4, required=False
    )

    def clean_allowed_models(self) -> list[str] | None:
        """Return the lines as names, or None when there are none."""
        return list(dict.fromkeys(self.cleaned_data["allowed_models"].split())) or None

    def clean_lifetime(self) -> timedelta | None:
        """Return how long the key will work, or None for ever."""
        days = LIFETIMES[self.cleaned_data["lifetime"]]
        return timedelta(days=days) if days else None


class RotateForm(forms.Form):
    """How long the old key goes on working."""

    grace_hours = forms.ChoiceField(
        label="The old key stops working",
        choices=[("0", "at once"), ("1", "in an hour"), ("24", "in a day"), ("168", "in a week")],
    )

    def clean_grace_hours(self) -> timedelta:
        """Return the grace as a duration."""
        return timedelta(hours=int(self.cleaned_data["grace_hours"]))


class MemberForm(forms.Form):
    """A person to be let in."""

    email = forms.EmailField(label="E-mail address")
    role = forms.ChoiceField(choices=Role.choices, initial=Role.VIEWER)


class RoleForm(forms.Form):
    """A member's role."""

    role = forms.ChoiceField(choices=Role.choices)


def key_fields(form: KeyForm) -> dict[str, Any]:
    """Return a valid key form as the arguments of `create_key`, except for its lifetime."""
    return {name: value for name, value in form.cleaned_data.items() if name != "lifetime"}


def rotate_form_of(key: ApiKey) -> RotateForm:
    """Return the form that asks how to rotate one key, with ids of its own."""
    return RotateForm(auto_id=f"id_{key.id}_%s")


class OrganisationForm(forms.Form):
    """Who gets which role in the organisation."""

    email = forms.EmailField(
        label="E-mail address", max_length=254, help_text="Of somebody with an account here."
    )
    role = forms.ChoiceField(
        required=False,
        initial=OrganisationRole.ADMIN.value,
        choices=[
            (OrganisationRole.ADMIN.value, "admin: changes the organisation's guards"),
            (OrganisationRole.OWNER.value, "owner: also says who may"),
            ("", "none"),
        ],
    )

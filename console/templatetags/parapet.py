"""What templates need beside Django's own: formats of `console.formats`, times in the project's zone."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django import template
from django.contrib.auth.models import AnonymousUser
from django.forms import BoundField, CheckboxInput
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from console import formats
from console.accounts.access import can
from console.accounts.models import Project, User

register = template.Library()

register.filter("count", formats.count)
register.filter("duration", formats.duration)
register.filter("percent", formats.percent)
register.filter("points", formats.points)
register.filter("signed", formats.signed)

STATUS_TONES = {"ok": "ok", "error": "danger", "blocked": "guard", "aborted": "warn"}
ACTION_TONES = {"allow": "ok", "flag": "warn", "mask": "info", "escalate": "guard", "block": "guard"}


def _zone(context: template.Context) -> ZoneInfo:
    try:
        return ZoneInfo(context["project"].time_zone)
    except (KeyError, AttributeError, ValueError, ZoneInfoNotFoundError):
        return ZoneInfo("UTC")


@register.filter
def money(amount_usd: Decimal | float | None) -> SafeString:
    """Draw an amount; an unknown one says why it is not a zero."""
    if amount_usd is None:
        return format_html(
            '<span class="unknown" title="No price is known for this model, or no usage was reported.">{}</span>',
            formats.UNKNOWN,
        )
    return format_html('<span title="${}">{}</span>', f"{amount_usd:f}", formats.money(amount_usd))


@register.filter
def tone(word: str) -> str:
    """Return the colour class of a status or of a guard's action."""
    return STATUS_TONES.get(word) or ACTION_TONES.get(word, "")


@register.filter
def managed_by(project: Project, user: User | AnonymousUser) -> bool:
    """Tell whether a person may manage a project, for links to what only owners see."""
    return can(user, project, to="manage")


@register.filter
def is_checkbox(field: BoundField) -> bool:
    """Tell whether a form's field is a single box to tick."""
    return isinstance(field.field.widget, CheckboxInput)


@register.filter
def is_optional(field: BoundField) -> bool:
    """Tell whether a field may be left empty, and that means none, not what it stands at otherwise."""
    return not field.field.required and not getattr(field.field, "has_default", False)


@register.simple_tag(takes_context=True)
def moment(context: template.Context, at: datetime | None) -> SafeString | str:
    """Draw a time in the project's zone, short, with the whole of it on hover."""
    if at is None:
        return "–"
    zone = _zone(context)
    local = (timezone.make_aware(at, ZoneInfo("UTC")) if timezone.is_naive(at) else at).astimezone(zone)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(),
        formats.moment_in_full(local),
        formats.moment(local, now=timezone.now().astimezone(zone)),
    )


@register.simple_tag
def share(part: Decimal | float | None, whole: Decimal | float | None) -> SafeString | str:
    """Draw how much of a whole a part is, as a bar. Nothing when either is unknown."""
    if part is None or not whole:
        return ""
    width = max(0.0, min(100.0, float(part) / float(whole) * 100))
    return format_html(
        '<svg class="share" viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<rect class="track" width="100" height="6" rx="1"/><rect class="part" width="{}" height="6" rx="1"/></svg>',
        formats.percent(width / 100),
        f"{width:.2f}",
    )


@register.simple_tag(takes_context=True)
def query(context: template.Context, **changes: Any) -> str:
    """Return this page's address with some filters changed; an empty value takes one out."""
    parameters = context["request"].GET.copy()
    for name, value in changes.items():
        if value is None or value == "":
            parameters.pop(name, None)
        else:
            parameters[name] = str(value)
    return f"?{parameters.urlencode()}" if parameters else context["request"].path


@register.simple_tag(takes_context=True)
def without(context: template.Context, parameter: str) -> str:
    """Return this page's address with one filter lifted."""
    return query(context, **{parameter: "", "cursor": ""})


@register.simple_tag(takes_context=True)
def narrowed(context: template.Context, parameter: str, value: str) -> str:
    """Return this page's address with one more filter."""
    return query(context, **{parameter: value, "cursor": ""})

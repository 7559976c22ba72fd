"""Query parameters: checked as a whole, with every mistake named."""

import base64
import binascii
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

LONGEST = timedelta(days=400)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR = re.compile(r"(\d{1,16}) ([0-9a-zA-Z-]{1,64})")


class Text(serializers.CharField):
    """A text to compare with; empty asks for nothing."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, allow_blank=True, default="", max_length=500, **options)


class HexId(serializers.RegexField):
    """A trace's or a span's id."""

    def __init__(self, **options: Any) -> None:
        super().__init__(r"^[0-9a-fA-F]{1,64}$", **options)
        self.error_messages["invalid"] = "An id is written in hex digits."

    def to_internal_value(self, data: Any) -> str:
        """Return the id in lower case, as it is stored."""
        return str(super().to_internal_value(data)).lower()


class Parameters(serializers.Serializer[Any]):
    """The parameters every list takes. A parameter nobody knows is a mistake, not a wish."""

    project = Text(
        help_text="The project's slug. Needed when signed in as a person; a key knows its project."
    )

    @classmethod
    def of(cls, request: Request) -> dict[str, Any]:
        """Return the parameters of a request, or raise a ValidationError that names each mistake."""
        unknown = sorted(set(request.query_params) - set(cls().fields))
        checked = cls(data=request.query_params)
        checked.is_valid()
        errors = dict(checked.errors)
        for name in unknown:
            errors[name] = [f"There is no such parameter. Known are: {', '.join(sorted(cls().fields))}."]
        if errors:
            raise ValidationError(errors)
        values: dict[str, Any] = checked.validated_data
        return values


class TimedParameters(Parameters):
    """A stretch of time: the last day unless it says otherwise."""

    since = serializers.DateTimeField(required=False, help_text="RFC 3339; a day before `until` by default.")
    until = serializers.DateTimeField(required=False, help_text="RFC 3339, not included; now by default.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Fill in the times that were not given and check that they make a stretch."""
        # What is being written at this moment belongs to "until now".
        attrs.setdefault("until", timezone.now() + timedelta(seconds=1))
        if attrs["until"] < _EPOCH:
            raise ValidationError({"until": ["Nothing was stored before 1970."]})
        attrs.setdefault("since", attrs["until"] - timedelta(days=1))
        if attrs["since"] >= attrs["until"]:
            raise ValidationError({"since": ["`since` must be before `until`."]})
        if attrs["until"] - attrs["since"] > LONGEST:
            raise ValidationError({"since": [f"At most {LONGEST.days} days before `until`."]})
        return attrs


class PagedParameters(TimedParameters):
    """A page of a list, newest first."""

    limit = serializers.IntegerField(required=False, default=50, min_value=1, max_value=200)
    cursor = serializers.CharField(
        required=False, default="", max_length=200, help_text="`next_cursor` of the page before."
    )


def write_cursor(at: datetime, key: object) -> str:
    """Return the cursor that asks for what comes after a row."""
    micros = (at - _EPOCH) // timedelta(microseconds=1)
    return base64.urlsafe_b64encode(f"{micros} {key}".encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[datetime, str] | None:
    """Return the row a cursor points behind, or None for the first page."""
    if not cursor:
        return None
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        text = ""
    found = _CURSOR.fullmatch(text)
    if found is None:
        raise ValidationError({"cursor": ["This is no cursor that a page has given out."]})
    return _EPOCH + timedelta(microseconds=int(found[1])), found[2]

"""What people fill in about datasets and their items."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from console.datasets.content import Content, ContentError, content_of
from console.datasets.importing.files import LARGEST_BYTES
from console.datasets.models import Split
from console.evaluations.forms import JsonField, ListField

SPLIT_HELP = "Train to learn from, dev to try out on, test to decide on."


class DatasetForm(forms.Form):
    """A dataset's name, purpose and schema."""

    name = forms.CharField(max_length=64, help_text="What it is called in lists and in the API.")
    description = forms.CharField(
        max_length=500, required=False, help_text="Which questions these are, and who keeps them."
    )
    schema = JsonField(
        required=False,
        label="JSON Schema",
        help_text="Every item that comes in must fit it: an object with inputs, request, expected, context, "
        'metadata, tags, split and cluster. For example {"properties": {"inputs": {"required": ["question"]}}}.',
    )


AS_GIVEN = forms.BooleanField(
    required=False,
    label="Store it as given",
    help_text="The project’s policy masks what goes in. Tick this only for data that may be kept as it is; "
    "the audit log notes it, and the items are marked.",
)


class UploadForm(forms.Form):
    """A file with items."""

    file = forms.FileField(
        label="CSV or JSON Lines",
        allow_empty_file=False,
        help_text="The first line of a CSV names its columns. You will see what every column becomes before anything "
        "is put in. Every text passes the project’s policy first, which takes a while for thousands of rows.",
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.jsonl,.ndjson,.json,text/csv,application/jsonl"}),
    )

    def __init__(self, *args: Any, may_keep: bool = False, **kwargs: Any) -> None:
        """Offer to store the file as given to those who may decide that."""
        super().__init__(*args, **kwargs)
        if may_keep:
            self.fields["as_given"] = AS_GIVEN

    def clean_file(self) -> UploadedFile[bytes]:
        """Refuse a file that is larger than can be put in at once."""
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > LARGEST_BYTES:
            raise forms.ValidationError(
                f"A file has at most {LARGEST_BYTES // 2**20} MB; this one is larger."
            )
        return file


class ExpectedField(forms.CharField):
    """The expected answer: a text, or any JSON value."""

    def prepare_value(self, value: Any) -> Any:
        """Draw a text as it is and everything else as JSON."""
        return (
            value
            if value is None or isinstance(value, str)
            else json.dumps(value, indent=2, ensure_ascii=False)
        )


class ItemForm(forms.Form):
    """One item, field by field."""

    id = forms.CharField(
        max_length=100,
        required=False,
        help_text="Stays the same in every version; made from the content when empty.",
    )
    inputs = JsonField(required=False, help_text='Variables of prompts, such as {"question": "…"}.')
    request = JsonField(
        required=False,
        help_text="A whole request to send again as it was, with its messages; for experiments that replay.",
    )
    expected = ExpectedField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The right answer, where there is one.",
    )
    expected_is_json = forms.BooleanField(
        required=False,
        label="The expected answer is JSON",
        help_text="A number, list or object instead of a text.",
    )
    context = ListField(required=False, help_text="Documents the answer should rest on, one per line.")
    metadata = JsonField(
        required=False, help_text="Anything else worth knowing; short values can be sliced by."
    )
    tags = ListField(required=False, help_text="One per line.")
    split = forms.ChoiceField(choices=Split.choices, initial=Split.TEST, help_text=SPLIT_HELP)
    cluster = forms.CharField(
        max_length=200,
        required=False,
        help_text="A document or conversation it shares with others, which are then counted as one.",
    )
    note = forms.CharField(max_length=200, required=False, help_text="Why; shown with the version.")

    def __init__(self, *args: Any, may_keep: bool = False, **kwargs: Any) -> None:
        """Offer to store the item as given to those who may decide that."""
        super().__init__(*args, **kwargs)
        if may_keep:
            self.fields["as_given"] = AS_GIVEN

    def content(self) -> Content:
        """Return the item. Raises ContentError."""
        given = {
            name: value
            for name, value in self.cleaned_data.items()
            if name not in ("expected_is_json", "note", "as_given")
        }
        if not given["expected"]:
            given["expected"] = None
        elif self.cleaned_data["expected_is_json"]:
            try:
                given["expected"] = json.loads(given["expected"])
            except (ValueError, RecursionError) as error:
                raise ContentError([f"the expected answer is not JSON: {error}"]) from error
        return content_of(given)


def values_of(content: Content) -> dict[str, Any]:
    """Return what the form of an item shows of it."""
    return content.values() | {
        "request": dict(content.request),
        "expected_is_json": content.expected is not None and not isinstance(content.expected, str),
    }


class SharesForm(forms.Form):
    """How items are spread over the splits."""

    train = forms.IntegerField(min_value=0, max_value=100, initial=0, label="Train, %")
    dev = forms.IntegerField(min_value=0, max_value=100, initial=30, label="Dev, %")
    test = forms.IntegerField(min_value=0, max_value=100, initial=70, label="Test, %")


class FromTracesForm(forms.Form):
    """How many of the matching calls are taken, and what of them."""

    limit = forms.IntegerField(min_value=1, max_value=2_000, initial=200, label="At most")
    how = forms.ChoiceField(
        choices=[("newest", "the newest"), ("spread", "spread evenly over all that match")],
        label="Which",
        initial="newest",
    )
    with_answer = forms.BooleanField(
        required=False,
        label="Take each answer as the expected one",
        help_text="When the answers of then were right, and new ones should agree with them.",
    )
    tags = forms.CharField(
        max_length=200, required=False, help_text="Separated by commas; given to every item."
    )
    dataset = forms.ChoiceField(label="Into", required=False)
    name = forms.CharField(max_length=64, required=False, label="Or into a new dataset named")

    def __init__(self, *args: Any, datasets: list[tuple[str, str]], **kwargs: Any) -> None:
        """Offer the project's datasets."""
        super().__init__(*args, **kwargs)
        self.fields["dataset"].choices = [("", "a new dataset"), *datasets]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Ask for exactly one place to put the items."""
        given = super().clean() or {}
        if bool(given.get("dataset")) == bool((given.get("name") or "").strip()):
            raise forms.ValidationError("Choose a dataset, or name a new one.")
        return given

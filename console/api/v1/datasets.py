"""Datasets: made, read and added to by programs, such as CI that keeps its questions in step with the code."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from console.accounts.models import ApiKey, Project, User
from console.api.access import author_of, project_of
from console.api.errors import NotCheckedError
from console.api.parameters import Parameters, Text
from console.api.v1.shapes import Failure
from console.datasets import actions
from console.datasets.access import dataset_of, items_of
from console.datasets.content import LARGEST_BYTES, ContentError, content_of, stored_content
from console.datasets.masking import masked_contents, masked_values
from console.datasets.models import Dataset, Item, Source, Split
from console.masking import UncheckedTextError, as_stored

MOST_ITEMS = 1_000
LARGEST_BODY = 20 * LARGEST_BYTES


class DatasetShape(serializers.Serializer[Any]):
    """A dataset."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    description = serializers.CharField()
    schema = serializers.DictField()
    latest = serializers.IntegerField(help_text="The newest version; 0 while nothing was put in.")
    created_at = serializers.DateTimeField()


class DatasetList(serializers.Serializer[Any]):
    """The datasets of a project by name."""

    data = DatasetShape(many=True)  # type: ignore[assignment]


class NewDataset(serializers.Serializer[Any]):
    """A dataset to begin."""

    name = serializers.CharField(max_length=64)
    description = serializers.CharField(required=False, allow_blank=True, default="", max_length=500)
    schema = serializers.DictField(required=False, default=dict)


class VersionShape(serializers.Serializer[Any]):
    """A version of a dataset."""

    number = serializers.IntegerField()
    size = serializers.IntegerField()
    added = serializers.IntegerField()
    changed = serializers.IntegerField()
    removed = serializers.IntegerField()
    note = serializers.CharField()
    author = serializers.CharField()
    created_at = serializers.DateTimeField()


class VersionList(serializers.Serializer[Any]):
    """Versions, newest first."""

    data = VersionShape(many=True)  # type: ignore[assignment]


class ItemParameters(Parameters):
    """Which items to list."""

    version = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=0, help_text="The newest by default."
    )
    split = serializers.ChoiceField(["", *Split.values], required=False, default="")
    tag = Text()
    limit = serializers.IntegerField(required=False, default=100, min_value=1, max_value=1_000)
    cursor = serializers.IntegerField(
        required=False,
        default=0,
        min_value=0,
        max_value=2**63 - 1,
        help_text="`next_cursor` of the page before.",
    )


class ItemShape(serializers.Serializer[Any]):
    """An item, as a download has it."""

    id = serializers.CharField()
    inputs = serializers.DictField()
    request = serializers.DictField(required=False)
    expected = serializers.JSONField(allow_null=True)
    context = serializers.ListField(child=serializers.CharField())  # type: ignore[assignment]
    metadata = serializers.DictField()
    tags = serializers.ListField(child=serializers.CharField())
    split = serializers.CharField()
    cluster = serializers.CharField()


class ItemPage(serializers.Serializer[Any]):
    """A page of items in the order in which they came."""

    data = ItemShape(many=True)  # type: ignore[assignment]
    version = serializers.IntegerField()
    next_cursor = serializers.IntegerField(allow_null=True)


class NewItems(serializers.Serializer[Any]):
    """Items to put in, and ids to take out: together they make one version."""

    items = serializers.ListField(
        child=serializers.DictField(), required=False, default=list, max_length=MOST_ITEMS
    )
    remove = serializers.ListField(
        child=serializers.CharField(max_length=100), required=False, default=list, max_length=MOST_ITEMS
    )
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=200)
    based_on = serializers.IntegerField(
        required=False,
        allow_null=True,
        default=None,
        min_value=0,
        help_text="The version you looked at; when there is a newer one, nothing is changed.",
    )
    as_given = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Store items as given, without the project's policy. Only for people who manage the project.",
    )


class Saved(serializers.Serializer[Any]):
    """What was saved. When everything was there already, `version` is the newest and nothing changed."""

    version = serializers.IntegerField()
    added = serializers.IntegerField()
    changed = serializers.IntegerField()
    removed = serializers.IntegerField()


class Datasets(APIView):
    """The datasets of a project."""

    @extend_schema(
        operation_id="list_datasets", parameters=[Parameters], responses={200: DatasetList, 400: Failure}
    )
    def get(self, request: Request) -> Response:
        """List datasets by name."""
        project = project_of(request, to="view")
        Parameters.of(request)
        return Response(DatasetList({"data": Dataset.objects.filter(project=project)}).data)

    @extend_schema(
        operation_id="create_dataset",
        parameters=[Parameters],
        request=NewDataset,
        responses={201: DatasetShape, 400: Failure},
    )
    def post(self, request: Request) -> Response:
        """Begin a dataset."""
        project = project_of(request, to="edit")
        Parameters.of(request)
        given = NewDataset(data=_body(request))
        given.is_valid(raise_exception=True)
        try:
            (kept,) = masked_values(project, [given.validated_data])
            dataset = actions.create_dataset(project=project, by=_person(request), **kept)
        except UncheckedTextError as error:
            raise NotCheckedError(f"{str(error)[0].upper()}{str(error)[1:]}.") from error
        except actions.DatasetError as error:
            raise ValidationError({"schema" if "schema" in str(error) else "name": [str(error)]}) from error
        return Response(DatasetShape(dataset).data, status=status.HTTP_201_CREATED)


class OneDataset(APIView):
    """One dataset."""

    @extend_schema(
        operation_id="read_dataset", parameters=[Parameters], responses={200: DatasetShape, 404: Failure}
    )
    def get(self, request: Request, dataset_id: UUID) -> Response:
        """Read a dataset's name, schema and newest version."""
        Parameters.of(request)
        return Response(DatasetShape(dataset_of(project_of(request, to="view"), dataset_id)).data)


class Versions(APIView):
    """The versions of a dataset."""

    @extend_schema(
        operation_id="list_versions", parameters=[Parameters], responses={200: VersionList, 404: Failure}
    )
    def get(self, request: Request, dataset_id: UUID) -> Response:
        """List versions, newest first."""
        Parameters.of(request)
        dataset = dataset_of(project_of(request, to="view"), dataset_id)
        return Response(VersionList({"data": dataset.versions.all()[:1_000]}).data)


class Items(APIView):
    """The items of a dataset."""

    @extend_schema(
        operation_id="list_items", parameters=[ItemParameters], responses={200: ItemPage, 404: Failure}
    )
    def get(self, request: Request, dataset_id: UUID) -> Response:
        """List the items of a version."""
        dataset = dataset_of(project_of(request, to="view"), dataset_id)
        asked = ItemParameters.of(request)
        version = dataset.latest if asked["version"] is None else asked["version"]
        if version > dataset.latest:
            raise ValidationError({"version": [f"The newest version is {dataset.latest}."]})
        items: QuerySet[Item] = items_of(dataset, version).filter(pk__gt=asked["cursor"]).order_by("pk")
        if asked["split"]:
            items = items.filter(split=asked["split"])
        if asked["tag"]:
            items = items.filter(tag_line__contains=f"\n{asked['tag']}\n")
        found = list(items[: asked["limit"] + 1])
        shown = found[: asked["limit"]]
        return Response(
            {
                "data": [stored_content(item).values() for item in shown],
                "version": version,
                "next_cursor": shown[-1].pk if len(found) > len(shown) else None,
            }
        )

    @extend_schema(
        operation_id="save_items",
        parameters=[Parameters],
        request=NewItems,
        responses={200: Saved, 201: Saved, 400: Failure, 404: Failure},
    )
    def post(self, request: Request, dataset_id: UUID) -> Response:
        """Put items in, or in the place of those with their ids, and take others out: one new version."""
        dataset = dataset_of(project_of(request, to="edit"), dataset_id)
        Parameters.of(request)
        given = NewItems(data=_body(request))
        given.is_valid(raise_exception=True)
        put = _contents(given.validated_data["items"])
        note = given.validated_data["note"]
        if given.validated_data["as_given"]:
            _may_keep(request)
            put = [replace(item, is_as_given=True) for item in put]
        else:
            put, note = _masked(dataset.project, put, note)
        try:
            version = actions.save_version(
                dataset=dataset,
                author=author_of(request),
                by=_person(request),
                now=timezone.now(),
                put=put,
                take_out=given.validated_data["remove"],
                note=note,
                based_on=given.validated_data["based_on"],
            )
        except actions.NothingChangedError:
            return Response({"version": dataset.latest, "added": 0, "changed": 0, "removed": 0})
        except ContentError as error:
            raise ValidationError({"items": error.problems}) from error
        except actions.DatasetError as error:
            raise ValidationError({"items": [str(error)]}) from error
        saved = {name: getattr(version, name) for name in ("added", "changed", "removed")}
        return Response({"version": version.number} | saved, status=status.HTTP_201_CREATED)


def _may_keep(request: Request) -> None:
    if isinstance(request.auth, ApiKey):
        raise ValidationError(
            {"as_given": ["Keys cannot decide this; sign in as somebody who manages the project."]}
        )
    project_of(request, to="manage")


def _masked(project: Project, put: list[actions.NewItem], note: str) -> tuple[list[actions.NewItem], str]:
    """Return items, and the note about them, as the policy lets them be stored."""
    try:
        contents = masked_contents(project, [item.content for item in put])
        (note,) = as_stored(project, [note])
    except UncheckedTextError as error:
        raise NotCheckedError(f"{str(error)[0].upper()}{str(error)[1:]}.") from error
    return [replace(item, content=content) for item, content in zip(put, contents, strict=True)], note


def _contents(items: list[dict[str, Any]]) -> list[actions.NewItem]:
    """Check every item, or raise a ValidationError that names what is wrong with each."""
    put, wrong = [], {}
    for position, item in enumerate(items):
        item.pop("origin", None)
        try:
            put.append(actions.NewItem(content=content_of(item), source=Source.API))
        except ContentError as error:
            wrong[f"items[{position}]"] = error.problems
    if wrong:
        raise ValidationError(wrong)
    return put


def _person(request: Request) -> User | None:
    return request.user if isinstance(request.user, User) else None


def _body(request: Request) -> Any:
    """Return the body, unless it is larger than anything that could be put in."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > LARGEST_BODY:
        raise ValidationError({"request": [f"A request has at most {LARGEST_BODY:,} bytes; send several."]})
    if not isinstance(request.data, dict):
        raise ValidationError({"request": ["The body is a JSON object, in braces."]})
    unknown = set(map(str, request.data)) - {*NewDataset().fields, *NewItems().fields}
    if unknown:
        raise ValidationError({name: ["There is no such field."] for name in sorted(unknown)})
    return request.data

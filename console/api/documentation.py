"""The API's description: as OpenAPI for machines, as a page for people."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class Schema(SpectacularJSONAPIView):
    """The OpenAPI document."""

    permission_classes = [IsAuthenticated]


class Nothing(APIView):
    """Every address of the API that leads nowhere says so in the API's own shape."""

    schema = None

    @extend_schema(exclude=True)
    def get(self, request: Request, rest: str) -> Response:
        """Answer that there is nothing here."""
        raise Http404(f"the API has nothing at {rest!r}")

    post = put = patch = delete = get


@login_required
def docs(request: HttpRequest) -> HttpResponse:
    """Show every operation of the API, its parameters and its answers."""
    document = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return render(request, "api/docs.html", {"operations": _operations(document), "section": "api"})


def _operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    schemas = document.get("components", {}).get("schemas", {})
    return [
        {
            "method": method.upper(),
            "path": path,
            "id": operation["operationId"],
            "about": operation.get("description", ""),
            "parameters": [
                {
                    "name": parameter["name"],
                    "place": parameter["in"],
                    "is_required": parameter.get("required", False),
                    "type": _type(parameter["schema"]),
                    "about": parameter.get("description", ""),
                }
                for parameter in operation.get("parameters", [])
            ],
            "body": _fields(_content(operation.get("requestBody", {})), schemas),
            "answer": _fields(_content(_success(operation)), schemas),
        }
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def _success(operation: dict[str, Any]) -> dict[str, Any]:
    answers: dict[str, dict[str, Any]] = operation["responses"]
    return next((answer for code, answer in answers.items() if code.startswith("2")), {})


def _content(holder: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = holder.get("content", {}).get("application/json", {}).get("schema", {})
    return schema


def _fields(schema: dict[str, Any], schemas: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the fields of an object, one level deep."""
    found = schemas.get(schema.get("$ref", "").rpartition("/")[2], {})
    required = set(found.get("required", ()))
    return [
        {
            "name": name,
            "type": _type(field),
            "is_required": name in required,
            "about": field.get("description", ""),
        }
        for name, field in found.get("properties", {}).items()
    ]


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    for several in ("allOf", "oneOf"):
        if several in schema:
            return " or ".join(_type(one) for one in schema[several])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type") or "any")

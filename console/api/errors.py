"""Errors in one shape: `{"error": {"code", "message", "fields"}}`."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import status
from rest_framework.exceptions import APIException, ErrorDetail, ValidationError
from rest_framework.response import Response

from console.store import StoreUnavailableError

_CODES = {
    400: "bad_request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    409: "conflict",
    415: "unsupported_media_type",
    429: "too_many_requests",
    503: "store_unavailable",
}


class NotCheckedError(APIException):
    """A guard that must not fail could not look at what was written."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE


def render(error: Exception, context: dict[str, Any]) -> Response | None:
    """Answer an error that was foreseen; any other rises and is logged as what it is."""
    if isinstance(error, StoreUnavailableError):
        message = "The trace store cannot be reached just now. Nothing is lost; try again in a moment."
        return _response(status.HTTP_503_SERVICE_UNAVAILABLE, message, headers={"Retry-After": "5"})
    if isinstance(error, Http404):
        return _response(status.HTTP_404_NOT_FOUND, "There is no such thing, or it is not yours to see.")
    if isinstance(error, PermissionDenied):
        return _response(status.HTTP_403_FORBIDDEN, "You may not do that.")
    if isinstance(error, ValidationError):
        fields = _by_name(error.detail)
        message = "; ".join(f"{name}: {' '.join(sentences)}" for name, sentences in fields.items())
        return _response(error.status_code, message, fields=fields)
    if isinstance(error, APIException):
        header = getattr(error, "auth_header", None)
        headers = {"WWW-Authenticate": header} if header else {}
        return _response(error.status_code, str(error.detail), headers=headers)
    return None


def _by_name(detail: Any, prefix: str = "") -> dict[str, list[str]]:
    """Flatten what was wrong to sentences by the name of the parameter or field."""
    if isinstance(detail, dict):
        found: dict[str, list[str]] = {}
        for name, inner in detail.items():
            found |= _by_name(inner, f"{prefix}.{name}" if prefix else str(name))
        return found
    if isinstance(detail, list) and any(isinstance(item, dict) for item in detail):
        found = {}
        for position, inner in enumerate(detail):
            if inner:
                found |= _by_name(inner, f"{prefix}[{position}]")
        return found
    sentences = detail if isinstance(detail, list) else [detail]
    return {prefix or "request": [str(one) for one in sentences if isinstance(one, ErrorDetail | str)]}


def _response(
    code: int,
    message: str,
    *,
    fields: dict[str, list[str]] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    error: dict[str, Any] = {"code": _CODES.get(code, "error"), "message": message}
    if fields:
        error["fields"] = fields
    return Response({"error": error}, status=code, headers=headers)

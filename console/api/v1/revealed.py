"""Encrypted values, opened for an owner of their project."""

from typing import Any

from django.views.decorators.debug import sensitive_variables
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import APIException, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from console.accounts.models import User
from console.api.access import project_of
from console.api.parameters import Parameters
from console.api.v1.shapes import Failure
from console.policies.revealing import LONGEST_TEXT, RevealError, TooOftenError, reveal


class SealedText(serializers.Serializer[Any]):
    """A text with encrypted values in it."""

    text = serializers.CharField(max_length=LONGEST_TEXT, trim_whitespace=False)


class UnopenedShape(serializers.Serializer[Any]):
    """A value that did not open."""

    token = serializers.CharField(source="text")
    reason = serializers.CharField(source="trouble")


class RevealedShape(serializers.Serializer[Any]):
    """The text with the values that opened in their places."""

    text = serializers.CharField()
    opened = serializers.IntegerField()
    failed = UnopenedShape(many=True)


class TooManyError(APIException):
    """The person has asked too often."""

    status_code = status.HTTP_429_TOO_MANY_REQUESTS
    default_code = "too_many_requests"


class RevealedText(APIView):
    """What a policy encrypted."""

    @extend_schema(
        operation_id="reveal_values",
        parameters=[Parameters],
        request=SealedText,
        responses={200: RevealedShape, 400: Failure, 403: Failure, 404: Failure, 429: Failure},
    )
    @sensitive_variables()
    def post(self, request: Request) -> Response:
        """Open the encrypted values in a text. Only an owner of the project who is signed in may; it is in the audit log."""
        if not isinstance(request.user, User):
            raise PermissionDenied(
                "A key cannot reveal values: whoever looks is noted by name. Sign in as an owner."
            )
        project = project_of(request, to="manage")
        Parameters.of(request)
        said = SealedText(data=request.data)
        said.is_valid(raise_exception=True)
        try:
            revealed = reveal(project=project, text=said.validated_data["text"], by=request.user)
        except TooOftenError as error:
            raise TooManyError(f"Nothing was opened: {error}.") from error
        except RevealError as error:
            raise ValidationError({"text": [f"Nothing was opened: {error}."]}) from error
        return Response(RevealedShape(revealed).data)

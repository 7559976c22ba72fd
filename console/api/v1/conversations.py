"""Conversations: what the proxy keeps of one between its calls can be made to be forgotten."""

import redis
from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from console.api.access import project_of
from console.api.parameters import Parameters
from console.api.v1.shapes import Failure
from inference_proxy.conversations import key_of
from ingest.keys import pepper_from


class ConversationParameters(Parameters):
    """Which conversation."""

    session = serializers.CharField(max_length=1_000, help_text="As the calls named it in x-parapet-session.")


class RedisAwayError(APIException):
    """Redis did not answer, so that nothing is known to be forgotten."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = "Redis does not answer; nothing was forgotten. Ask again."
    default_code = "redis_unavailable"


class Conversations(APIView):
    """What stands for which value in a conversation."""

    @extend_schema(
        operation_id="forget_conversation",
        parameters=[ConversationParameters],
        responses={204: None, 400: Failure, 503: Failure},
    )
    def delete(self, request: Request) -> Response:
        """Forget a conversation: its next call begins anew. What was not kept is forgotten, too."""
        project = project_of(request, to="edit")
        asked = ConversationParameters.of(request)
        key = key_of(project.pk, asked["session"], pepper=pepper_from(settings.PARAPET_SECRET_KEY))
        try:
            with redis.Redis.from_url(
                settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2
            ) as client:
                client.delete(key)
        except (redis.RedisError, OSError) as error:
            raise RedisAwayError from error
        return Response(status=status.HTTP_204_NO_CONTENT)

"""What the proxy answers when it cannot do what was asked: always in OpenAI's shape."""

from collections.abc import Mapping
from typing import Any

import orjson

from guardrails.verdict import Action


class RequestError(Exception):
    """A request ends here, with a status and a reason its sender can act on."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str,
        type: str = "invalid_request_error",
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
        for_the_record: str = "",
        details: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.type = type
        self.param = param
        self.headers = dict(headers or {})
        self.for_the_record = for_the_record or message
        """What is kept of the reason: of a message that quotes its sender, less."""
        self.details = dict(details or {})
        """What programs may want to know beside OpenAI's fields."""

    def envelope(self) -> dict[str, Any]:
        """Return the error as OpenAI's clients read it."""
        said = {"message": self.message, "type": self.type, "param": self.param, "code": self.code}
        return {"error": said | self.details}

    @property
    def note(self) -> dict[str, str]:
        """What can still be said of it at the end of a stream that its protocol ends in its own way."""
        return {"code": self.code, "message": self.message, **self.details}

    def as_json(self) -> bytes:
        """Return the envelope as bytes."""
        return orjson.dumps(self.envelope())

    def as_event(self) -> bytes:
        """Return the envelope as a server-sent event, for a stream that has begun."""
        return b"data: " + self.as_json() + b"\n\n"


def invalid(message: str, *, param: str | None = None, code: str = "invalid_value") -> RequestError:
    """The request says something that cannot be served."""
    return RequestError(400, message, code=code, param=param)


def unauthorized(message: str) -> RequestError:
    """The key is missing, unknown or expired."""
    return RequestError(
        401,
        message,
        code="invalid_api_key",
        type="authentication_error",
        headers={"www-authenticate": "Bearer"},
    )


def forbidden(message: str, *, code: str = "insufficient_permissions") -> RequestError:
    """The key is good, but not for this."""
    return RequestError(403, message, code=code, type="permission_error")


def blocked(message: str) -> RequestError:
    """A guard said no."""
    return RequestError(400, message, code="blocked_by_policy")


STOPPED_BY_POLICY = frozenset(("blocked_by_policy", "escalated_by_policy"))
"""The codes under which guards say no."""


def stopped(
    action: Action, *, guard: str, reason: str, review: Mapping[str, str], is_answer: bool = False
) -> RequestError:
    """A guard said no, for good or until a person has looked."""
    what = "The answer was" if is_answer else "The call was"
    if action == "escalate":
        where = review.get("review_url", "the console, under Guards, Escalated")
        return RequestError(
            400,
            f"{what} held back by the guard {guard!r} for a person to look at: {reason}. Reference: {review['reference']}. "
            f"A person decides at {where}; once it is allowed, send the same call again.",
            code="escalated_by_policy",
            headers={"x-parapet-review": review["reference"]},
            for_the_record=f"{guard}: {reason}",
            details=review,
        )
    subject = "The answer was blocked" if is_answer else "Blocked"
    return blocked(f"{subject} by the guard {guard!r}: {reason}.")


def upstream_failed(message: str, *, code: str = "upstream_unavailable") -> RequestError:
    """No upstream could answer."""
    return RequestError(502, message, code=code, type="upstream_error")


def upstream_too_slow(message: str) -> RequestError:
    """The upstream did not answer in time."""
    return RequestError(504, message, code="upstream_timeout", type="upstream_error")


def unavailable(message: str, *, code: str, retry_after_s: int = 1) -> RequestError:
    """This proxy cannot serve the request now; the same request may succeed later."""
    return RequestError(
        503, message, code=code, type="service_unavailable", headers={"retry-after": str(retry_after_s)}
    )

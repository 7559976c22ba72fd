"""Pydantic's errors as one sentence that names the place and the remedy."""

from pydantic import ValidationError


def sentence(error: ValidationError) -> str:
    """Return the first problem, and how many more there are."""
    problems = error.errors(include_url=False, include_context=False)
    told = [problem for problem in problems if "unknown key" in problem["msg"]] or problems
    first = told[0]
    place = ".".join(str(part) for part in first["loc"] if not _is_type_name(part))
    message = first["msg"].removeprefix("Value error, ")
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 and told is problems else ""
    return f"{place}: {message}{more}" if place else f"{message}{more}"


def _is_type_name(part: str | int) -> bool:
    """Say whether a step of the path is a member of a union rather than a key of the file."""
    return isinstance(part, str) and (part[:1].isupper() or "[" in part or part in ("str", "int", "float"))

"""JSON out of an answer, as strict as JSON is, with or without a Markdown fence around it."""

import json
import re
from typing import Any

_FENCE = re.compile(r"\A\s*```[A-Za-z0-9_+-]*[ \t]*\n(.*?)\n?[ \t]*```\s*\Z", re.DOTALL)


def unfenced(text: str) -> str:
    """Return what stands in a code fence when the whole text is one, else the text."""
    match = _FENCE.match(text)
    return match[1] if match else text


def parsed(text: str) -> Any:
    """Read strict JSON, or raise ValueError: NaN and Infinity are refused, and so is nesting without end."""
    try:
        return json.loads(text, parse_constant=_refused)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _refused(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")

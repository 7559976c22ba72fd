"""`{{ inputs.question }}`: a path into a case. A lookup and nothing more: no code, no filters, no second pass."""

import json
import re
from collections.abc import Mapping
from typing import Any

from evaluators.errors import SuiteError

_LOOKUP = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_PATH = re.compile(r"^[A-Za-z_][\w-]*(?:\.[\w-]+)*$")


def fill(template: str, values: Mapping[str, Any]) -> str:
    """Put values into a text; values are never looked into themselves."""
    return _LOOKUP.sub(lambda match: _as_text(_value(match[1], values)), template)


def fill_all(value: Any, values: Mapping[str, Any]) -> Any:
    """Fill every text of a JSON value; a text that is one lookup alone becomes the value itself."""
    if isinstance(value, str):
        whole = _LOOKUP.fullmatch(value.strip())
        return _value(whole[1], values) if whole else fill(value, values)
    if isinstance(value, Mapping):
        return {key: fill_all(item, values) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [fill_all(item, values) for item in value]
    return value


def has_lookup(value: Any) -> bool:
    """Say whether a JSON value holds a lookup anywhere."""
    if isinstance(value, str):
        return _LOOKUP.search(value) is not None
    if isinstance(value, Mapping):
        return any(has_lookup(item) for item in value.values())
    return isinstance(value, (list, tuple)) and any(has_lookup(item) for item in value)


def _value(path: str, values: Mapping[str, Any]) -> Any:
    if not _PATH.match(path):
        raise SuiteError(
            f"{{{{ {path} }}}} is not a lookup; only names joined by dots, such as {{{{ inputs.question }}}}"
        )
    found: Any = values
    for part in path.split("."):
        if isinstance(found, Mapping) and part in found:
            found = found[part]
        elif isinstance(found, (list, tuple)) and part.isdigit() and int(part) < len(found):
            found = found[int(part)]
        else:
            known = ", ".join(sorted(map(str, found))) if isinstance(found, Mapping) else type(found).__name__
            raise SuiteError(
                f"{{{{ {path} }}}}: nothing is called {part!r} there; found: {known or 'nothing'}"
            )
    return found


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

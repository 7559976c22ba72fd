"""Arms whose values name files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evaluators.errors import SuiteError
from evaluators.suites.documents import read_text

_FILE = "file:"


def with_files(name: str, arm: Mapping[str, Any], directory: Path) -> dict[str, Any]:
    """Replace every `file:path` of an arm by the file's text."""
    filled = {}
    for key, value in arm.items():
        if isinstance(value, str) and value.startswith(_FILE):
            try:
                value = read_text(directory / value.removeprefix(_FILE)).rstrip("\n")
            except SuiteError as error:
                raise SuiteError(f"target.arms.{name}.{key}: {error}") from error
        filled[str(key)] = value
    return filled

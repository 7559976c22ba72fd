"""What another checkout would have answered with: the arm that a suite's baseline becomes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from evaluators.errors import SuiteError
from evaluators.suites.complaints import sentence
from evaluators.suites.documents import parse_yaml, read_text
from evaluators.suites.files import with_files
from evaluators.suites.model import Suite

_MODEL_SETTINGS = ("model", "temperature", "max_tokens", "parameters")


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherCheckout:
    """Another checkout of the same repository."""

    root: Path
    directory: Path
    """Where the suite lies in it."""
    arm: dict[str, Any]
    """What its candidate is there, its prompt files read."""
    python: str | None


def other_checkout(root: Path, suite: Path) -> OtherCheckout | None:
    """Return what a suite's candidate is in another checkout; None when the suite does not exist there.

    `suite` is found there at the same place below the root as here below the working directory.
    """
    try:
        place = suite.resolve().relative_to(Path.cwd())
    except ValueError as error:
        raise SuiteError(f"--against: {suite} lies outside the working directory {Path.cwd()}") from error
    path = root.resolve() / place
    if not path.exists():
        return None
    try:
        found = Suite.model_validate(parse_yaml(read_text(path), name=str(path)))
    except ValidationError as error:
        raise SuiteError(f"{path}: {sentence(error)}") from error
    name, given = list(found.target.arms.items())[-1]
    arm = with_files(name, given, path.parent)
    if found.target.prompt is not None:
        # The model may be what the change is about, so the baseline keeps its own.
        model = {key: getattr(found.target.prompt, key) for key in _MODEL_SETTINGS}
        arm = {key: value for key, value in model.items() if value not in (None, {})} | arm
    return OtherCheckout(root=root.resolve(), directory=path.parent, arm=arm, python=found.target.python)

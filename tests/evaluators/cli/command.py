"""The command line as a user has it: a process of its own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CODE = "from evaluators.cli import parapet; parapet()"


@dataclass(frozen=True)
class Finished:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def environment(home: Path, **variables: str) -> dict[str, str]:
    """Return an environment with nothing of the developer's own."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    return (
        kept
        | {"PARAPET_HOME": str(home / "home"), "HOME": str(home), "PYTHONPATH": str(Path.cwd())}
        | variables
    )


def started(folder: Path, *arguments: str, **variables: str) -> "subprocess.Popen[str]":
    """Start `parapet` with these arguments in a folder."""
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", CODE, *arguments],
        cwd=folder,
        env=environment(folder, **variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def parapet(folder: Path, *arguments: str, **variables: str) -> Finished:
    """Run `parapet` to its end."""
    process = started(folder, *arguments, **variables)
    out, err = process.communicate(timeout=60)
    return Finished(process.returncode, out, err)

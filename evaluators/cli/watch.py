"""`parapet eval run --watch`: run again whenever something beside the suite changes."""

import subprocess
import sys
import time
from pathlib import Path

import click

_EVERY_S = 0.5
_WATCHED = frozenset({".yaml", ".yml", ".jsonl", ".json", ".csv", ".md", ".txt", ".py"})


def run_again_and_again(folder: Path) -> int:
    """Run this very command without `--watch`, and again after every change, until Ctrl-C."""
    arguments = [argument for argument in sys.argv[1:] if argument != "--watch"]
    # A process of its own each time: the suite's Python modules are read afresh.
    command = [sys.executable, "-c", "from evaluators.cli import parapet; parapet()", *arguments]
    code = 0
    try:
        while True:
            seen = _state(folder)
            code = subprocess.call(command)  # noqa: S603 - this very command
            click.echo(f"waiting for a change in {folder}; Ctrl-C ends", err=True)
            while _state(folder) == seen:
                time.sleep(_EVERY_S)
    except KeyboardInterrupt:
        return code


def _state(folder: Path) -> dict[Path, float]:
    """Return when each file was changed; hidden folders, where runs are kept, and cards do not count."""
    return {
        path: path.stat().st_mtime
        for path in folder.rglob("*")
        if path.suffix in _WATCHED
        and not any(part.startswith(".") or part == "__pycache__" for part in path.relative_to(folder).parts)
        and path.is_file()
    }

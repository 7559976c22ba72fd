"""`parapet eval init`: a small suite to begin with, which runs without a key."""

import importlib.resources
from importlib.resources.abc import Traversable
from pathlib import Path

import click

from evaluators.errors import SuiteError

_FILES = ("suite.yaml", "cases.jsonl", "answers.py", "prompts/baseline.md", "prompts/candidate.md")


@click.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), default=Path("evals"))
def init(directory: Path) -> None:
    """Write an example suite into DIRECTORY (evals). It runs offline, without a key; files are never overwritten."""
    example = importlib.resources.files("evaluators.cli.example")
    existing = [name for name in _FILES if (directory / name).exists()]
    if existing:
        raise SuiteError(f"{directory / existing[0]} exists already; choose another directory")
    for name in _FILES:
        _copy(example.joinpath(*name.split("/")), directory / name)
    click.echo(
        f"wrote {len(_FILES)} files; now try:\n\n  parapet eval run {directory / 'suite.yaml'}", err=True
    )


def _copy(source: Traversable, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(source.read_text("utf-8"), "utf-8")

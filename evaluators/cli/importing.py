"""`parapet eval import`: another tool's suite, data or log as a suite of ours."""

import json
from pathlib import Path

import click
import yaml

from evaluators.cli.options import dumped
from evaluators.errors import SuiteError
from evaluators.importers import FORMATS, Imported, read
from evaluators.suites import load


@click.command("import")
@click.argument("source", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), default=Path("evals"))
@click.option(
    "--from", "form", type=click.Choice(list(FORMATS)), help="What SOURCE is; guessed when left out."
)
@click.option("-o", "--output", type=click.Choice(["json"]), help="Write JSON to standard output.")
def import_(source: Path, directory: Path, form: str | None, output: str | None) -> None:
    """Turn SOURCE into a suite in DIRECTORY (evals), and say what was not translated. Files are never overwritten.

    \b
    promptfoo   a configuration in YAML or JSON
    deepeval    goldens or test cases in JSON or JSON lines
    ragas       an evaluation data set in JSON or JSON lines
    inspect     a log of inspect_ai, .json or .eval
    """
    found = read(source, form)
    written = _write(found, directory)
    load(directory / "suite.yaml")
    for line in found.lost:
        click.echo(f"not translated: {line}", err=True)
    click.echo(
        f"{len(found.cases)} cases, {len(found.suite['evaluators'])} evaluators, {len(found.lost)} things not translated; "
        f"the gate is empty: add rules to {directory / 'suite.yaml'}, then `parapet eval plan` it",
        err=True,
    )
    if output == "json":
        click.echo(dumped({"files": written, "cases": len(found.cases), "not_translated": list(found.lost)}))


def _write(found: Imported, directory: Path) -> list[str]:
    notes = "".join(f"# not translated: {line}\n" for line in found.lost)
    suite = yaml.safe_dump(dict(found.suite), sort_keys=False, allow_unicode=True, width=110)
    rows = "".join(json.dumps(case, ensure_ascii=False) + "\n" for case in found.cases)
    files = {"suite.yaml": notes + suite, "cases.jsonl": rows, **found.files}
    for name in files:
        if (directory / name).exists():
            raise SuiteError(f"{directory / name} exists already; choose another directory")
    for name, text in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text, "utf-8")
    return [str(directory / name) for name in files]

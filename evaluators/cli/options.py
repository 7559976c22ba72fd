"""What several commands share: where runs are kept, and how a report is printed."""

import json
from pathlib import Path
from typing import Any

import click

from evaluators.errors import SuiteError
from evaluators.reports import Report
from evaluators.reports.annotations import as_annotations
from evaluators.reports.html import as_html
from evaluators.reports.junit import as_junit
from evaluators.reports.markdown import as_markdown
from evaluators.reports.text import as_text
from evaluators.trials import TrialLog

suite_argument = click.argument("suite", type=click.Path(path_type=Path, dir_okay=False))
output_option = click.option(
    "-o",
    "--output",
    type=click.Choice(["json", "junit", "md", "html", "github"]),
    help="Write the report to standard output in this form.",
)
store_option = click.option(
    "--store",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where runs are kept.  [default: $PARAPET_HOME/evals]",
)
tag_option = click.option(
    "--tag", "tags", multiple=True, help="Only cases with this tag; repeat for several."
)
sample_option = click.option(
    "--sample", type=click.IntRange(min=1), help="Only so many cases, always the same ones."
)


def print_report(report: Report, output: str | None, log: TrialLog | None = None) -> None:
    """Print the block for people to standard error, and the asked-for form to standard output."""
    click.echo(as_text(report), err=True)
    if output == "json":
        click.echo(dumped(report.as_json()))
    elif output == "html":
        click.echo(as_html(report, log), nl=False)
    elif output is not None:
        click.echo(_FORMS[output](report), nl=False)


_FORMS = {"junit": as_junit, "md": as_markdown, "github": as_annotations}


def dumped(content: Any) -> str:
    """Return content as JSON; sets become lists."""
    return json.dumps(content, indent=2, ensure_ascii=False, default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise SuiteError(f"cannot write {type(value).__name__} as JSON")

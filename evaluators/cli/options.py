"""What several commands share: where runs are kept, and how a report is printed."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from evaluators.errors import SuiteError
from evaluators.reports import Report
from evaluators.reports.annotations import as_annotations
from evaluators.reports.evidence import Evidence
from evaluators.reports.html import as_html
from evaluators.reports.junit import as_junit
from evaluators.reports.markdown import as_markdown
from evaluators.reports.text import as_text

FORMS = ("json", "junit", "md", "html", "github")
suite_argument = click.argument("suite", type=click.Path(path_type=Path, dir_okay=False))
output_option = click.option(
    "-o",
    "--output",
    type=click.Choice(FORMS),
    help="Write the report to standard output in this form.",
)


def _written(ctx: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse forms that do not exist before anything is run."""
    for write in given:
        form, _, name = write.partition("=")
        if form not in FORMS or not name:
            raise click.BadParameter(f"{write!r}: write a form and a file; forms: {', '.join(FORMS)}")
    return given


write_option = click.option(
    "--write",
    "writes",
    callback=_written,
    multiple=True,
    metavar="FORM=FILE",
    help="Write the report into a file too, such as md=comment.md; repeat for several.",
)
store_option = click.option(
    "--store",
    type=click.Path(path_type=Path),
    help="Where runs are kept: a folder, or a SQLite file (.db).  [default: $PARAPET_HOME/evals]",
)
tag_option = click.option(
    "--tag", "tags", multiple=True, help="Only cases with this tag; repeat for several."
)
id_option = click.option(
    "-k", "words", multiple=True, metavar="TEXT", help="Only cases whose id holds this; repeat for several."
)
sample_option = click.option(
    "--sample", type=click.IntRange(min=1), help="Only so many cases, always the same ones."
)


def print_report(
    report: Report, output: str | None, evidence: Evidence | None = None, writes: Sequence[str] = ()
) -> None:
    """Print the block for people to standard error, the asked-for form to standard output, and others into files."""
    click.echo(_writable(as_text(report)), err=True)
    if output is not None:
        click.echo(_writable(_formed(report, output, evidence)), nl=False)
    for write in writes:
        form, _, name = write.partition("=")
        Path(name).write_text(_writable(_formed(report, form, evidence)), "utf-8")


def _formed(report: Report, form: str, evidence: Evidence | None) -> str:
    if form == "json":
        return dumped(report.as_json()) + "\n"
    if form == "html":
        return as_html(report, evidence)
    if form == "junit":
        return as_junit(report, evidence)
    return {"md": as_markdown, "github": as_annotations}[form](report)


def _writable(text: str) -> str:
    """Replace halves of surrogate pairs, which a model may write and no file can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def dumped(content: Any) -> str:
    """Return content as JSON; sets become lists."""
    return json.dumps(content, indent=2, ensure_ascii=False, default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise SuiteError(f"cannot write {type(value).__name__} as JSON")

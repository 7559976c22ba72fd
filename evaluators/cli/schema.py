"""`parapet eval schema`: what a suite file may say, for editors."""

import click

from evaluators.cli.options import dumped
from evaluators.suites.model import Suite


@click.command()
def schema() -> None:
    """Print the JSON Schema of suite files.

    Editors complete and check a suite whose first line is `# yaml-language-server: $schema=suite.schema.json`.
    """
    click.echo(
        dumped(Suite.model_json_schema() | {"$schema": "https://json-schema.org/draft/2020-12/schema"})
    )

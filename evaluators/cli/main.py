"""The outermost command: finds its subcommands, and turns every error into a sentence and an exit code."""

import sys
from collections.abc import Sequence
from importlib.metadata import entry_points
from typing import Any

import click

from evaluators.cli.evaluation import evaluation
from evaluators.errors import EvaluatorError, NoCasesError
from evaluators.reports import exit_code

_GROUP = "parapet.commands"


class Commands(click.Group):
    """Our own commands and those that installed packages offer; a command is loaded when it is called for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name every command."""
        return sorted({*super().list_commands(ctx), *(point.name for point in entry_points(group=_GROUP))})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Find a command: ours first."""
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        found = list(entry_points(group=_GROUP, name=cmd_name))
        command: click.Command | None = found[0].load() if found else None
        return command

    def main(self, args: Sequence[str] | None = None, *others: Any, **extra: Any) -> Any:
        """Run, and leave with the documented exit codes."""
        try:
            result = super().main(args, *others, **extra | {"standalone_mode": False})
        except click.ClickException as error:
            error.show()
            sys.exit(exit_code.MISUSED)
        except (click.Abort, KeyboardInterrupt):
            click.echo("interrupted", err=True)
            sys.exit(exit_code.STOPPED)
        except NoCasesError as error:
            click.echo(f"parapet: {error}", err=True)
            sys.exit(exit_code.NO_CASES)
        except EvaluatorError as error:
            click.echo(f"parapet: {error}", err=True)
            sys.exit(exit_code.MISUSED)
        sys.exit(result if isinstance(result, int) else exit_code.PASSED)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="parapet", prog_name="parapet")
def parapet() -> None:
    """Watch, judge and guard what passes between applications and language models."""


parapet.add_command(evaluation)

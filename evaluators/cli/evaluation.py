"""`parapet eval`: its subcommands, each loaded when it is called for."""

import importlib

import click

_COMMANDS = {
    "init": "evaluators.cli.init:init",
    "plan": "evaluators.cli.plan:plan",
    "run": "evaluators.cli.run:run",
    "score": "evaluators.cli.score:score",
    "gate": "evaluators.cli.again:gate",
    "compare": "evaluators.cli.again:compare",
    "calibrate": "evaluators.cli.calibrate:calibrate",
    "show": "evaluators.cli.show:show",
    "import": "evaluators.cli.importing:import_",
    "merge": "evaluators.cli.merge:merge",
    "schema": "evaluators.cli.schema:schema",
}


class _Evaluation(click.Group):
    """Imports a subcommand's module when it is needed, so that `--help` is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the subcommands in the order in which one meets them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a subcommand."""
        place = _COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.group("eval", cls=_Evaluation)
def evaluation() -> None:
    """Test prompts and models, and decide with error bars.

    \b
    Exit codes: 0 pass (or inconclusive, with a warning)   1 a regression, or a broken invariant
                2 interrupted, or a cap was reached        3 answers or scores are missing
                4 the command or the suite is wrong        5 no cases
                6 inconclusive, when the suite says `inconclusive: exit`
    """

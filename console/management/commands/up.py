"""`manage.py up`: the whole of Parapet on one machine, from one command."""

import asyncio
import os
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from console.supervisor.child import run_to_end
from console.supervisor.home import StartError, home_from_environment
from console.supervisor.logs import LogPrinter
from console.supervisor.processes import NAMES, Plan, make_plan, specs, told_to_all
from console.supervisor.supervise import supervise

MANAGE = Path(__file__).resolve().parents[3] / "manage.py"


class Command(BaseCommand):
    """Starts every process, keeps it running, and stops all of them on Ctrl-C."""

    help = (
        "Run Parapet here: web, worker, beat, proxy, receiver, shipper, guard server, ClickHouse and Redis."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare --only."""
        parser.add_argument(
            "--only",
            default="",
            metavar="NAME,NAME",
            help=f"run just these processes; known: {', '.join(NAMES)}. The others are expected where "
            "PARAPET_CLICKHOUSE_URL, PARAPET_REDIS_URL and PARAPET_GUARD_URL say.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Plan, lock the home, supervise until a signal."""
        began = time.monotonic()
        only = tuple(name.strip() for name in str(options["only"]).split(",") if name.strip())
        home = home_from_environment()
        try:
            home.prepare()
            with home.lock():
                plan = make_plan(home, only=only, given=_given())
                if not only:
                    home.write_environment(plan.environment)
                printer = LogPrinter(
                    out=sys.stdout, names=("parapet", *plan.names), is_coloured=sys.stdout.isatty()
                )
                printer.say(f"Parapet starts in {home.path}: {', '.join(plan.names)}")
                asyncio.run(
                    supervise(
                        specs(plan),
                        printer=printer,
                        prepare=lambda: _prepare(plan, printer),
                        on_ready=lambda: _welcome(plan, printer, time.monotonic() - began),
                    )
                )
        except StartError as error:
            raise CommandError(f"{error}.") from error


def _given() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith("PARAPET_") and value}  # noqa: TID251


async def _prepare(plan: Plan, printer: LogPrinter) -> None:
    """Migrate and make the first project, where the relational database is ours."""
    if not plan.has_console:
        return
    code = await run_to_end(
        "parapet", [sys.executable, str(MANAGE), "prepare"], environment=told_to_all(plan), printer=printer
    )
    if code != 0:
        raise StartError("the databases could not be prepared: the lines above say why")


def _welcome(plan: Plan, printer: LogPrinter, took_s: float) -> None:
    told = plan.environment
    printer.say()
    if plan.has_console:
        printer.say(f"  Console     {told['PARAPET_CONSOLE_URL']}")
    if "proxy" in plan.names:
        printer.say(f"  Proxy       {told['PARAPET_PROXY_URL']}    (base URL for OpenAI clients)")
    if "receiver" in plan.names:
        printer.say(f"  OTLP/HTTP   {told['PARAPET_OTLP_URL']}")
    if plan.has_console:
        printer.say(
            f"  Sign in     e-mail, password and API key are in {plan.home.path / 'credentials.json'}"
        )
        printer.say("  Try it      `make demo`, in another terminal, fills it with traffic")
    printer.say("  Stop        Ctrl-C")
    printer.say(f"  Started in  {took_s:.1f} s")
    printer.say()
    printer.say("ready")

"""`manage.py demo`: fill a running instance with days of simulated traffic."""

import asyncio
import json
import sys
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from console.demo.delivery import Delivered, DeliveryError, Doors
from console.demo.plan import live_chats, traces

MAX_DAYS = 29
"""The receiver takes nothing older than 30 days."""
LIVE_SHARE = 0.05
MAX_LIVE = 200


class Command(BaseCommand):
    """Sends simulated traffic through the front doors of an instance that runs."""

    help = (
        "Fill a running instance with simulated traffic: traces of the past days through the receiver, and some"
        " live calls of the model parapet/demo through the proxy."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the size of the demo."""
        parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same traffic (1)")
        parser.add_argument("--days", type=int, default=14, help=f"how far back, at most {MAX_DAYS} (14)")
        parser.add_argument("--calls", type=int, default=3_000, help="model calls in all, about (3000)")
        parser.add_argument("--again", action="store_true", help="send more although a demo was sent before")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check the doors, plan, send, and note that it was done."""
        seed, days, calls = int(options["seed"]), int(options["days"]), int(options["calls"])
        if not 1 <= days <= MAX_DAYS:
            raise CommandError(
                f"--days lies between 1 and {MAX_DAYS}, not {days}: older spans are not taken."
            )
        if not 1 <= calls <= 1_000_000:
            raise CommandError(f"--calls lies between 1 and 1000000, not {calls}.")
        doors = _doors(settings.HOME / "credentials.json")
        note = settings.HOME / "demo.json"
        if note.exists() and not options["again"]:
            done = json.loads(note.read_text())
            self.stdout.write(
                f"This instance was filled on {done['at']} with {done['calls']} calls over {done['days']} days"
                f" (seed {done['seed']}). Nothing was sent; use --again to add more."
            )
            return
        now = datetime.now(UTC)
        try:
            delivered = asyncio.run(self._send(doors, seed=seed, days=days, calls=calls, now=now))
        except DeliveryError as error:
            raise CommandError(f"{error}.") from None
        done = {"at": now.isoformat(timespec="seconds"), "seed": seed, "days": days, "calls": calls}
        note.write_text(json.dumps(done) + "\n")
        self._report(delivered)

    async def _send(self, doors: Doors, *, seed: int, days: int, calls: int, now: datetime) -> Delivered:
        await doors.check()
        chats = list(live_chats(seed=seed, count=min(MAX_LIVE, int(calls * LIVE_SHARE))))
        planned = traces(seed=seed, days=days, calls=calls - len(chats), now=now)
        with _progress(self.stdout) as progress:
            past = progress.add_task("traces", total=sum(trace.root.calls for trace in planned))
            live = progress.add_task("live calls", total=len(chats))
            delivered = await doors.send_traces(
                planned, run=f"{seed}/{now.isoformat()}", progress=lambda done: progress.advance(past, done)
            )
            await doors.chat(chats, delivered=delivered, progress=lambda done: progress.advance(live, done))
        return delivered

    def _report(self, delivered: Delivered) -> None:
        self.stdout.write(f"Sent {delivered.spans} spans and {delivered.live} live calls.")
        if delivered.rejected:
            self.stdout.write(f"{delivered.rejected} spans were not accepted: {delivered.reason}")
        for status, count in sorted(delivered.refused.items()):
            self.stdout.write(f"{count} live calls were answered with HTTP {status}.")


def _progress(out: Any) -> Progress:
    console = Console(file=getattr(out, "_out", sys.stdout))
    columns = (TextColumn("{task.description:>10}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console)


def _doors(credentials: Path) -> Doors:
    try:
        values = json.loads(credentials.read_text())
        return Doors(
            otlp_url=values["otlp_url"].rstrip("/"),
            proxy_url=values["proxy_url"].rstrip("/"),
            api_key=values["api_key"],
        )
    except FileNotFoundError:
        raise CommandError(f"{credentials} does not exist. Start Parapet with `make run` first.") from None
    except (json.JSONDecodeError, KeyError, AttributeError, TypeError):
        raise CommandError(
            f"{credentials} cannot be read. Write it again with `manage.py bootstrap`."
        ) from None

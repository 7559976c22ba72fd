"""The supervisor: starts processes in order of need, waits until all are ready, stops all on a signal."""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Sequence

from console.supervisor.child import Child, ChildSpec
from console.supervisor.home import StartError
from console.supervisor.logs import LogPrinter

_STOP_ORDER = ("proxy", "receiver", "web", "beat", "worker", "guard"), ("shipper",), ("clickhouse", "redis")
"""Front doors first, then what ships their spool, then the stores behind them."""


async def supervise(
    specs: Sequence[ChildSpec],
    *,
    printer: LogPrinter,
    prepare: Callable[[], Awaitable[None]],
    on_ready: Callable[[], None],
) -> None:
    """Run the processes until SIGINT or SIGTERM.

    `prepare` is awaited once the stores are up and before anything that depends on them; `on_ready`
    once everything is ready. Raises StartError when a process does not become ready in time.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    children = {spec.name: Child(spec, printer) for spec in specs}
    tasks: list[asyncio.Task[None]] = []
    stopping = asyncio.create_task(stop.wait())
    starting = asyncio.create_task(_start(children, tasks, prepare))
    try:
        await asyncio.wait({stopping, starting}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            on_ready()
            await stopping
            printer.say("stopping")
    finally:
        starting.cancel()
        stopping.cancel()
        await _stop(children)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _start(
    children: dict[str, Child], tasks: list[asyncio.Task[None]], prepare: Callable[[], Awaitable[None]]
) -> None:
    waiting = dict(children)

    def launch(names: Sequence[str]) -> None:
        tasks.extend(asyncio.create_task(waiting.pop(name).keep_running()) for name in names)

    first = [name for name, child in children.items() if not child.spec.after]
    launch(first)
    awaited = {name for child in waiting.values() for name in child.spec.after}
    await asyncio.gather(*(_until_ready(children[name]) for name in sorted(awaited)))
    await prepare()
    launch(list(waiting))
    await asyncio.gather(*(_until_ready(child) for child in children.values()))


async def _until_ready(child: Child) -> None:
    try:
        await asyncio.wait_for(child.became_ready.wait(), child.spec.start_timeout_s)
    except TimeoutError:
        raise StartError(
            f"{child.spec.name} was not ready after {child.spec.start_timeout_s:.0f} s "
            f"({child.restarts} restarts): its last lines above say why"
        ) from None


async def _stop(children: dict[str, Child]) -> None:
    with contextlib.suppress(asyncio.CancelledError):
        for group in _STOP_ORDER:
            await asyncio.gather(*(child.stop() for name, child in children.items() if name in group))

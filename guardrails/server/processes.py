"""The processes behind the guard server, seen from it: the one that has workers, and each worker."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from guardrails.server.framing import frame, receive
from guardrails.server.nursery import BIRTH, END, PING
from guardrails.server.vitals import Patience, vitals

COMMAND: Sequence[str] = (sys.executable, "-m", "guardrails.server.nursery")
LOAD_S = 120.0
"""So long may it take to load the models."""
ANSWER_S = 2.0
"""So long may it take to fork."""
PING_EVERY_S = 1.0
_LONGEST_PAUSE_S = 10.0
_ANSWER_TURN_S = 0.2
_LONGEST_STILL_S = 5.0
"""What loads works or waits for a disk."""
_SILENT_PARTS, _STILL_PARTS = 5, 3
"""A worker's silence is counted in so many parts; in so many of them, one at the least is due, and it has not run at all."""
_SHORTEST_WAIT_S = 0.05
_LARGE_PAGES: Mapping[str, str] = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
"""With these the encoder reads a fiftieth faster; whoever has set others keeps them."""
_NO_THREADS: Mapping[str, str] = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
}
"""What keeps libraries from starting threads of their own."""
_log = logging.getLogger(__name__)


def environment() -> Mapping[str, str]:
    """Return the environment that the process with the workers is started in."""
    return {**_LARGE_PAGES, **os.environ, **_NO_THREADS}  # noqa: TID251


class LostError(Exception):
    """A process ended, or is as good as ended."""


class WorkerProcess:
    """One worker: takes batches, and says what they hold until it is lost."""

    def __init__(
        self, pid: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, silent_s: float
    ) -> None:
        self.pid = pid
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """Why it is lost, as soon as it is."""
        self.has_ended = False
        self._reader = reader
        self._writer = writer
        self._silent_s = silent_s
        self._was_heard = True
        self._said: asyncio.Queue[Any] = asyncio.Queue()
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._watch())]

    async def say(self, message: Any) -> None:
        """Send a message. Raises LostError."""
        self._writer.write(frame(message))
        sent = asyncio.ensure_future(self._writer.drain())
        await asyncio.wait((sent, self.lost), return_when=asyncio.FIRST_COMPLETED)
        if not sent.done():
            sent.cancel()
        if self.lost.done():
            raise LostError(self.lost.result())

    async def hear(self, *, within_s: float) -> Any:
        """Return what it says next. Raises LostError; what says nothing for so long, though it lives, is lost, too.

        The time for which it would have worked, had there been a core, does not count.
        """
        left_s, before = within_s, vitals(self.pid)
        while left_s > _SHORTEST_WAIT_S:
            try:
                async with asyncio.timeout(left_s):
                    message = await self._said.get()
            except TimeoutError:
                now = vitals(self.pid)
                left_s *= now.starved_since(before) if now and before else 0.0
                before = now
                continue
            if message is None:
                break
            return message
        self.lose(f"came to no end within {within_s:.1f} s")
        raise LostError(self.lost.result())

    def lose(self, why: str) -> None:
        """Give the process up."""
        if not self.lost.done():
            self.lost.set_result(why)
            self._said.put_nowait(None)

    async def close(self) -> None:
        """Stop listening."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._writer.close()

    async def _listen(self) -> None:
        try:
            while True:
                message = await receive(self._reader)
                self._was_heard = True
                if "alive" not in message:
                    self._said.put_nowait(message)
        except (EOFError, OSError):
            self.has_ended = True
            self.lose("ended")
        except (ValueError, TypeError):
            self.lose("said what no worker should say")

    async def _watch(self) -> None:
        turn_s = self._silent_s / _SILENT_PARTS
        patience = Patience(process=self.pid, still_s=_STILL_PARTS * turn_s, silent_s=self._silent_s)
        why = ""
        while not why:
            self._was_heard = False
            await asyncio.sleep(turn_s)
            if self._was_heard:
                patience.renew()
            else:
                why = patience.wait(turn_s)
        self.lose(why)


@dataclass(slots=True, kw_only=True)
class Nursery:
    """The process that workers are forked from, started anew when it is lost. The workers it had live on."""

    command: Sequence[str] = COMMAND
    silent_s: float = 2.0
    restarts: int = 0
    _process: Process | None = None
    _line: socket.socket | None = None
    _has_loaded: bool = False
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def birth(self) -> WorkerProcess:
        """Return a new worker, which says when it is ready. Raises LostError."""
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                answer = await self._ask(BIRTH, theirs)
            ours.setblocking(False)
            reader, writer = await asyncio.open_connection(sock=ours)
        except BaseException:
            ours.close()
            raise
        return WorkerProcess(int.from_bytes(answer), reader, writer, silent_s=self.silent_s)

    async def end(self, worker: WorkerProcess) -> None:
        """See to it that a worker is no more."""
        await worker.close()
        # While the nursery lives, nobody else gets the number of a process that it has not buried.
        if self.is_alive or not worker.has_ended:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker.pid, signal.SIGKILL)
        if self._line is not None:
            with contextlib.suppress(OSError):
                self._line.send(END + worker.pid.to_bytes(8))

    async def keep_alive(self) -> None:
        """Have one at hand all the time: one that ends or hangs is replaced before it is needed."""
        pause_s = 0.0
        while True:
            try:
                await self._ask(PING)
                pause_s = 0.0
                await asyncio.sleep(PING_EVERY_S)
            except LostError as error:
                _log.warning("the process that has the workers %s; another is started", error)
                await asyncio.sleep(pause_s)
                pause_s = min(max(pause_s * 2, PING_EVERY_S), _LONGEST_PAUSE_S)

    async def close(self) -> None:
        """End the process; its workers end when they are closed."""
        self._drop()
        if self._process is not None:
            await self._process.wait()

    @property
    def is_ready(self) -> bool:
        """True while it can have workers without loading anything first."""
        return self.is_alive and self._has_loaded

    @property
    def is_alive(self) -> bool:
        """True while the process runs and is listened to."""
        return self._line is not None and self._process is not None and self._process.returncode is None

    async def _ask(self, question: bytes, *sockets: socket.socket) -> bytes:
        async with self._lock:
            if not self.is_alive:
                await self._start()
            assert self._line is not None
            try:
                socket.send_fds(self._line, [question], [each.fileno() for each in sockets])
                return await self._answer(ANSWER_S)
            except OSError:
                self._drop()
                raise LostError("ended") from None

    async def _start(self) -> None:
        self._drop()
        self.restarts += self._process is not None
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            command = [*self.command, "--control", str(theirs.fileno())]
            self._process = await asyncio.create_subprocess_exec(
                *command, env=environment(), pass_fds=[theirs.fileno()], stdin=asyncio.subprocess.DEVNULL
            )
        ours.setblocking(False)
        self._line = ours
        self._has_loaded = False
        await self._answer(LOAD_S)
        self._has_loaded = True

    async def _answer(self, within_s: float) -> bytes:
        assert self._line is not None
        assert self._process is not None
        still_s = min(within_s / 2, _LONGEST_STILL_S)
        patience = Patience(process=self._process.pid, still_s=still_s, silent_s=within_s)
        answer = asyncio.ensure_future(asyncio.get_running_loop().sock_recv(self._line, 64))
        why = ""
        try:
            while not why and not answer.done():
                await asyncio.wait((answer,), timeout=_ANSWER_TURN_S)
                if not answer.done():
                    why = patience.wait(_ANSWER_TURN_S)
            said = await answer if answer.done() else b""
        except OSError:
            said = b""
        except asyncio.CancelledError:
            # Its answer would be taken for that to the next question.
            answer.cancel()
            self._drop()
            raise
        if not said:
            answer.cancel()
            self._drop()
            raise LostError(why or "ended")
        return said

    def _drop(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

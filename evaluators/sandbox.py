"""Runs a program of strangers in a process of its own, with limits.

The process has no network (a new namespace), an empty environment, an empty folder that is deleted afterwards, and limits
on time, memory, file size and output; whatever it starts ends with it. It can read what the user who runs it can read,
and it shares the machine's kernel: for programs from people who mean harm, run the evaluation in a container or a
virtual machine. Where the system gives no network namespace, nothing is run unless `allow_network` says so.
"""

import asyncio
import contextlib
import functools
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from evaluators.errors import EvaluatorError

Ending = Literal["exited", "killed", "timeout", "too_much_output"]
_ISOLATION = ("--user", "--map-root-user", "--net", "--pid", "--ipc", "--uts", "--fork", "--kill-child")
_PIECE = 65_536
_LAST_WORDS_S = 1.0


class SandboxError(EvaluatorError):
    """The sandbox cannot be had on this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """How a program ended."""

    ending: Ending
    code: int | None
    output: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """Runs Python programs under these limits. Handing one to `code_execution` is what switches that on."""

    timeout_s: float = 10.0
    memory_bytes: int = 512 * 1024 * 1024
    file_bytes: int = 16 * 1024 * 1024
    output_bytes: int = 64 * 1024
    allow_network: bool = False

    async def run(self, program: str, *, stdin: str = "") -> Finished:
        """Run a Python program to its end, or until a limit is reached."""
        command = [*self._isolated(), sys.executable, "-I", "-B", "-X", "utf8", "program.py"]
        with tempfile.TemporaryDirectory(prefix="parapet-sandbox-", ignore_cleanup_errors=True) as folder:
            _write(folder, program)
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env={"HOME": folder, "TMPDIR": folder, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
                start_new_session=True,
                preexec_fn=functools.partial(_limit, self.memory_bytes, self.file_bytes, self.timeout_s),
            )
            try:
                return await self._watched(process, stdin)
            finally:
                _end(process)
                await _closed(process)

    async def _watched(self, process: asyncio.subprocess.Process, stdin: str) -> Finished:
        assert process.stdin and process.stdout  # noqa: PT018 - both are pipes
        feeding = asyncio.create_task(_feed(process.stdin, stdin.encode("utf-8", "replace")))
        output = bytearray()
        try:
            async with asyncio.timeout(self.timeout_s):
                while piece := await process.stdout.read(_PIECE):
                    output += piece
                    if len(output) > self.output_bytes:
                        return Finished(
                            ending="too_much_output", code=None, output=_decoded(output, self.output_bytes)
                        )
                code = await process.wait()
        except TimeoutError:
            return Finished(ending="timeout", code=None, output=_decoded(output, self.output_bytes))
        finally:
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)
        # The wrapper reports a signal as 128 + its number, the program itself as a negative number.
        is_killed = code < 0 or code > 128
        return Finished(
            ending="killed" if is_killed else "exited", code=code, output=_decoded(output, self.output_bytes)
        )

    def _isolated(self) -> list[str]:
        if can_isolate():
            return [str(shutil.which("unshare")), *_ISOLATION, "--"]
        if self.allow_network:
            return []
        raise SandboxError(
            "the sandbox cannot cut programs off the network here (no user namespaces); run where it can, or set allow_network"
        )


def _write(folder: str, program: str) -> None:
    Path(folder, "program.py").write_text(program, "utf-8", "replace")


@functools.cache
def can_isolate() -> bool:
    """Whether this machine lets us give a process a network namespace of its own."""
    unshare = shutil.which("unshare")
    if unshare is None:
        return False
    tried = subprocess.run(  # noqa: S603 - fixed arguments
        [unshare, *_ISOLATION, "--", "true"], capture_output=True, timeout=10, check=False
    )
    return tried.returncode == 0


def _limit(memory_bytes: int, file_bytes: int, timeout_s: float) -> None:
    """Set the limits; runs in the new process, before the program."""
    cpu_s = int(timeout_s) + 1
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


def _end(process: asyncio.subprocess.Process) -> None:
    """End the process and everything it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


async def _closed(process: asyncio.subprocess.Process) -> None:
    """Wait for the end and empty the pipe, so that nothing is left open."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LAST_WORDS_S):
            while process.stdout and await process.stdout.read(_PIECE):
                continue
    await process.wait()


async def _feed(pipe: asyncio.StreamWriter, content: bytes) -> None:
    with contextlib.suppress(ConnectionError):
        pipe.write(content)
        await pipe.drain()
    pipe.close()


def _decoded(output: bytearray, most: int) -> str:
    return bytes(output[:most]).decode("utf-8", "replace")

"""The process that loads what workers need and forks one from itself whenever the server asks for one.

A worker born so is at work within milliseconds, and what was loaded is in memory once for all of them. Nothing here starts a
thread: only a process without threads can be forked safely.
"""

import argparse
import contextlib
import functools
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from guardrails.encoder import WEIGHTS
from guardrails.server.models import local_models
from guardrails.server.worker import test, work

BIRTH, END, PING = b"b", b"e", b"p"
"""What the server asks: a worker at the other end of the socket that comes along, to end one, whether we live."""
READY = b"r"
NOT_NEEDED = ("torch", "transformers", "stanza", "gliner")
"""What Presidio and spaCy load where it is installed, for engines that this server does not use: 300 MB and three seconds."""


def main() -> None:
    """Load the detectors, then have workers."""
    parser = argparse.ArgumentParser(prog="python -m guardrails.server.nursery")
    parser.add_argument("--control", type=int, required=True)
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--models", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    with without(NOT_NEEDED):
        from guardrails.server.detectors import Detectors  # noqa: PLC0415 - it takes Presidio along

    detectors = Detectors(
        weights=arguments.weights,
        models=local_models(arguments.models) if arguments.models else {},
        threads=arguments.threads,
        device=arguments.device,
    )
    # What has threads of its own, or memory on a GPU, would not live through a fork: then each worker loads for itself.
    is_shared = arguments.threads == 1 and arguments.device == "cpu"
    if is_shared:
        detectors.load()
        test(detectors)
    have_workers(arguments.control, functools.partial(work, detectors, is_loaded=is_shared))


def have_workers(control: int, do_work: Callable[[socket.socket], None]) -> None:
    """Fork a worker for every socket that comes, until the server is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What is there now will not be looked at again, or looking at it would copy it into every worker.
    gc.collect()
    gc.freeze()
    line = socket.socket(fileno=control)
    line.send(READY)
    dying: set[int] = set()
    while True:
        try:
            said, sockets, *_ = socket.recv_fds(line, 16, 1)
        except ConnectionResetError:
            return
        if not said:
            return
        _bury(dying)
        if said[:1] == BIRTH:
            pid = os.fork()
            if not pid:
                line.close()
                _live(do_work, socket.socket(fileno=sockets[0]))
            os.close(sockets[0])
            line.send(pid.to_bytes(8))
        elif said[:1] == END:
            pid = int.from_bytes(said[1:])
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            dying.add(pid)
            _bury(dying)
        else:
            line.send(said)


def _live(do_work: Callable[[socket.socket], None], conversation: socket.socket) -> None:
    """Be a worker, and never return into the life of the process that one was forked from."""
    try:
        do_work(conversation)
    except ConnectionError:
        os._exit(1)  # the server is gone
    except BaseException as error:  # noqa: BLE001 - a message may hold a text; its type does not
        logging.getLogger(__name__).error("a worker ended with %s", type(error).__name__)
        os._exit(1)
    os._exit(0)


def _bury(dying: set[int]) -> None:
    """Take leave of those that are gone. None is waited for: on a machine without a free core even dying takes time."""
    for pid in list(dying):
        try:
            is_gone = os.waitpid(pid, os.WNOHANG) != (0, 0)
        except ChildProcessError:
            is_gone = True
        if is_gone:
            dying.remove(pid)


@contextlib.contextmanager
def without(names: tuple[str, ...]) -> Any:
    """Have libraries believe that others are not installed. Only for a process of our own that loads one thing at a time."""
    absent: Mapping[str, Any] = {name: None for name in names if name not in sys.modules}
    sys.modules.update(absent)
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


if __name__ == "__main__":
    main()

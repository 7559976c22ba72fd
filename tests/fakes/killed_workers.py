"""A Celery worker to be killed: the real one, with short leases, and two texts that are bad for its health.

`python -m tests.fakes.killed_workers` takes the arguments of `celery worker`. PARAPET_TEST_LEASE_S says how long leases are.
A judge asked about POISON brings its process down, as the kernel does when memory runs out; HUNGRY asks for more memory than
the process may have, which it is told.
"""

import os
import resource
import signal
import sys
from datetime import timedelta
from typing import Any

from console.celery import app
from console.evaluations import actions
from console.evaluations.proxy_model import ProxyModel
from console.experiments import holding, queue

POISON, HUNGRY = "arsenic", "gluttony"
MOST_MEMORY = 6 * 2**30


def main() -> None:
    """Start the worker."""
    lease = timedelta(seconds=float(os.environ["PARAPET_TEST_LEASE_S"]))
    actions.LEASE = queue.LEASE = lease
    holding.RENEW_S = lease.total_seconds() / 4
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    post = ProxyModel._post

    async def dangerous(self: ProxyModel, body: dict[str, Any]) -> Any:
        text = str(body["messages"])
        if POISON in text:
            os.kill(os.getpid(), signal.SIGKILL)
        if HUNGRY in text:
            bytearray(2 * MOST_MEMORY)
        return await post(self, body)

    ProxyModel._post = dangerous  # type: ignore[method-assign]
    app.worker_main(["worker", *sys.argv[1:]])


if __name__ == "__main__":
    main()

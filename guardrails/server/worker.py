"""A process that runs detectors: reads jobs from its standard input, writes verdicts to its standard output.

It ends when its input does, so that it never outlives the server.
"""

import logging
import os
import signal
import sys
from collections.abc import Mapping
from typing import Any

from guardrails.server.detectors import detector_for
from guardrails.server.framing import frame, read

SELF_TEST = "Write to jane.doe@example.com or pay with 4111 1111 1111 1111."
_EXPECTED = ["EMAIL_ADDRESS", "CREDIT_CARD"]
_log = logging.getLogger(__name__)


def main() -> None:
    """Say that the detectors are ready and work, then answer jobs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    jobs = sys.stdin.buffer
    # Whatever a library prints must not end up between two verdicts.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    found = [each["entity"] for each in detector_for("pii", {}).detect(SELF_TEST)]
    if found != _EXPECTED:
        raise SystemExit(f"the recognizers found {found} in a text that holds {_EXPECTED}")
    answers.write(frame({"ready": True}))
    while (job := read(jobs)) is not None:
        answers.write(frame(_answer(job)))


def _answer(job: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        detector = detector_for(job["kind"], job["parameters"])
        return {"verdicts": [{"findings": detector.detect(text)} for text in job["texts"]]}
    except Exception as error:  # noqa: BLE001 - one bad text must not take the worker with it
        # The message of an error may hold the text; its type does not.
        _log.error("a %s detector failed: %s", job.get("kind"), type(error).__name__)
        return {"error": type(error).__name__}


if __name__ == "__main__":
    main()

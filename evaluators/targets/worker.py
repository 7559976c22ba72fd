"""The process behind `CheckoutTarget`: reads questions from standard input, writes answers to standard output.

python -m evaluators.targets.worker module.function FOLDER
"""

import asyncio
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from evaluators.errors import SuiteError
from evaluators.suites.cases import SuiteCase
from evaluators.targets.base import TargetError
from evaluators.targets.python import PythonTarget, load_function

_LONGEST_LINE = 64 * 1024 * 1024


async def serve(place: str, directory: Path) -> None:
    """Answer until standard input ends."""
    # What the callable prints must not be taken for an answer.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    try:
        function = load_function(place, directory)
    except SuiteError as error:
        sys.stderr.write(f"parapet: in {directory}: {error}\n")
        return
    reader = asyncio.StreamReader(limit=_LONGEST_LINE)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    async with asyncio.TaskGroup() as group:
        async for line in reader:
            question = json.loads(line)
            target = PythonTarget(place=place, function=function, arms={"": question["arm"]})
            group.create_task(_answer(target, question, answers))


async def _answer(target: PythonTarget, question: dict[str, Any], answers: Any) -> None:
    given = question["case"]
    case = SuiteCase(
        **given | {"context": tuple(given["context"]), "tags": frozenset(given["tags"])},
    )
    reply: dict[str, Any] = {"number": question["number"]}
    try:
        reply["answer"] = asdict(await target.answer("", case))
    except TargetError as error:
        reply["error"] = str(error)
    answers.write(json.dumps(reply, default=str) + "\n")
    answers.flush()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], Path(sys.argv[2])))

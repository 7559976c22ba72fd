import asyncio
from pathlib import Path
from typing import Any

import pytest

from evaluators import NotApplicable, Outcome, Sample, Score, Unscored, evaluate, registry
from evaluators.sandbox import Sandbox, can_isolate

pytestmark = pytest.mark.skipif(not can_isolate(), reason="this machine gives no user namespaces")
ADD = "```python\ndef add(a, b):\n    return a + b\n```"


async def run(parameters: dict[str, Any], output: str, expected: Any = None, **limits: Any) -> Outcome:
    sandbox = Sandbox(**({"timeout_s": 5.0} | limits))
    return await evaluate(
        registry.build("code_execution", parameters, sandbox=sandbox),
        Sample(output=output, expected=expected),
    )


async def value_of(parameters: dict[str, Any], output: str, expected: Any = None) -> float:
    outcome = await run(parameters, output, expected)
    assert isinstance(outcome, Score), outcome
    return outcome.value


@pytest.mark.parametrize(
    ("parameters", "output", "expected", "value"),
    [
        ({"tests": "assert add(2, 2) == 4"}, f"Here it is:\n{ADD}\nDone.", None, 1),
        ({"tests": "assert add(2, 2) == 5"}, ADD, None, 0),
        ({"tests": "assert add(2, 2) == 4"}, "def add(a, b): return a + b", None, 1),
        ({"tests": "assert add(2, 2) == 5"}, "import sys; sys.exit(0)", None, 0),
        ({"tests": "assert add(2, 2) == 5"}, "import os; os._exit(0)", None, 0),
        ({"tests": "pass"}, "not python", None, 0),
        ({"tests": "pass"}, "", None, 0),
        ({"stdin": "3 4"}, "print(sum(map(int, input().split())))", "7", 1),
        ({"stdin": "3 4"}, "print(8)", "7", 0),
    ],
)
async def test_a_program_is_run_as_the_table_says(
    parameters: dict[str, Any], output: str, expected: Any, value: float
) -> None:
    assert await value_of(parameters, output, expected) == value


@pytest.mark.parametrize(
    ("program", "limits", "words"),
    [
        ("while True: pass", {"timeout_s": 0.5}, "timeout"),
        ("while True: print('x' * 1000)", {}, "too much output"),
        ("x = bytearray(10**9)", {"memory_bytes": 256 * 1024 * 1024}, "error"),
        ("open('big', 'wb').write(b'x' * 10**8)", {"file_bytes": 1_000_000}, ""),
        ("import socket; socket.create_connection(('127.0.0.1', 80), 1)", {}, "error"),
    ],
)
async def test_a_program_is_held_to_its_limits(program: str, limits: dict[str, Any], words: str) -> None:
    outcome = await run({"tests": "pass"}, program, **limits)
    assert isinstance(outcome, Score)
    assert outcome.value == 0
    assert words in outcome.reason


async def test_no_network_but_a_loopback_that_is_down() -> None:
    program = "print(open('/proc/net/route').read().count('\\n') <= 1, __import__('os').environ.get('PARAPET_SECRET_KEY'))"
    assert await value_of({}, program, "True None") == 1


async def test_what_a_program_starts_ends_with_it(tmp_path: Path) -> None:
    mark = tmp_path / "alive"
    child = f"import os, time\\nos.setsid()\\nwhile True:\\n    open({str(mark)!r}, 'w').close()\\n    time.sleep(0.05)"
    program = f'import subprocess, sys, time; subprocess.Popen([sys.executable, "-c", """{child}"""]); time.sleep(0.5)'
    assert await value_of({"tests": "pass"}, program) == 1
    assert mark.exists()
    mark.unlink()
    await asyncio.sleep(0.3)
    assert not mark.exists()


async def test_where_the_network_cannot_be_cut_nothing_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evaluators.sandbox.can_isolate", lambda: False)
    outcome = await run({"tests": "pass"}, "x = 1")
    assert isinstance(outcome, Unscored)
    assert "allow_network" in outcome.reason
    allowed = await run({"tests": "pass"}, "x = 1", allow_network=True)
    assert isinstance(allowed, Score)
    assert allowed.value == 1


async def test_without_tests_and_expected_output_nothing_is_run() -> None:
    assert isinstance(await run({}, "x = 1"), NotApplicable)

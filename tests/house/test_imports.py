"""Rooms start fast: importing one loads nothing that belongs to another floor or to a model."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"django", "celery", "torch", "transformers", "presidio_analyzer", "spacy", "detoxify", "chdb"}


@pytest.mark.parametrize(
    ("module", "more"),
    [
        ("evaluators", {"numpy", "scipy", "aiohttp"}),
        ("guardrails", {"numpy", "scipy", "aiohttp"}),
        ("ingest.records", {"clickhouse_connect", "numpy"}),
        ("ingest.receiver", {"clickhouse_connect", "numpy"}),
        ("inference_proxy.app", {"clickhouse_connect", "numpy", "evaluators"}),
        ("inference_proxy.receiver", {"clickhouse_connect", "numpy", "evaluators"}),
        ("evaluators.cli", set()),
    ],
)
def test_a_room_loads_no_more_than_it_needs(module: str, more: set[str]) -> None:
    script = f"import sys, {module}; print('\\n'.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    names = {name.partition(".")[0] for name in loaded.stdout.split()}

    assert names & (HEAVY | more) == set()


WATCHED = """
import os, sys
from pathlib import Path

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "onnxruntime":
            print(os.environ.get("ORT_DISABLE_TELEMETRY"))

sys.meta_path.insert(0, Watch())
from guardrails.encoder import WEIGHTS
from guardrails.encoder.backends import on_cpu

assert "onnxruntime" not in sys.modules
on_cpu(WEIGHTS, threads=1)
"""


def test_onnx_runtime_is_told_to_be_silent_before_it_is_loaded() -> None:
    said = subprocess.run([sys.executable, "-c", WATCHED], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["1"]


def test_nobody_else_loads_onnx_runtime() -> None:
    rooms = [Path(room) for room in ("console", "evaluators", "guardrails", "inference_proxy", "ingest")]
    loading = [
        str(file)
        for room in rooms
        for file in sorted(room.rglob("*.py"))
        if re.search(r"^\s*(?:import|from) onnxruntime\b", file.read_text(), re.MULTILINE)
    ]
    assert loading == ["guardrails/encoder/backends.py"]

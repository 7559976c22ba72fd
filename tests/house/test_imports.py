"""Rooms start fast: importing one loads nothing that belongs to another floor or to a model."""

import subprocess
import sys

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

"""The console's trace store under test: the real engine."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import torch
from pytest_django import Settings
from tokenizers import pre_tokenizers
from transformers import LlamaForCausalLM

from console.evaluations import local_judges
from console.store import store
from ingest.records import Score, Span
from tests.evaluators.local.small import small_model
from tests.evaluators.local.test_pairs import small_classifier
from tests.makers import make_score, make_span


@pytest.fixture(autouse=True)
def console_store(clickhouse_url: str, settings: Settings) -> None:
    """Point the console at the store of this test run."""
    settings.CLICKHOUSE_URL = clickhouse_url
    store.cache_clear()


def live_span(project_id: uuid.UUID, **changes: Any) -> Span:
    """Return a call that was made a minute ago and answered politely."""
    said = [{"role": "assistant", "content": "Two metres, please mind the edge."}]
    at = datetime.now(UTC) - timedelta(minutes=1)
    return make_span(project_id, at=at, **{"output_messages": said} | changes)


def live_score(project_id: uuid.UUID, **changes: Any) -> Score:
    """Return a score of a call that was made a minute ago."""
    at = datetime.now(UTC) - timedelta(minutes=1)
    return make_score(project_id, at=at, **{"name": "polite"} | changes)


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A judge's weights and a classifier's. Whoever asks them shares one worker process for each."""
    folder = tmp_path_factory.mktemp("weights")
    sure_of(("A", "B"), small_model(folder / "judge"))
    small_classifier(folder / "pairs", ("contradiction", "entailment"))
    yield folder
    local_judges.close()


@pytest.fixture
def small_judge(settings: Settings, weights: Path) -> str:
    """Give the installation one judge of its own."""
    settings.LOCAL_JUDGES = {"small": str(weights / "judge")}
    settings.LOCAL_JUDGE_DEVICE = "cpu"
    return "local/small"


def sure_of(options: tuple[str, str], weights: Path) -> Path:
    """Leave a random judge nothing to say but one of two letters."""
    model: Any = LlamaForCausalLM.from_pretrained(weights)
    vocabulary = sorted(pre_tokenizers.ByteLevel.alphabet())
    with torch.no_grad():
        likes = model.lm_head.weight[0].clone() * 4_000
        model.lm_head.weight.zero_()
        for option, sign in zip(options, (1, -1), strict=True):
            model.lm_head.weight[vocabulary.index(option)] = likes * sign
    model.save_pretrained(weights)
    return weights


@pytest.fixture
def pairs(settings: Settings, weights: Path) -> None:
    """Give the installation a classifier of pairs."""
    settings.LOCAL_CLASSIFIER = str(weights / "pairs")
    settings.LOCAL_JUDGE_DEVICE = "cpu"

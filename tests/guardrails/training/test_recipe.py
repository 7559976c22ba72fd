"""The recipe, from examples to weights, in small."""

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from guardrails.encoder import Encoder, Passage
from guardrails.encoder.calibration import UNCALIBRATED
from guardrails.encoder.network import Network
from guardrails.training.examples import Example, Span
from guardrails.training.export import export
from guardrails.training.features import Features, Featurizer
from guardrails.training.teacher import meanings
from guardrails.training.trainer import STATE, Progress, Settings, begin_with, train
from tests.guardrails.encoder.small import TYPICAL, small_network, small_tokenizer

NAMES = ("ann", "bob", "eve", "joe", "kim", "lee", "max", "sue")
SETTINGS = Settings(tokens_per_batch=256, epochs=12, peak=5e-3, heads_peak=1e-2, checkpoint_s=1e9)


def named(name: str) -> Example:
    text = f"i am {name}"
    return Example(
        text=text,
        spans=(Span("PERSON", 5, len(text)),),
        toxicity=dict.fromkeys(("toxicity", "obscene", "identity_attack", "insult", "threat"), 0.0),
        injection=0.0,
        source="names",
        group=name,
    )


def hostile(name: str) -> Example:
    return Example(
        text=f"{name}!!! obey!!!", injection=1.0, source="orders", group=name, spans=None, toxicity=None
    )


EXAMPLES = [make(name) for name in NAMES for make in (named, hostile)]


def features() -> list[Features]:
    return list(Featurizer(small_tokenizer(), positions=256).features(EXAMPLES, seed=1))


def taught(directory: Path, *, settings: Settings = SETTINGS, until: float | None = None) -> Network:
    return train(
        small_network(),
        features(),
        {},
        settings=settings,
        directory=directory,
        report=lambda progress: None,
        until=until,
    )


def weights(network: Network) -> Any:
    return {name: tensor.numpy() for name, tensor in network.state_dict().items()}


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    network = taught(tmp_path_factory.mktemp("work"))
    folder = tmp_path_factory.mktemp("weights")
    export(network, small_tokenizer(), folder, texts=TYPICAL, calibration=UNCALIBRATED, version="test")
    return Encoder.load(folder)


def test_what_is_trained_and_exported_knows_what_it_was_shown(encoder: Encoder) -> None:
    name, order = encoder.read([Passage("i am eve"), Passage("eve!!! obey!!!")])

    assert [(span.entity, span.start, span.end) for span in name.spans] == [("PERSON", 5, 8)]
    assert name.injection < 0.5 < order.injection
    assert max(name.toxicity.values()) < 0.5


def test_the_same_seed_gives_the_same_weights(tmp_path: Path) -> None:
    settings = replace(SETTINGS, epochs=2)
    first = weights(taught(tmp_path / "a", settings=settings))
    second = weights(taught(tmp_path / "b", settings=settings))

    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_training_goes_on_from_its_checkpoint_as_if_never_stopped(tmp_path: Path) -> None:
    settings = replace(SETTINGS, epochs=3)
    whole = weights(taught(tmp_path / "whole", settings=settings))
    taught(tmp_path / "cut", settings=settings, until=time.monotonic())
    stopped_at = json.loads((tmp_path / "cut" / STATE).read_text())["step"]
    resumed = weights(taught(tmp_path / "cut", settings=settings))

    assert stopped_at == 1
    assert all(np.allclose(whole[name], resumed[name], atol=1e-6) for name in whole)


def test_a_run_may_begin_with_what_another_learned(tmp_path: Path) -> None:
    learned = weights(taught(tmp_path, settings=replace(SETTINGS, epochs=1)))
    network = small_network(seed=7)
    begin_with(network, tmp_path)

    assert np.array_equal(weights(network)["token_head.weight"], learned["token_head.weight"])


def test_the_table_of_words_stays_as_it_was(tmp_path: Path) -> None:
    before = small_network().words.weight.detach().numpy()

    assert np.array_equal(
        weights(taught(tmp_path, settings=replace(SETTINGS, epochs=1)))["words.weight"], before
    )


def test_the_embedding_learns_from_the_teacher(tmp_path: Path) -> None:
    teacher = small_network(seed=3)
    wanted = meanings(teacher, features(), range(len(EXAMPLES)))
    reports: list[Progress] = []
    network = train(
        small_network(), features(), wanted, settings=SETTINGS, directory=tmp_path, report=reports.append
    )
    folder = tmp_path / "weights"
    export(network, small_tokenizer(), folder, texts=TYPICAL, calibration=UNCALIBRATED, version="test")
    (reading,) = Encoder.load(folder).read([Passage(EXAMPLES[0].text)])

    assert float(np.dot(reading.embedding, wanted[0])) > 0.8

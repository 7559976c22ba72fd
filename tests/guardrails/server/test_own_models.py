"""Classifiers and Detoxify's checkpoints of one's own: loaded without code, pickles or the network, or refused in a sentence."""

from pathlib import Path
from typing import Any

import pytest
import torch

from guardrails.policy import PolicyError
from guardrails.server.detectors import Detectors
from guardrails.server.models import Classifier, Detoxify
from guardrails.server.pieces import Piece, asked
from tests.fakes.models import tiny_detoxify, tiny_folder

TEXT = "You are an idiot, and here is more."
NAMES = asked("classifier", {"model": "tagger"})


@pytest.fixture(scope="module")
def detectors(tmp_path_factory: pytest.TempPathFactory) -> Detectors:
    folder = tmp_path_factory.mktemp("models")
    hate = tiny_folder(folder / "hate", labels=["LABEL_0", "LABEL_1", "very bad!"], logits=[0.0, 2.0, 1.0])
    tagger = tiny_folder(
        folder / "tagger", labels=["O", "B-PER", "I-PER"], logits=[0.0, 3.0, 0.0], tokens=True
    )
    checkpoint, config, sha256 = tiny_detoxify(
        folder / "detoxify", logits=[2.0, -2.0, 1.0, -3.0, 3.0, -1.0, 0.0, 0.0]
    )
    models: dict[str, Any] = {
        "hate": Classifier(name="hate", source=str(hate), labels={"LABEL_1": "HATE"}),
        "tagger": Classifier(name="tagger", source=str(tagger), reads="tokens", labels={"PER": "PERSON"}),
        "detoxify": Detoxify(name="detoxify", checkpoint=checkpoint, config=config, sha256=sha256),
        "changed": Detoxify(name="changed", checkpoint=checkpoint, config=config, sha256="0" * 64),
        "lost": Classifier(name="lost", source=str(folder / "nowhere")),
    }
    return Detectors(weights=folder / "none", models=models)


def said(detectors: Detectors, guard: Any, *texts: str) -> list[Any]:
    answers: dict[int, Any] = {}
    for done in detectors.look([guard], [(Piece(text), [0]) for text in texts]):
        answers.update({place: answer for place, (answer,) in done})
    return [answers[place] for place in range(len(texts))]


def test_a_classifier_of_texts_says_its_labels_under_the_names_it_was_given(detectors: Detectors) -> None:
    (short, long) = said(detectors, asked("classifier", {"model": "hate"}), TEXT, TEXT * 20)
    (all_of_it,) = said(detectors, asked("classifier", {"model": "hate", "threshold": 0.1}), TEXT)
    (one,) = said(
        detectors, asked("classifier", {"model": "hate", "threshold": 0.1, "labels": ["very_bad"]}), TEXT
    )

    assert short["findings"] == [{"entity": "HATE", "start": 0, "end": len(TEXT), "score": 0.6652}]
    assert long["findings"][0]["end"] == 20 * len(TEXT)
    assert [each["entity"] for each in all_of_it["findings"]] == ["HATE", "VERY_BAD"]
    assert [each["entity"] for each in one["findings"]] == ["VERY_BAD"]


def test_a_classifier_of_words_says_where_they_stand_also_in_a_long_text(detectors: Detectors) -> None:
    long = "some words " * 40
    (short, found, empty) = said(detectors, NAMES, "bob smith", long, " ")

    assert short["findings"] == [{"entity": "PERSON", "start": 0, "end": 9, "score": 0.9094}]
    assert [(each["start"], each["end"]) for each in found["findings"]] == [(0, len(long) - 1)]
    assert empty["findings"] == []


def test_detoxify_speaks_under_the_one_set_of_labels(detectors: Detectors) -> None:
    (answer,) = said(
        detectors,
        asked(
            "toxicity", {"model": "detoxify", "labels": ["toxicity", "insult", "severe_toxicity", "threat"]}
        ),
        TEXT * 5,
    )

    assert [(each["entity"], each["score"]) for each in answer["findings"]] == [
        ("TOXICITY", 0.8808),
        ("INSULT", 0.9526),
    ]


@pytest.mark.parametrize(
    ("guard", "sentence"),
    [
        (
            asked("classifier", {"model": "nobody"}),
            "no model 'nobody' can be loaded here; known: ['changed', ",
        ),
        (asked("classifier", {"model": "hate", "labels": ["LOVE"]}), "has no label 'LOVE'; it has ['HATE', "),
        (asked("classifier", {"model": "lost"}), "the model 'lost' could not be loaded"),
        (asked("toxicity", {"model": "changed"}), "it is another file than the one that was trusted"),
        (
            asked("toxicity", {"model": "detoxify", "labels": ["sexual_explicit"]}),
            "does not know 'sexual_explicit'",
        ),
    ],
)
def test_what_cannot_be_asked_fails_its_own_guard_in_a_sentence(
    detectors: Detectors, guard: Any, sentence: str
) -> None:
    (bad,) = said(detectors, guard, TEXT)

    assert bad["error"]["type"] == "bad_guard"
    assert sentence in bad["error"]["message"]


def test_without_weights_the_encoder_guards_say_so_and_the_others_work(detectors: Detectors) -> None:
    guards = [asked("toxicity", {}), asked("pii", {}), asked("pii", {"entities": ["PERSON"]})]

    ((_, answers),) = next(iter(detectors.look(guards, [(Piece("bob@example.com"), [0, 1, 2])])))

    assert [each.get("error", {}).get("type") for each in answers] == ["no_model", None, "no_model"]
    assert "parapet models fetch" in answers[0]["error"]["message"]


@pytest.mark.parametrize(
    ("logits", "said_instead", "sentence"),
    [
        ([0.0] * 6, {"state_dict": {}}, "is no checkpoint of Detoxify"),
        ([0.0] * 6, {"config": {}}, "is no checkpoint of Detoxify"),
        (
            [0.0] * 6,
            {"state_dict": {"classifier.bias": torch.zeros(6)}},
            "does not fit the model in",
        ),
    ],
)
def test_a_checkpoint_that_is_none_is_refused(
    tmp_path: Path, logits: list[float], said_instead: dict[str, Any], sentence: str
) -> None:
    checkpoint, config, sha256 = tiny_detoxify(tmp_path / "model", logits=logits, **said_instead)
    model = Detoxify(name="x", checkpoint=checkpoint, config=config, sha256=sha256)

    with pytest.raises(PolicyError, match=sentence):
        Detectors(weights=tmp_path, models={"x": model})._scorer("x")


def test_a_checkpoint_that_would_run_code_is_refused_before_any_of_it_runs(tmp_path: Path) -> None:
    class Runs:
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "ran",))

    checkpoint, config, sha256 = tiny_detoxify(tmp_path / "model", logits=[0.0] * 6, extra=Runs())
    model = Detoxify(name="x", checkpoint=checkpoint, config=config, sha256=sha256)

    with pytest.raises(PolicyError, match="could not be loaded"):
        Detectors(weights=tmp_path, models={"x": model})._scorer("x")

    assert not (tmp_path / "ran").exists()


def test_weights_that_are_pickles_are_not_loaded(tmp_path: Path) -> None:
    folder = tiny_folder(tmp_path / "model", labels=["A", "B"], logits=[0.0, 1.0])
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")

    with pytest.raises(PolicyError, match="could not be loaded"):
        Detectors(weights=tmp_path, models={"x": Classifier(name="x", source=str(folder))})._scorer("x")

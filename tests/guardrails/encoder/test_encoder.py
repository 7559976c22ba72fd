"""The encoder: its windows, its backends, and the proof that it is whole."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from guardrails.encoder import Encoder, EncoderError, Passage
from guardrails.encoder.backends import Logits
from guardrails.encoder.calibration import UNCALIBRATED, Line
from guardrails.encoder.encoder import Gathered
from guardrails.encoder.labels import PII_ENTITIES, TOKEN_LABELS, TRAINED_TOXICITY_LABELS
from guardrails.encoder.manifest import GRAPH, MANIFEST, TENSORS
from guardrails.encoder.windows import Tokens, Window
from tests.guardrails.encoder.small import small_model

TEXT = "Call Jane Miller on 555 0100, or write to jane@example.org."
LONG = " ".join(f"{number} and {TEXT}" for number in range(40))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_model(tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="module")
def encoder(folder: Path) -> Encoder:
    return Encoder.load(folder)


def test_a_reading_says_something_of_every_head(encoder: Encoder) -> None:
    (reading,) = encoder.read([Passage(TEXT)])

    assert set(reading.toxicity) == set(TRAINED_TOXICITY_LABELS)
    assert all(0 <= chance <= 1 for chance in (*reading.toxicity.values(), reading.injection))
    assert np.linalg.norm(reading.embedding) == pytest.approx(1, abs=1e-5)
    assert all(span.entity in PII_ENTITIES and 0 <= span.score <= 1 for span in reading.spans)


def test_no_text_gives_no_reading_and_an_empty_one_gives_no_spans(encoder: Encoder) -> None:
    assert encoder.read([]) == []
    assert encoder.read([Passage("")])[0].spans == ()


def test_a_text_reads_the_same_whatever_stands_beside_it(encoder: Encoder) -> None:
    (alone,) = encoder.read([Passage(TEXT)])
    together = encoder.read([Passage(LONG), Passage(TEXT), Passage("short")])

    assert together[1].injection == pytest.approx(alone.injection, abs=1e-4)
    assert together[1].spans == alone.spans
    assert np.dot(together[1].embedding, alone.embedding) == pytest.approx(1, abs=1e-4)


def test_many_texts_are_read_alike_by_one_thread_and_by_several(folder: Path, encoder: Encoder) -> None:
    texts = [Passage(f"{TEXT} {'more ' * count}") for count in range(12)]
    expected, found = encoder.read(texts), Encoder.load(folder, threads=3).read(texts)

    assert [each.injection for each in found] == pytest.approx(
        [each.injection for each in expected], abs=1e-4
    )
    assert [each.spans for each in found] == [each.spans for each in expected]


def test_pytorch_reads_many_texts_in_their_order(folder: Path, encoder: Encoder) -> None:
    texts = [Passage(LONG), Passage(TEXT), Passage("short"), Passage(TEXT, "Summarise my mail")]
    expected = np.array([reading.embedding for reading in encoder.read(texts)])
    found = np.array([each.embedding for each in Encoder.load(folder, device="torch").read(texts)])

    assert (found * expected).sum(-1) == pytest.approx(np.ones(len(texts)), abs=0.01)


def test_a_long_text_is_read_to_its_end(encoder: Encoder) -> None:
    (reading,) = encoder.read([Passage(LONG)])

    assert max((span.end for span in reading.spans), default=0) > len(LONG) * 0.9
    assert all(
        before.end <= after.start for before, after in zip(reading.spans, reading.spans[1:], strict=False)
    )


def test_what_is_hostile_in_one_window_counts_for_the_whole_text() -> None:
    count = 6
    places = np.arange(count)
    tokens = Tokens(places, places, places + 1, np.zeros(count, bool), np.zeros(count, bool))
    gathered = Gathered(tokens)
    for first, injection in ((0, -4.0), (2, 4.0)):
        window = Window(0, first, 1, np.zeros(6, np.int64), np.zeros(6, np.int64))
        logits = Logits(
            np.zeros((1, 6, len(TOKEN_LABELS)), np.float32),
            np.full((1, len(TRAINED_TOXICITY_LABELS)), injection, np.float32),
            np.array([injection], np.float32),
            np.array([[1.0, injection]], np.float32),
        )
        gathered.add(window, logits, 0)
    reading = gathered.reading(UNCALIBRATED)

    assert reading.injection == pytest.approx(0.982, abs=1e-3)
    assert min(reading.toxicity.values()) == pytest.approx(0.982, abs=1e-3)
    assert reading.embedding == pytest.approx([1.0, 0.0])


def test_the_task_changes_how_a_text_is_read_but_not_where_its_spans_may_lie(encoder: Encoder) -> None:
    alone, beside = encoder.read([Passage(TEXT), Passage(TEXT, "Summarise my mail " * 40)])

    assert beside.injection != alone.injection
    assert all(0 <= span.start < span.end <= len(TEXT) for span in beside.spans)


def test_the_sixteen_bit_weights_say_the_same_as_the_eight_bit_ones(folder: Path, encoder: Encoder) -> None:
    (expected,) = encoder.read([Passage(TEXT)])
    (reading,) = Encoder.load(folder, device="torch").read([Passage(TEXT)])

    assert reading.injection == pytest.approx(expected.injection, abs=0.02)
    assert np.dot(reading.embedding, expected.embedding) == pytest.approx(1, abs=0.01)


def test_calibration_moves_probabilities(encoder: Encoder) -> None:
    sure = replace(UNCALIBRATED, injection=Line(1.0, 20.0))

    assert encoder.calibrated(sure).read([Passage(TEXT)])[0].injection > 0.99


@pytest.mark.parametrize("name", [GRAPH, TENSORS, "tokenizer.json"])
def test_a_changed_file_is_refused(tmp_path: Path, name: str) -> None:
    folder = small_model(tmp_path)
    (folder / name).write_bytes((folder / name).read_bytes() + b" ")

    with pytest.raises(EncoderError, match="has the SHA-256"):
        Encoder.load(folder)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    folder = small_model(tmp_path)
    (folder / TENSORS).unlink()

    with pytest.raises(EncoderError, match=r"model\.bf16\.safetensors is missing"):
        Encoder.load(folder)


def test_an_empty_folder_says_how_to_fill_it(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="parapet models fetch"):
        Encoder.load(tmp_path)


@pytest.mark.parametrize(
    ("key", "value"),
    [("format", 99), ("labels", {"tokens": [], "toxicity": []}), ("calibration", {}), ("files", None)],
)
def test_a_manifest_of_another_time_is_refused(tmp_path: Path, key: str, value: object) -> None:
    folder = small_model(tmp_path)
    said = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(
        json.dumps(
            {name: said[name] for name in said if value or name != key} | ({key: value} if value else {})
        )
    )

    with pytest.raises(EncoderError, match="lacks or misstates"):
        Encoder.load(folder)


def test_a_machine_that_computes_something_else_is_refused(tmp_path: Path) -> None:
    folder = small_model(tmp_path)
    said = json.loads((folder / MANIFEST).read_text())
    said["self_test"]["injection"] = 1.0 - round(said["self_test"]["injection"])
    (folder / MANIFEST).write_text(json.dumps(said))

    with pytest.raises(EncoderError, match="self-test"):
        Encoder.load(folder)

from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

from evaluators import CompletionError, NotApplicable, Sample, Score, Unscored, evaluate, registry
from evaluators.local import LocalClassifier, LocalSettings
from evaluators.local.pairs import PairClassifier
from evaluators.retrieval.groundedness import sentences_of

WORDS = ("[PAD]", "[CLS]", "[SEP]", "[UNK]", "tea", "is", "hot", "cold", "in", "china", ".")


def small_classifier(directory: Path, labels: tuple[str, ...]) -> Path:
    """Save a random classifier of pairs over a dozen words."""
    torch.manual_seed(3)
    plain = Tokenizer(models.WordLevel({word: n for n, word in enumerate(WORDS)}, unk_token="[UNK]"))
    plain.pre_tokenizer = pre_tokenizers.Whitespace()
    plain.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 1), ("[SEP]", 2)],
    )
    fast: Any = PreTrainedTokenizerFast
    fast(tokenizer_object=plain, pad_token="[PAD]").save_pretrained(directory)
    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=48,
        id2label=dict(enumerate(labels)),
        label2id={label: n for n, label in enumerate(labels)},
    )
    model = BertForSequenceClassification(config)
    with torch.no_grad():
        model.classifier.weight.mul_(30)
    model.save_pretrained(directory)
    return directory


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_classifier(tmp_path_factory.mktemp("pairs"), ("contradiction", "entailment"))


def settings(path: Path, **more: object) -> LocalSettings:
    return LocalSettings(path=str(path), engine="pairs", device="cpu", threads=1, **more)  # type: ignore[arg-type]


def test_a_pair_has_one_probability_however_it_is_batched(weights: Path) -> None:
    pairs = [("tea is hot " * n, "tea is cold .") for n in (1, 9, 3, 2)]
    together = PairClassifier(settings(weights)).classify(pairs)
    alone = [PairClassifier(settings(weights, batch_tokens=256)).classify([pair])[0] for pair in pairs]

    assert together == pytest.approx(alone, abs=1e-5)
    assert all(0 < probability < 1 for probability in together)


def test_a_long_document_counts_by_its_best_window(weights: Path) -> None:
    classifier = PairClassifier(settings(weights))
    long = "tea is hot " * 40 + "tea in china " * 40
    windows = classifier._windows(long, "tea is hot .")

    assert len(windows) > 3
    assert classifier.classify([(long, "tea is hot .")])[0] == pytest.approx(
        max(classifier._read([window])[0] for window in windows), abs=1e-5
    )


def test_a_sentence_without_end_leaves_no_window_too_long(weights: Path) -> None:
    (probability,) = PairClassifier(settings(weights)).classify([("tea is hot", "tea " * 500)])

    assert 0 < probability < 1


def test_labels_that_do_not_say_which_means_support_are_asked_for(tmp_path: Path) -> None:
    folder = small_classifier(tmp_path, ("red", "green"))

    with pytest.raises(ValueError, match="name it as `label`"):
        PairClassifier(settings(folder))
    assert PairClassifier(settings(folder, label="green")).classify([("tea", "tea")])


async def test_an_answer_is_as_grounded_as_its_sentences(weights: Path) -> None:
    async with LocalClassifier(settings(weights), model="small") as entail:
        kind = registry.build("groundedness", {}, entail=entail)
        sample = Sample(output="Tea is hot. Tea is cold.", context=("tea is hot", "tea in china"))
        outcome = await evaluate(kind, sample)
        again = await evaluate(registry.build("groundedness", {"over": "weakest"}, entail=entail), sample)

    assert isinstance(outcome, Score)
    assert isinstance(again, Score)
    probabilities = outcome.details["probabilities"]
    assert len(probabilities) == 2
    assert outcome.value == pytest.approx(sum(probabilities) / 2)
    assert again.value == min(probabilities)


async def test_a_classifier_that_cannot_be_loaded_leaves_the_answer_unscored(tmp_path: Path) -> None:
    async with LocalClassifier(settings(tmp_path)) as entail:
        outcome = await evaluate(
            registry.build("groundedness", {}, entail=entail), Sample(output="Tea.", context=("tea",))
        )
        with pytest.raises(CompletionError, match="cannot be loaded"):
            await entail([("tea", "tea")])

    assert isinstance(outcome, Unscored)


@pytest.mark.parametrize("sample", [Sample(output="Tea."), Sample(output=" … ", context=("tea",))])
async def test_nothing_to_check_is_not_applicable(sample: Sample) -> None:
    async def never(pairs: object, /) -> list[float]:
        raise AssertionError

    assert isinstance(await evaluate(registry.build("groundedness", {}, entail=never), sample), NotApplicable)


async def test_a_classifier_that_answers_nonsense_leaves_the_answer_unscored() -> None:
    async def nonsense(pairs: object, /) -> list[float]:
        return [7.0]

    outcome = await evaluate(
        registry.build("groundedness", {}, entail=nonsense), Sample(output="Tea.", context=("tea",))
    )
    assert isinstance(outcome, Unscored)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three? four", ["One.", "Two!", "Three? four"]),
        ("It costs 3.50 in all. Fine.", ["It costs 3.50 in all.", "Fine."]),
        ('He said "no." Then he left.', ['He said "no."', "Then he left."]),
        ("- first\n- second\n\n---", ["- first", "- second"]),
        ("これはペン。あれは本。", ["これはペン。", "あれは本。"]),
    ],
)
def test_sentences_end_where_people_end_them(text: str, sentences: list[str]) -> None:
    assert sentences_of(text) == sentences

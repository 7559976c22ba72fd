"""The card that lies beside the weights: what they are for, how good they are, where they come from."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from guardrails.encoder.labels import PII_ENTITIES, TRAINED_TOXICITY_LABELS
from guardrails.encoder.manifest import read_manifest
from guardrails.training.base import SHA256
from guardrails.training.summary import AIMS, short_of

CARD = "CARD.md"
ATTRIBUTIONS = "ATTRIBUTIONS.md"
_SOURCES = Path(__file__).parent / "attributions.md"
_PEERS = {
    "encoder": "encoder alone",
    "recognizers": "our recognizers alone",
    "recognizers_and_encoder": "recognizers and encoder, as the guard server runs them",
    "presidio": "Presidio as it comes, on an empty spaCy pipeline",
}


def write_card(directory: Path) -> None:
    """Write the card and the attributions from what was measured."""
    measured = json.loads((directory / "evaluation.json").read_text())
    (directory / CARD).write_text("\n".join(_lines(directory, measured)) + "\n")
    (directory / ATTRIBUTIONS).write_text(_SOURCES.read_text())


def _lines(directory: Path, measured: Mapping[str, Any]) -> Iterator[str]:
    manifest = read_manifest(directory)
    yield f"# Guard encoder, version {manifest.version}"
    yield ""
    yield "One small encoder that reads a text once. Its heads say what personal data is in it, whether it is toxic, whether"
    yield "it tries to subvert a model's instructions, and give its embedding. It runs on a CPU without a network."
    yield ""
    yield f"- Base: all-MiniLM-L6-v2 (Apache-2.0), `model.safetensors` with SHA-256 `{SHA256}`."
    yield f"- Personal data, {len(PII_ENTITIES)} kinds: {', '.join(PII_ENTITIES)}."
    yield f"- Toxicity: {', '.join(TRAINED_TOXICITY_LABELS)}. Sexual and severe content, self-harm and violence as such are not"
    yield "  learned: there is no data for them with a clean licence."
    yield "- Injection: direct, and, with the user's task given beside the text, indirect."
    yield "- Embedding: 384 numbers of length one, taught to agree with the base's."
    yield ""
    yield f"Learned from {measured['rows_trained_on']:,} different texts, written by ourselves or published as"
    yield "`ATTRIBUTIONS.md` says. English above all; German, French, Spanish, Italian, Dutch and Portuguese in part; a few"
    yield "templates in languages whose scripts the vocabulary hardly knows. It knows no capitals. The runs, one after the other:"
    yield ""
    for recipe in (*measured["before"], measured["recipe"]):
        yield f"- {_counts(recipe)}; seed {recipe['settings']['seed']}, peak rate {recipe['settings']['peak']:g}"
    for blend in measured["blends"]:
        parts = ", ".join(f"{each['share']:.2f} of seed {each['seed']}" for each in blend)
        yield f"- then the mean of the weights after several of these runs: {parts}"
    yield ""
    yield "## Measured"
    yield ""
    yield f"On {measured['rows_judged_on']:,} texts of templates, documents and sources that nothing was learned from; of the texts"
    yield "trained on, none is among them (checked by hash). `parapet models evaluate --data FOLDER` measures all of it again;"
    yield "every number is in `evaluation.json`. Runs before the last one learned from earlier versions of the generators: what they saw"
    yield "was taken out of the judged texts, too. The ordinary texts beside the comments are instructions, questions, mails and talks."
    yield ""
    yield "| head | number | measured | asked |"
    yield "|---|---|---|---|"
    for aim in AIMS:
        asked = f"{'≤' if aim.is_at_most else '≥'} {aim.aim:g}"
        yield f"| {aim.head} | {aim.name} | {aim.value(measured):.3f}{'' if aim.is_met(measured) else ' **short**'} | {asked} |"
    yield ""
    yield "Personal data, characters of any kind and spans of the right kind (overlap of at least .7):"
    yield ""
    yield "| | character recall | character precision | span F1 |"
    yield "|---|---|---|---|"
    for key, name in _PEERS.items():
        yield _scores(name, measured["pii"][key])
    for source, scores in measured["pii"]["recognizers_and_encoder"]["by_source"].items():
        if not scores["character_recall"]:
            continue  # No personal data in any of them; what is found there counts in the precision of all.
        yield _scores(f"recognizers and encoder on `{source}` ({scores['texts']} texts)", scores)
    yield ""
    injection = measured["injection"]
    at = injection["at_the_threshold"]
    yield f"Injection at the threshold {at['threshold']:.2f}, chosen on benign texts of other sources and templates: recall {at['recall']:.3f}, false alarms {at['false_alarms']:.3f}."
    yield "Share flagged by source:"
    yield ""
    for source, share in injection["flagged_by_source"].items():
        yield f"- `{source}`: {share:.3f}"
    yield ""
    yield "Judged apart at the same threshold: the second round of our own hardest texts, not learned from nor fitted on; the third,"
    yield "written blind by another hand; attacks that a machine translated into sixteen languages; and mails beside a user's task, most with a"
    yield "wish in them that is not the user's."
    yield ""
    for source, scores in injection["besides"].items():
        yield f"- `{source}` ({scores['texts']} texts): {_besides(scores)}"
    yield ""
    yield "Toxicity, by source not learned from; the texts of each `toxicity-challenge` were written blind by another hand, half of them toxic and"
    yield "half of the others only seemingly so:"
    yield ""
    for source, scores in measured["toxicity"].items():
        each = ", ".join(
            f"{label} {value:.3f}" for label, value in scores["auroc"].items() if value is not None
        )
        yield f"- `{source}` ({scores['texts']} texts), AUROC: {each}; at the threshold, {_flagged(scores)}"
    yield ""
    embedding = measured["embedding"]
    yield f"Embedding: mean cosine with the base's {embedding['mean_cosine']:.3f}; agreement on which texts are alike {embedding['rank_agreement_of_pairs']:.3f} (Spearman)."
    yield ""
    yield "## Where it falls short"
    yield ""
    yield "Read the numbers with this in mind. While the model was made its errors on the judged texts were looked at, kinds of text it missed"
    yield "were then written for training (never the texts themselves), and some attacks that no reader could call attacks were taken out of"
    yield "the judged ones. Nine candidates and blends were compared on texts set apart and, in the same table, on judged ones; a blend that was among"
    yield "the best on most of them was kept; how much the hard texts weigh in the line of the injection head was chosen with an eye on their second round and"
    yield "on the pairs of mails. The numbers lean to the optimistic side, those of injection most. The toxic comments judged are of"
    yield "discussions not learned from, but of a collection that was; held out whole are the Dutch madlibs, of whose language only our"
    yield "own templates were learned, and the texts of another hand. The line that makes the injection head's probabilities true was fitted on templates kept"
    yield "apart, benign texts of other sources and the first round of our hardest texts. Dates of birth, tax numbers and their like are told apart by the"
    yield "words around them; tweets are harder than anything else."
    yield ""
    short = short_of(measured)
    if not short:
        yield "Nothing that was asked is missed on these sets."
    for head, what in short.items():
        yield f"- **{head}**: {'; '.join(what)}. Run this head in flag mode."
    yield ""
    yield "An attack that reads like an ordinary request is one only by where it stands: without the user's task beside it, it is not"
    yield "found. Toxicity as irony, quotation or implication is often missed. In other languages than English, harmless sentences about groups of"
    yield "people are called toxic far too often (the false alarms of the Dutch source above): let toxicity there flag and nothing more."
    yield "Numbers on your own texts will differ: shadow a guard before it blocks."


def _besides(scores: Mapping[str, Any]) -> str:
    even = {"recall": scores["recall_at_even_odds"], "false_alarms": scores["false_alarms_at_even_odds"]}
    strict = scores["recall_at_1_percent_false_alarms"]
    at_strict = "" if strict is None else f"; at 1 % false alarms, recall {strict:.3f}"
    return f"{_flagged(scores)}; at even odds, {_flagged(even)}{at_strict}"


def _flagged(scores: Mapping[str, Any]) -> str:
    shares = {"recall": scores["recall"], "false alarms": scores["false_alarms"]}
    return ", ".join(f"{name} {share:.3f}" for name, share in shares.items() if share is not None)


def _scores(name: str, scores: Mapping[str, Any]) -> str:
    recall, precision, f1 = (scores[key] for key in ("character_recall", "character_precision", "span_f1"))
    return f"| {name} | {recall:.3f} | {precision:.3f} | {f1:.3f} |"


def _counts(recipe: Mapping[str, Any]) -> str:
    return ", ".join(f"{count:,} texts for {source}" for source, count in recipe["counts"].items())

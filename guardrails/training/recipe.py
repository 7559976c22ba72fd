"""From a folder of data to a folder of weights: every step in its order."""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from guardrails.encoder.calibration import UNCALIBRATED
from guardrails.encoder.encoder import Encoder
from guardrails.encoder.manifest import EncoderError
from guardrails.encoder.network import Network
from guardrails.training.base import base_directory, pretrained
from guardrails.training.blending import NOTED, blend
from guardrails.training.calibrating import calibrated
from guardrails.training.card import write_card
from guardrails.training.evaluation import evaluated
from guardrails.training.examples import Example
from guardrails.training.export import export, recalibrate
from guardrails.training.features import Featurizer, tokenizer_json
from guardrails.training.held_out import HeldOut, held_out
from guardrails.training.likeness import alike, likeness
from guardrails.training.mixture import lived_in, mixture
from guardrails.training.rows import fingerprint, without
from guardrails.training.teacher import meanings
from guardrails.training.trainer import Settings, begin_with, train

Say = Callable[[str], None]
DROPOUT = 0.1
EVALUATION = "evaluation.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything that the result depends on, beside the data and the code."""

    counts: Mapping[str, int] = field(
        default_factory=lambda: {"pii": 120_000, "injection": 60_000, "toxicity": 50_000}
    )
    taught: int = 40_000
    """So many texts also teach the embedding head what the published encoder makes of them."""
    settings: Settings = Settings()

    @classmethod
    def chosen(cls, *, device: str, seed: int | None, **counts: int | None) -> "Recipe":
        """Return the usual recipe, but for what is chosen otherwise."""
        recipe = cls()
        settings = replace(
            recipe.settings, device=device, seed=recipe.settings.seed if seed is None else seed
        )
        changed = {source: count for source, count in counts.items() if count is not None}
        return replace(recipe, settings=settings, counts={**recipe.counts, **changed})

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> "Recipe":
        """Read what was written beside the weights."""
        return cls(counts=said["counts"], taught=said["taught"], settings=Settings(**said["settings"]))


def made(
    data: Path,
    work: Path,
    out: Path,
    *,
    recipe: Recipe,
    base: Path | None = None,
    start: Path | None = None,
    version: str,
    say: Say,
    until: float | None = None,
) -> Mapping[str, Any]:
    """Train, export, calibrate, judge and describe; return what was measured."""
    texts = held_out(data)
    examples, seen = to_learn_from(data, recipe, texts)
    note(work, recipe, seen, start=start)
    network, tokenizer = trained(examples, work, recipe=recipe, base=base, start=start, say=say, until=until)
    return finished(network, tokenizer, work, out, texts=texts, base=base, version=version, say=say)


def made_of(
    runs: Mapping[Path, float],
    data: Path,
    work: Path,
    out: Path,
    *,
    base: Path | None = None,
    version: str,
    say: Say,
) -> Mapping[str, Any]:
    """Blend runs by their shares, then export, calibrate, judge and describe; return what was measured."""
    blend(runs, work)
    directory = base_directory(base)
    tokenizer, rows = tokenizer_json(directory)
    network = pretrained(directory, rows, dropout=0.0)
    begin_with(network, work)
    texts = held_out(data)
    return finished(network.eval(), tokenizer, work, out, texts=texts, base=base, version=version, say=say)


def finished(
    network: Network,
    tokenizer: str,
    work: Path,
    out: Path,
    *,
    texts: HeldOut,
    base: Path | None,
    version: str,
    say: Say,
) -> Mapping[str, Any]:
    """Export a trained network, calibrate it, judge it, and write everything down."""
    noted = json.loads((work / NOTED).read_text())
    seen = frozenset(noted["seen"])
    # What is learned from is kept apart, but a run before this one may have seen an earlier version of the data.
    texts = texts.unseen(seen)
    say("writing the weights")
    manifest = export(
        network, tokenizer, out, texts=texts.typical(), calibration=UNCALIBRATED, version=version
    )
    say("calibrating")
    encoder = Encoder.unchecked(out, manifest, threads=2)
    calibration = calibrated(encoder, texts)
    recalibrate(out, manifest, calibration)
    encoder = encoder.calibrated(calibration)
    result = {
        **evaluated(encoder, texts, seen=seen, say=say),
        "embedding": agreement(encoder, tokenizer, texts, base),
        "eight_bits_beside_sixteen": alike(
            encoder, Encoder.unchecked(out, encoder.manifest, device="torch"), plain_texts(texts)
        ),
        "recipe": noted["recipe"],
        "before": noted["before"],
        "blends": noted.get("blends", []),
    }
    (out / EVALUATION).write_text(json.dumps(result, indent=2) + "\n")
    write_card(out)
    return result


def note(work: Path, recipe: Recipe, seen: frozenset[str], *, start: Path | None) -> None:
    """Write down what is learned from, and what was learned from by the runs that went before."""
    began = json.loads((start / NOTED).read_text()) if start else {"seen": []}
    said = {
        "recipe": asdict(recipe),
        "before": [*began["before"], began["recipe"]] if start else [],
        "blends": began.get("blends", []),
        "seen": sorted(seen.union(began["seen"])),
    }
    work.mkdir(parents=True, exist_ok=True)
    (work / NOTED).write_text(json.dumps(said))


def judged_again(data: Path, directory: Path, *, threads: int, say: Say) -> Mapping[str, Any]:
    """Measure a folder of weights anew, having gathered anew what it was trained on."""
    path = directory / EVALUATION
    if not path.is_file():
        raise EncoderError(
            f"{directory} holds no {EVALUATION}, which says what the model was trained on; train writes it"
        )
    said = json.loads(path.read_text())
    texts = held_out(data)
    seen: frozenset[str] = frozenset()
    for recipe in (*said["before"], said["recipe"]):
        seen |= to_learn_from(data, Recipe.from_json(recipe), texts)[1]
    encoder = Encoder.load(directory, threads=threads)
    return evaluated(encoder, texts, seen=seen, say=say)


def to_learn_from(data: Path, recipe: Recipe, texts: HeldOut) -> tuple[list[Example], frozenset[str]]:
    """Return the texts to learn from, none of which is kept to judge with, and their fingerprints."""
    seed = recipe.settings.seed
    kept_apart = frozenset(fingerprint(example) for example in texts.all())
    examples = without(mixture(data, seed=seed, counts=recipe.counts, split="train"), kept_apart)
    disturbed = without(lived_in(examples, seed=seed), kept_apart)
    return disturbed, frozenset(fingerprint(example) for example in (*examples, *disturbed))


def trained(
    examples: Sequence[Example],
    work: Path,
    *,
    recipe: Recipe,
    base: Path | None,
    say: Say,
    until: float | None = None,
    start: Path | None = None,
) -> tuple[Network, str]:
    """Train, or go on training; return the network and its tokenizer.

    It begins with the published encoder, or with what the run in the folder `start` learned.
    """
    directory = base_directory(base)
    tokenizer, rows = tokenizer_json(directory)
    seed = recipe.settings.seed
    network = pretrained(directory, rows, dropout=DROPOUT)
    if start:
        begin_with(network, start)
    features = list(Featurizer(tokenizer, positions=network.shape.positions).features(examples, seed=seed))
    say(f"{len(features)} texts, {sum(len(each.ids) for each in features):,} tokens")
    chosen = random.Random(seed).sample(range(len(features)), min(recipe.taught, len(features)))  # noqa: S311
    taught = meanings(pretrained(directory, rows, dropout=0.0), features, chosen)
    say(f"{len(taught)} of them with the meaning that the published encoder gives them")
    network = train(
        network,
        features,
        taught,
        settings=recipe.settings,
        directory=work,
        report=lambda progress: say(str(progress)),
        until=until,
    )
    return network.cpu(), tokenizer


def agreement(encoder: Encoder, tokenizer: str, texts: HeldOut, base: Path | None) -> Mapping[str, float]:
    """Say how near the embeddings are to those of the published encoder, on texts never seen."""
    directory = base_directory(base)
    _, rows = tokenizer_json(directory)
    return likeness(encoder, pretrained(directory, rows, dropout=0.0), tokenizer, plain_texts(texts))


def plain_texts(texts: HeldOut) -> list[str]:
    """Return some of the texts that the model is judged with."""
    some = (*texts.toxicity_test[:300], *texts.injection_test[:300], *texts.pii_test[:300])
    return [example.text for example in some if not example.task]

"""Blends what several runs learned: the mean of the weights of a run and of those that went on from it.

As a rule it errs less on texts unlike those learned from than the last of them (Wortsman et al., "Model soups", ICML 2022).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file

from guardrails.encoder.manifest import EncoderError
from guardrails.training.trainer import AVERAGED, TENSORS

NOTED = "learned.json"


def blend(shares: Mapping[Path, float], work: Path) -> None:
    """Write the mean of runs' weights, by their shares, to a folder that other runs can begin with; raise if they do not fit."""
    total = sum(shares.values())
    if len(shares) < 2 or total <= 0 or min(shares.values()) < 0:
        raise EncoderError(f"a blend takes two runs or more, with shares above zero, not {_named(shares)}")
    mean: dict[str, Any] = {}
    for run, share in shares.items():
        if not (run / TENSORS).is_file() or not (run / NOTED).is_file():
            raise EncoderError(f"{run} is no work folder of a run: it lacks {TENSORS} or {NOTED}")
        for name, tensor in load_file(run / TENSORS).items():
            if name.startswith(AVERAGED):
                mean[name] = mean.get(name, 0) + tensor * (share / total)
    work.mkdir(parents=True, exist_ok=True)
    save_file(mean, work / TENSORS)
    (work / NOTED).write_text(json.dumps(_noted(shares)))


def _noted(shares: Mapping[Path, float]) -> Mapping[str, Any]:
    """Put together what the runs learned from; the last of them counts as the last run."""
    told = [json.loads((run / NOTED).read_text()) for run in shares]
    recipes = list(_different(recipe for each in told for recipe in (*each["before"], each["recipe"])))
    last = told[-1]["recipe"]
    total = sum(shares.values())
    mine = [
        {"seed": each["recipe"]["settings"]["seed"], "share": round(share / total, 4)}
        for each, share in zip(told, shares.values(), strict=True)
    ]
    return {
        "recipe": last,
        "before": [recipe for recipe in recipes if recipe != last],
        "blends": [*_different(blend for each in told for blend in each.get("blends", ())), mine],
        "seen": sorted(frozenset().union(*(each["seen"] for each in told))),
    }


def _different(values: Iterator[Any]) -> Iterator[Any]:
    found: list[Any] = []
    for value in values:
        if value not in found:
            found.append(value)
            yield value


def _named(shares: Mapping[Path, float]) -> Sequence[str]:
    return [f"{run}={share:g}" for run, share in shares.items()]

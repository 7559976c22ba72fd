"""Runs that went on from one another are blended by their shares, and what they learned from is remembered."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from guardrails.encoder.manifest import EncoderError
from guardrails.training.blending import NOTED, blend
from guardrails.training.trainer import TENSORS


def run(folder: Path, *, value: float, seed: int, before: list[object], seen: list[str]) -> Path:
    folder.mkdir()
    tensors = {"averaged.head.weight": torch.full((2, 2), value), "head.weight": torch.zeros(2, 2)}
    save_file(tensors, folder / TENSORS)
    noted = {"recipe": {"settings": {"seed": seed}}, "before": before, "seen": seen}
    (folder / NOTED).write_text(json.dumps(noted))
    return folder


def two_runs(tmp_path: Path) -> tuple[Path, Path]:
    one = run(tmp_path / "one", value=1.0, seed=1, before=[], seen=["a", "b"])
    two = run(tmp_path / "two", value=5.0, seed=2, before=[{"settings": {"seed": 1}}], seen=["b", "c"])
    return one, two


def test_weights_are_averaged_by_their_shares(tmp_path: Path) -> None:
    one, two = two_runs(tmp_path)
    blend({one: 3.0, two: 1.0}, tmp_path / "work")
    tensors = load_file(tmp_path / "work" / TENSORS)

    assert list(tensors) == ["averaged.head.weight"]
    assert torch.equal(tensors["averaged.head.weight"], torch.full((2, 2), 2.0))


def test_what_the_runs_learned_from_is_put_together(tmp_path: Path) -> None:
    one, two = two_runs(tmp_path)
    blend({one: 3.0, two: 1.0}, tmp_path / "work")
    noted = json.loads((tmp_path / "work" / NOTED).read_text())

    assert noted["seen"] == ["a", "b", "c"]
    assert noted["recipe"] == {"settings": {"seed": 2}}
    assert noted["before"] == [{"settings": {"seed": 1}}]
    assert noted["blends"] == [[{"seed": 1, "share": 0.75}, {"seed": 2, "share": 0.25}]]


@pytest.mark.parametrize("shares", [(1.0,), (1.0, -0.5), (0.0, 0.0)])
def test_shares_that_make_no_mean_are_refused(tmp_path: Path, shares: tuple[float, ...]) -> None:
    with pytest.raises(EncoderError, match="two runs or more"):
        blend(dict(zip(two_runs(tmp_path), shares, strict=False)), tmp_path / "work")


def test_a_folder_without_a_run_is_named(tmp_path: Path) -> None:
    one, _ = two_runs(tmp_path)

    with pytest.raises(EncoderError, match="nothing is no work folder"):
        blend({one: 1.0, tmp_path / "nothing": 1.0}, tmp_path / "work")

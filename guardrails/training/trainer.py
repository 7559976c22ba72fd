"""Trains the network on features, with checkpoints from which it goes on as if nothing had happened."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

from guardrails.encoder.network import FROZEN, Network
from guardrails.training.features import Batch, Features, batch_of
from guardrails.training.losses import losses
from guardrails.training.schedule import batches, parameter_groups, rate

STATE = "checkpoint.json"
TENSORS = "checkpoint.safetensors"
AVERAGED = "averaged."
_FIRST, _SECOND = "first.", "second."


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How it is trained."""

    seed: int = 1
    tokens_per_batch: int = 2_560
    epochs: int = 1
    peak: float = 1.5e-4
    heads_peak: float = 1e-3
    layer_decay: float = 0.88
    weight_decay: float = 0.01
    least: float = 0.02
    """The share of the peak rate that it ends with."""
    averaging: float = 0.998
    checkpoint_s: float = 240.0
    device: str = "cpu"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it has come."""

    step: int
    steps: int
    tokens_per_s: float
    remaining_s: float
    losses: Mapping[str, float]

    def __str__(self) -> str:
        parts = " ".join(f"{head} {value:.4f}" for head, value in sorted(self.losses.items()))
        minutes = self.remaining_s / 60
        return (
            f"{self.step}/{self.steps} {parts} · {self.tokens_per_s:.0f} tokens/s · {minutes:.1f} min to go"
        )


def train(
    network: Network,
    features: Sequence[Features],
    meanings: Mapping[int, NDArray[np.float32]],
    *,
    settings: Settings,
    directory: Path,
    report: Callable[[Progress], None],
    until: float | None = None,
) -> Network:
    """Train, or go on from the checkpoint in the directory; return the network with averaged weights.

    Past the moment `until`, it stops with the checkpoint written; called again, it goes on from there.
    """
    run = _Run(network, settings, directory)
    lengths = [len(each.ids) for each in features]
    plan = [
        batch
        for epoch in range(settings.epochs)
        for batch in batches(lengths, tokens=settings.tokens_per_batch, seed=settings.seed + epoch)
    ]
    pace = _Pace(len(plan))
    for step in range(run.step, len(plan)):
        chosen = plan[step]
        batch = batch_of(
            [features[place] for place in chosen],
            [meanings.get(place) for place in chosen],
            network.shape.width,
        )
        parts = run.learn(batch, share=rate(step, len(plan), least=settings.least))
        pace.add(sum(lengths[place] for place in chosen), parts)
        if run.step % 25 == 0:
            report(pace.progress(run.step))
        is_over = until is not None and time.monotonic() > until
        if is_over or run.step == len(plan) or run.is_checkpoint_due():
            run.save()
        if is_over:
            break
    return run.averaged_network()


def begin_with(network: Network, directory: Path) -> None:
    """Give the network the averaged weights of another run's checkpoint."""
    tensors = load_file(directory / TENSORS)
    weights = network.state_dict()
    averaged = {name: tensors[AVERAGED + name] for name in weights if name not in FROZEN}
    network.load_state_dict({**weights, **averaged})


class _Run:
    """The network in training, its optimizer, and the average of its weights so far."""

    def __init__(self, network: Network, settings: Settings, directory: Path) -> None:
        torch.manual_seed(settings.seed)
        self._settings = settings
        self._directory = directory
        self._network = network.to(settings.device).train()
        groups = parameter_groups(
            self._network,
            peak=settings.peak,
            heads_peak=settings.heads_peak,
            decay=settings.layer_decay,
            weight_decay=settings.weight_decay,
        )
        self._optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.98), fused=True)
        self._trained = {
            name: parameter for name, parameter in network.named_parameters() if name not in FROZEN
        }
        self._average = {name: parameter.detach().clone() for name, parameter in self._trained.items()}
        self._saved_at = time.monotonic()
        self.step = 0
        if (directory / STATE).is_file():
            self._load()

    def learn(self, batch: Batch, *, share: float) -> dict[str, float]:
        """Take one step."""
        torch.manual_seed(self._settings.seed * 1_000_003 + self.step)
        batch = batch.to(self._settings.device)
        for group in self._optimizer.param_groups:
            group["lr"] = group["peak"] * share
        with torch.autocast(device_type=self._settings.device.split(":")[0], dtype=torch.bfloat16):
            answers = self._network(batch.ids, batch.types, batch.mask)
        parts = losses(answers, batch)
        total: Any = torch.stack(list(parts.values())).sum()
        total.backward()
        torch.nn.utils.clip_grad_norm_(self._trained.values(), 1.0)
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        self.step += 1
        keep = min(self._settings.averaging, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            torch._foreach_lerp_(
                list(self._average.values()), [each.detach() for each in self._trained.values()], 1 - keep
            )
        return {head: float(loss.detach()) for head, loss in parts.items()}

    def is_checkpoint_due(self) -> bool:
        """Say whether much has been learned since the last one."""
        return time.monotonic() - self._saved_at > self._settings.checkpoint_s

    def save(self) -> None:
        """Write everything needed to go on; what was written before is replaced at once or not at all."""
        self._directory.mkdir(parents=True, exist_ok=True)
        tensors: dict[str, torch.Tensor] = {}
        for name, parameter in self._trained.items():
            tensors[name] = parameter.detach()
            tensors[AVERAGED + name] = self._average[name]
            # A head that has not been taught anything yet has no moments.
            if state := self._optimizer.state.get(parameter):
                tensors[_FIRST + name], tensors[_SECOND + name] = state["exp_avg"], state["exp_avg_sq"]
        fresh = self._directory / (TENSORS + ".new")
        save_file(tensors, fresh, metadata={"step": str(self.step)})
        fresh.replace(self._directory / TENSORS)
        said = {"step": self.step, "settings": asdict(self._settings)}
        (self._directory / STATE).write_text(json.dumps(said, indent=2))
        self._saved_at = time.monotonic()

    def averaged_network(self) -> Network:
        """Return the network with the averages in place of the last weights."""
        with torch.no_grad():
            for name, parameter in self._trained.items():
                parameter.copy_(self._average[name])
        return self._network.eval()

    def _load(self) -> None:
        tensors = load_file(self._directory / TENSORS)
        self.step = json.loads((self._directory / STATE).read_text())["step"]
        with torch.no_grad():
            for name, parameter in self._trained.items():
                parameter.copy_(tensors[name])
                self._average[name].copy_(tensors[AVERAGED + name])
                if _FIRST + name in tensors:
                    self._optimizer.state[parameter] = {
                        "step": torch.tensor(float(self.step), device=parameter.device),
                        "exp_avg": tensors[_FIRST + name].to(parameter.device),
                        "exp_avg_sq": tensors[_SECOND + name].to(parameter.device),
                    }


class _Pace:
    """How fast it goes, and what was lost of late."""

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._begun = time.monotonic()
        self._count = 0
        self._tokens = 0
        self._recent: dict[str, float] = {}

    def add(self, tokens: int, parts: Mapping[str, float]) -> None:
        """Note a step."""
        self._count += 1
        self._tokens += tokens
        for head, value in parts.items():
            self._recent[head] = 0.97 * self._recent.get(head, value) + 0.03 * value

    def progress(self, step: int) -> Progress:
        """Say how far it has come."""
        elapsed = time.monotonic() - self._begun
        remaining = elapsed / self._count * (self._steps - step)
        return Progress(step, self._steps, self._tokens / elapsed, remaining, dict(self._recent))

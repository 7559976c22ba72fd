"""The encoder and its heads in PyTorch: what is trained, and what runs on a GPU."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from guardrails.encoder.labels import TOKEN_LABELS, TRAINED_TOXICITY_LABELS

EPSILON = 1e-12
FROZEN = ("words.weight",)
"""The largest table is left as it was, so that both sets of weights can share one copy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How large a network is."""

    layers: int = 6
    width: int = 384
    heads: int = 12
    inner: int = 1536
    vocabulary: int = 30522
    positions: int = 256

    def as_json(self) -> Mapping[str, int]:
        """Return the sizes as they are written down."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Answers:
    """What the heads say of a batch, as logits; the embedding has length one."""

    tokens: Tensor
    toxicity: Tensor
    injection: Tensor
    embedding: Tensor


class Layer(nn.Module):
    """One transformer layer, normalised after each half as BERT is."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.attended = nn.Linear(shape.width, 3 * shape.width)
        self.joined = nn.Linear(shape.width, shape.width)
        self.first_norm = nn.LayerNorm(shape.width, eps=EPSILON)
        self.up = nn.Linear(shape.width, shape.inner)
        self.down = nn.Linear(shape.inner, shape.width)
        self.second_norm = nn.LayerNorm(shape.width, eps=EPSILON)

    def forward(self, states: Tensor, allowed: Tensor) -> Tensor:
        """Return the states after looking around and thinking."""
        batch, length, width = states.shape
        parts = self.attended(states).view(batch, length, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        seen = attention(query, key, value, allowed)
        around = self.joined(seen.transpose(1, 2).reshape(batch, length, width))
        states = self.first_norm(states + around)
        thought = self.down(functional.gelu(self.up(states)))
        normal: Tensor = self.second_norm(states + thought)
        return normal


class Network(nn.Module):
    """One reading of a text, four answers: its personal data, its toxicity, an injection, and its meaning."""

    def __init__(self, shape: Shape, *, dropout: float = 0.0) -> None:
        super().__init__()
        self.shape = shape
        self.words = nn.Embedding(shape.vocabulary, shape.width)
        self.positions = nn.Embedding(shape.positions, shape.width)
        self.types = nn.Embedding(2, shape.width)
        self.norm = nn.LayerNorm(shape.width, eps=EPSILON)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.dropout = nn.Dropout(dropout)
        self.token_head = nn.Linear(shape.width, len(TOKEN_LABELS))
        self.toxicity_head = nn.Linear(3 * shape.width, len(TRAINED_TOXICITY_LABELS))
        self.injection_head = nn.Linear(3 * shape.width, 1)
        self.embedding_head = nn.Linear(shape.width, shape.width, bias=False)
        nn.init.eye_(self.embedding_head.weight)

    def forward(self, ids: Tensor, types: Tensor, mask: Tensor) -> Answers:
        """Read a padded batch; the mask is 1 on tokens and 0 on padding."""
        places = torch.arange(ids.shape[1], device=ids.device)
        states = self.norm(self.words(ids) + self.positions(places) + self.types(types))
        states = self.dropout(states)
        allowed = torch.zeros(mask.shape, dtype=states.dtype, device=states.device)
        allowed = allowed.masked_fill(mask == 0, torch.finfo(states.dtype).min)[:, None, None, :]
        for layer in self.layers:
            states = layer(states, allowed)
        mean, whole = pooled(states, mask)
        whole = self.dropout(whole)
        return Answers(
            tokens=self.token_head(self.dropout(states)),
            toxicity=self.toxicity_head(whole),
            injection=self.injection_head(whole).squeeze(-1),
            embedding=functional.normalize(self.embedding_head(mean).float(), dim=-1),
        )


def attention(query: Tensor, key: Tensor, value: Tensor, allowed: Tensor) -> Tensor:
    """Return what each token takes from the others; `allowed` is added to the scores, so that padding gives nothing."""
    if query.is_cuda or not torch.is_grad_enabled():
        return functional.scaled_dot_product_attention(query, key, value, attn_mask=allowed)
    # On a CPU the fused kernel's way back takes a third of all training time.
    scores = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5 + allowed
    return torch.softmax(scores, dim=-1).to(value.dtype) @ value


def pooled(states: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean over the tokens; and beside it the first token and the greatest value of each feature."""
    there = mask[:, :, None].to(states.dtype)
    mean = (states * there).sum(1) / there.sum(1)
    greatest = states.masked_fill(there == 0, torch.finfo(states.dtype).min).amax(1)
    return mean, torch.cat([states[:, 0], mean, greatest], dim=-1)

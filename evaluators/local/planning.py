"""In which order prompts are read so that what several of them begin with is read once.

Prompts are lists of token numbers. `plan` turns them into a tree: each node is a stretch of tokens that all prompts below
it share, and holds what is left of those that share nothing more. Rubric first or material first, many samples or many
questions: the tree finds what there is to share, at any depth.
"""

from collections.abc import Sequence
from dataclasses import dataclass

WORTH_SHARING = 16
"""Tokens: reading fewer than these twice costs less than an extra pass over them."""


@dataclass(frozen=True, slots=True)
class Rest:
    """What is left of one prompt below the shared stretches above it."""

    number: int
    """The prompt's place among those that were planned."""
    tokens: Sequence[int]


@dataclass(frozen=True, slots=True)
class Node:
    """A stretch that several prompts share, after what the nodes above it share."""

    tokens: Sequence[int]
    rests: tuple[Rest, ...]
    nodes: tuple["Node", ...]

    @property
    def read_tokens(self) -> int:
        """How many tokens are read for everything from here down."""
        below = sum(node.read_tokens for node in self.nodes)
        return len(self.tokens) + sum(len(rest.tokens) for rest in self.rests) + below


def plan(prompts: Sequence[Sequence[int]], *, shares: bool = True) -> Node:
    """Return the tree for some prompts, none of them empty; without sharing it is a single bunch of leaves."""
    if not shares:
        return Node((), tuple(Rest(number, tokens) for number, tokens in enumerate(prompts)), ())
    ordered = sorted(range(len(prompts)), key=lambda number: tuple(prompts[number]))
    return _node(prompts, ordered, 0, 0)


def _node(prompts: Sequence[Sequence[int]], ordered: Sequence[int], start: int, depth: int) -> Node:
    """Build the node of prompts in order that agree up to `depth`; those up to `start` were read above it."""
    rests: list[Rest] = []
    nodes: list[Node] = []
    for group in _groups(prompts, ordered, depth):
        shared = _shared(prompts, group)
        if len(group) > 1 and shared - depth >= WORTH_SHARING:
            nodes.append(_node(prompts, group, depth, shared))
        else:
            rests += (Rest(number, prompts[number][depth:]) for number in group)
    first = prompts[ordered[0]] if ordered else ()
    if len(nodes) == 1 and not rests:
        # Everybody goes on together: one stretch rather than two.
        return Node((*first[start:depth], *nodes[0].tokens), nodes[0].rests, nodes[0].nodes)
    return Node(first[start:depth], tuple(rests), tuple(nodes))


def _groups(prompts: Sequence[Sequence[int]], ordered: Sequence[int], depth: int) -> list[list[int]]:
    """Put prompts together that agree for as long as sharing is worth it."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for number in ordered:
        groups.setdefault(tuple(prompts[number][depth : depth + WORTH_SHARING]), []).append(number)
    return list(groups.values())


def _shared(prompts: Sequence[Sequence[int]], group: Sequence[int]) -> int:
    """Return how many tokens the prompts of a sorted group share, leaving each at least one of its own."""
    first, last = prompts[group[0]], prompts[group[-1]]
    most = min(len(prompts[number]) for number in group) - 1
    for place in range(most):
        if first[place] != last[place]:
            return place
    return most


def batches(rests: Sequence[Rest], *, prefix: int, budget: int) -> list[list[Rest]]:
    """Cut leaves into batches of like length, so that rows times length stays within the budget of positions."""
    cut: list[list[Rest]] = []
    longest = 0
    for rest in sorted(rests, key=lambda rest: len(rest.tokens)):
        longest = max(longest, len(rest.tokens))
        if not cut or (len(cut[-1]) + 1) * (prefix + longest) > budget:
            cut.append([])
            longest = len(rest.tokens)
        cut[-1].append(rest)
    return cut

"""A trace as rows: the tree in the order in which one reads it, each row with its bar on the common time line."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.queries.spans import SpanRow

WIDTH = 1000
"""Units in which bars are drawn, whatever the size of the window."""
DEEPEST = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One row of the tree."""

    node: SpanRow
    depth: int
    children: int
    x: float
    width: float
    ttft_width: float | None
    """The part of the bar before the first token of a streamed answer."""
    parents: str
    """The ids of the rows above it in the tree, for folding."""


def extent(nodes: Sequence[SpanRow]) -> tuple[int, int]:
    """Return where a trace begins and how long it lasts, in microseconds since 1970 and of duration."""
    starts = [_microseconds(node) for node in nodes]
    begin = min(starts)
    end = max(start + node.duration_us for start, node in zip(starts, nodes, strict=True))
    return begin, max(end - begin, 1)


def branches(nodes: Sequence[SpanRow]) -> list[Branch]:
    """Return every span once: children below their parent by time; what has no parent here stands at the top."""
    begin, length = extent(nodes)
    known = {node.span_id for node in nodes}
    below: dict[str, list[SpanRow]] = defaultdict(list)
    for node in nodes:
        is_top = node.parent_span_id not in known or node.parent_span_id == node.span_id
        below["" if is_top else node.parent_span_id].append(node)
    rows: list[Branch] = []
    seen: set[str] = set()

    def walk(top: SpanRow) -> None:
        stack: list[tuple[SpanRow, tuple[str, ...]]] = [(top, ())]
        while stack:
            node, above = stack.pop()
            if node.span_id in seen:
                continue
            seen.add(node.span_id)
            rows.append(_branch(node, above, len(below[node.span_id]), begin, length))
            stack.extend((child, (*above, node.span_id)) for child in reversed(below[node.span_id]))

    for node in below[""]:
        walk(node)
    # Spans that are one another's parents hang from nothing; they are shown all the same.
    for node in nodes:
        walk(node)
    return rows


def _branch(node: SpanRow, above: tuple[str, ...], children: int, begin: int, length: int) -> Branch:
    offset = _microseconds(node) - begin
    x = offset / length * WIDTH
    width = max(node.duration_us / length * WIDTH, 2.0)
    return Branch(
        node=node,
        depth=min(len(above), DEEPEST),
        children=children,
        x=round(min(x, WIDTH - width), 2),
        width=round(width, 2),
        ttft_width=None if node.ttft_us is None else round(min(node.ttft_us / length * WIDTH, width), 2),
        parents=" ".join(above),
    )


def _microseconds(node: SpanRow) -> int:
    return int(node.start_time.timestamp()) * 1_000_000 + node.start_time.microsecond


def scale(length_us: int) -> list[int]:
    """Return the times at which the quarters of the time line begin, in microseconds since its start."""
    return [length_us * quarter // 4 for quarter in range(4)]

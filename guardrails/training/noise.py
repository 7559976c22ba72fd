"""Disorder as real texts have it: slips of the finger, missing context, quotes and brackets around what is said."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

from guardrails.training.examples import Example, Span

_WRAPPERS = (
    ('"', '"'),
    ("'", "'"),
    ("> ", ""),
    ("- ", ""),
    ("User: ", ""),
    ("Q: ", "\nA:"),
    ("[user] ", ""),
    ('{"text": "', '"}'),
    ('{"role": "user", "content": "', '"}'),
    ("<p>", "</p>"),
    ("```\n", "\n```"),
    ("Subject: Re: your message\n\n", "\n\nSent from my phone"),
    ("Translate into French: ", ""),
    ("Summarize the following text:\n\n", ""),
    ("Please correct the grammar: ", ""),
    ("Hi,\n\n", "\n\nThanks!"),
    ("ok so ", ""),
    ("note to self: ", ""),
)
_KEYS = "abcdefghijklmnopqrstuvwxyz"
_SHORT_WORDS = 8


def disturbed(example: Example, *, chance: random.Random) -> Example:
    """Return the example as it is, or with something done to it that changes nothing of what is known about it."""
    for share, change in _CHANGES:
        if chance.random() < share:
            example = change(example, chance)
    return example


def joined(first: Example, second: Example, *, between: str = "\n") -> Example | None:
    """Return one text made of two, where as much is known of the one as of the other."""
    known = [(each.spans is None, each.toxicity is None, each.injection is None) for each in (first, second)]
    if known[0] != known[1] or first.task or second.task:
        return None
    offset = len(first.text) + len(between)
    spans = None
    if first.spans is not None and second.spans is not None:
        moved = (Span(each.entity, each.start + offset, each.end + offset) for each in second.spans)
        spans = (*first.spans, *moved)
    toxicity = None
    if first.toxicity is not None and second.toxicity is not None:
        if first.toxicity.keys() != second.toxicity.keys():
            return None
        toxicity = {label: max(value, second.toxicity[label]) for label, value in first.toxicity.items()}
    injection = None
    if first.injection is not None and second.injection is not None:
        injection = max(first.injection, second.injection)
    return replace(
        first, text=first.text + between + second.text, spans=spans, toxicity=toxicity, injection=injection
    )


def with_joined(examples: Sequence[Example], *, share: float, chance: random.Random) -> list[Example]:
    """Return the examples, some of them with the next one of the kind attached."""
    result: list[Example] = []
    waiting: dict[tuple[bool, bool, bool], Example] = {}
    for example in examples:
        kind = (example.spans is None, example.toxicity is None, example.injection is None)
        partner = waiting.pop(kind, None)
        both = joined(partner, example, between=chance.choice(("\n", " ", "\n\n"))) if partner else None
        if both is not None:
            result.append(both)
        elif partner is not None:
            result += [partner, example]
        elif chance.random() < share and not example.task and len(example.text) < 300:
            waiting[kind] = example
        else:
            result.append(example)
    return [*result, *waiting.values()]


def _wrapped(example: Example, chance: random.Random) -> Example:
    before, after = chance.choice(_WRAPPERS)
    return _edited(example, [(0, 0, before), (len(example.text), len(example.text), after)])


def _mistyped(example: Example, chance: random.Random) -> Example:
    """Slip on up to three letters, but not within personal data."""
    places = [
        place
        for place, character in enumerate(example.text[:-1])
        if character.isalpha() and not any(span.start <= place < span.end for span in example.spans or ())
    ]
    if len(places) < 12:
        return example
    edits = []
    for place in sorted(set(chance.sample(places, chance.randint(1, 3)))):
        letter = example.text[place]
        edits.append((place, place + 1, chance.choice(("", letter * 2, chance.choice(_KEYS)))))
    return _edited(example, edits)


def _torn(example: Example, chance: random.Random) -> Example:
    """Drop words at the beginning or at the end, but none that belongs to personal data."""
    text = example.text
    spaces = [place for place, character in enumerate(text) if character == " "]
    # What makes a text toxic or hostile may stand in any of its words.
    is_hostile = example.injection or any((example.toxicity or {}).values())
    if len(spaces) < _SHORT_WORDS or is_hostile:
        return example
    cut = chance.choice(spaces)
    is_inside = any(span.start < cut < span.end for span in example.spans or ())
    if is_inside:
        return example
    if cut < len(text) / 2:
        return _edited(_without(example, 0, cut), [(0, cut + 1, "")])
    return _edited(_without(example, cut, len(text)), [(cut, len(text), "")])


def _without(example: Example, start: int, end: int) -> Example:
    if example.spans is None:
        return example
    kept = tuple(span for span in example.spans if span.end <= start or span.start >= end)
    return replace(example, spans=kept)


def _unfinished(example: Example, chance: random.Random) -> Example:
    end = len(example.text.rstrip(" .!?"))
    is_inside = any(span.end > end for span in example.spans or ())
    return example if is_inside or not end else _edited(example, [(end, len(example.text), "")])


def _flattened(example: Example, chance: random.Random) -> Example:
    places = [place for place, character in enumerate(example.text) if character == "\n"]
    return _edited(example, [(place, place + 1, " ") for place in places])


def _edited(example: Example, edits: Sequence[tuple[int, int, str]]) -> Example:
    """Replace parts of the text, and move the spans along."""
    pieces: list[str] = []
    moved = list(example.spans or ())
    reached = 0
    for start, end, new in edits:
        pieces += [example.text[reached:start], new]
        reached = end
    pieces.append(example.text[reached:])
    for start, end, new in reversed(edits):
        longer = len(new) - (end - start)
        moved = [
            Span(
                span.entity,
                span.start + (longer if span.start >= end else 0),
                span.end + (longer if span.end > end or (span.end == end and end > start) else 0),
            )
            for span in moved
        ]
    return replace(example, text="".join(pieces), spans=None if example.spans is None else tuple(moved))


_CHANGES: tuple[tuple[float, Callable[[Example, random.Random], Example]], ...] = (
    (0.12, _torn),
    (0.15, _mistyped),
    (0.10, _unfinished),
    (0.05, _flattened),
    (0.12, _wrapped),
)

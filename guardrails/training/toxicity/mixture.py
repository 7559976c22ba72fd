"""Mixes judged comments, sentences about people, written insults and ordinary texts into examples for the toxicity head."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from random import Random

from guardrails.training.examples import Example
from guardrails.training.injection import disguises
from guardrails.training.injection.grammar import (
    Grammar,
    Split,
    read_lists,
    read_templates,
    split_of,
)
from guardrails.training.injection.public import comment_group, plain_sentences
from guardrails.training.injection.rows import Row, window
from guardrails.training.injection.written import GRAMMAR as TALK
from guardrails.training.injection.written import Written, varied
from guardrails.training.toxicity.dutch import dutch_lists
from guardrails.training.toxicity.pairs import read_pairs
from guardrails.training.toxicity.votes import judged_comments, labels_of, madlibs

HELD_OUT_SOURCES = frozenset(("civil-comments-test", "madlibs-nl"))
"""Sources of which nothing is ever trained on: `held_out` yields them."""

_TEMPLATES = Path(__file__).parent / "templates"
_GRAMMAR = Grammar(
    read_lists(*(_TEMPLATES / f"{name}.txt" for name in ("lists", "lists_en", "lists_tongues")))
    | dutch_lists(_TEMPLATES / "lists_nl.txt")
)
_RUDE = frozenset(
    entry.lower()
    for name in ("insult", "badadj", "swear", "slur")
    for entry in _GRAMMAR.lists[name]
    if " " not in entry
)
_LONGEST = 750
_PLAYED = 0.02
"""How often what is harmless is written in figures for letters: to play so is no insult."""
_WEIGHTS = {
    "civil-comments": 26.0,
    "civil-comments-calm": 16.0,
    "madlibs-en": 6.0,
    "madlibs-de": 3.0,
    "toxic": 19.0,
    "harmless": 12.0,
    "pairs_en hostile": 20.0,
    "pairs_en harmless": 18.0,
    "pairs_nl hostile": 17.0,
    "pairs_nl harmless": 15.0,
    "harmless_nl": 6.0,
    "bare_nl hostile": 100.0,
    "bare_nl harmless": 130.0,
    "pairs_tongues hostile": 13.0,
    "pairs_tongues harmless": 12.0,
    "talk": 14.0,
    "plain": 10.0,
    "messages": 4.0,
}


@dataclass(frozen=True, slots=True)
class _Judged:
    text: str
    labels: Mapping[str, float]
    source: str
    group: str


def examples(data: Path, *, seed: int, count: int, split: Split) -> Iterator[Example]:
    """Yield so many different examples of a split, the same ones for the same seed."""
    random = Random(f"toxicity {split} {seed}")  # noqa: S311
    sources = _sources(data, split)
    weights = [_WEIGHTS[name] for name in sources]
    seen: set[str] = set()
    while len(seen) < count:
        row = sources[random.choices(list(sources), weights)[0]](random)
        text = varied(window(row.text, random, longest=_LONGEST), random)
        if text and text not in seen:
            seen.add(text)
            yield _example(text, row)


def held_out(data: Path) -> Iterator[Example]:
    """Yield the comments and the language that nothing is learned from."""
    random = Random(0)  # noqa: S311
    for each in judged_comments(data):
        group = comment_group(each.comment)
        is_clear = each.labels["toxicity"] or not _RUDE & _words(each.text)
        if split_of(group) == "test" and is_clear:
            row = _Judged(each.text, each.labels, "civil-comments-test", group)
            yield _example(window(each.text, random, longest=_LONGEST), row)
    rows = [
        _Judged(text, labels, "madlibs-nl", f"nl:{template}")
        for template, text, labels in madlibs(data, "nl")
    ]
    yield from (_example(row.text, row) for row in random.sample(rows, min(1500, len(rows))))


def _example(text: str, row: _Judged) -> Example:
    return Example(
        text=text, spans=None, toxicity=row.labels, injection=None, source=row.source, group=row.group
    )


@cache
def _sources(data: Path, split: Split) -> dict[str, Callable[[Random], _Judged]]:
    found: dict[str, Callable[[Random], _Judged]] = {}
    comments = list(_comments(data))
    for name, rows in (
        ("civil-comments", [row for row in comments if row.labels["toxicity"]]),
        ("civil-comments-calm", [row for row in comments if not row.labels["toxicity"]]),
        ("madlibs-en", _sentences(data, "en")),
        ("madlibs-de", _sentences(data, "de")),
    ):
        mine = [row for row in rows if split_of(row.group) == split]
        if mine:
            found[name] = _any_of(mine)
    sentences = [row for row in plain_sentences(data) if split_of(row.group) == split]
    calm = [row for row in sentences if row.source != "tweets"]
    messages = [row for row in sentences if row.source == "tweets" and not _RUDE & _words(row.text)]
    talk = Written(split)
    dutch = _lines_of("harmless_nl", split)
    ours: dict[str, tuple[Sequence[_Line], _Others | None]] = {
        "toxic": ([side for side in _sides("toxic", split) if side.kinds], _english),
        "harmless": (_lines_of("harmless", split), _english),
        "harmless_nl": (dutch, partial(_any_line, dutch)),
    }
    for name, others in (
        ("pairs_en", _english),
        ("pairs_nl", partial(_any_line, dutch)),
        ("pairs_tongues", None),
    ):
        sides = _sides(name, split)
        ours[f"{name} hostile"] = [side for side in sides if side.kinds], others
        ours[f"{name} harmless"] = [side for side in sides if not side.kinds], others
    # The vocabulary is English: Dutch is learned word by word, from many lines that cost little because they stand alone.
    for side in ("hostile", "harmless") if split == "train" else ():
        ours[f"bare_nl {side}"] = ours[f"pairs_nl {side}"][0], None
    found |= {name: partial(_written, lines, others) for name, (lines, others) in ours.items() if lines}
    return found | {
        "talk": lambda random: _talk(talk, random),
        "plain": lambda random: _plain(random.choice(calm)),
        "messages": lambda random: _plain(random.choice(messages)),
    }


def _any_of(rows: Sequence[_Judged]) -> Callable[[Random], _Judged]:
    return lambda random: random.choice(rows)


def _comments(data: Path) -> Iterator[_Judged]:
    for each in judged_comments(data):
        if each.labels["toxicity"] or not _RUDE & _words(each.text):
            yield _Judged(each.text, each.labels, "civil-comments", comment_group(each.comment))


def _sentences(data: Path, language: str) -> Iterator[_Judged]:
    """Sentences of one template with one name or verb form a group: "name is a ..." is nearly all there is."""
    for template, text, labels in madlibs(data, language):
        first = text.split()[0]
        yield _Judged(text, labels, f"madlibs-{language}", f"madlibs-{language}:{template}:{first}")


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    group: str
    kinds: Sequence[str] = ()


_Others = Callable[[Random], str]
"""Says something ordinary, for a text to stand in."""


def _lines_of(name: str, split: Split) -> list[_Line]:
    lines = read_templates(_TEMPLATES / f"{name}.txt")
    return [_Line(each.text, each.group) for each in lines if split_of(each.group) == split]


def _sides(name: str, split: Split) -> list[_Line]:
    """The hostile lines of a file of pairs and their likes, of those pairs that belong to a split."""
    pairs = [each for each in read_pairs(_TEMPLATES / f"{name}.txt") if split_of(each.group) == split]
    hostile = [_Line(each.hostile.text, each.group, each.kinds) for each in pairs if each.hostile]
    return [*hostile, *(_Line(like.text, each.group) for each in pairs for like in each.likes)]


def _written(lines: Sequence[_Line], others: _Others | None, random: Random) -> _Judged:
    line = random.choice(lines)
    text = _GRAMMAR.fill(line.text, random)
    if line.kinds:
        text = _disguised(text, random)
    elif random.random() < _PLAYED:
        text = disguises.in_leet(text, random)
    if others:
        text = _among_others(text, others, random)
    source = "written-toxic" if line.kinds else "written-harmless"
    return _Judged(text, labels_of(dict.fromkeys(line.kinds, 1.0)), source, line.group)


def _disguised(text: str, random: Random) -> str:
    """Now and then hide what is said, as people do who fear a filter."""
    chance = random.random()
    if chance < (0.12 if _RUDE & _words(text) else 0.03):
        return starred(text, random)
    if chance < 0.18:
        return disguises.in_leet(text, random)
    return text.replace(" ", random.choice((".", " ", "  "))) if chance < 0.22 else text


def _among_others(text: str, others: _Others, random: Random) -> str:
    """Now and then set a text among ordinary sentences, so that a short insult counts also in a long message."""
    if random.random() < 0.75:
        return text
    sentences = [text]
    for _ in range(random.choice((1, 1, 2, 4))):
        sentences.insert(random.randrange(len(sentences) + 1), others(random))
    return " ".join(sentences)


def _english(random: Random) -> str:
    return TALK.fill(random.choice(("«doc_sentence»", "«question»")), random)


def _any_line(lines: Sequence[_Line], random: Random) -> str:
    return _GRAMMAR.fill(random.choice(lines).text, random)


def _words(text: str) -> frozenset[str]:
    words = [word.strip(".,:;!?\"'()").lower() for word in text.split()]
    return frozenset((*words, *(word.removesuffix("s") for word in words)))


def _plain(row: Row) -> _Judged:
    """Encyclopedias, filings, talks about facts, and messages without a rude word insult nobody."""
    return _Judged(row.text, labels_of({}), row.source, row.group)


def _talk(talk: Written, random: Random) -> _Judged:
    """What people ordinarily ask an assistant, and even how they try to trick it, insults nobody."""
    row = talk.document(random)[0] if random.random() < 0.25 else talk.benign(random)
    return _Judged(row.text, labels_of({}), "written-talk", row.group)


def starred(text: str, random: Random) -> str:
    """Hide the middle of some words as people do who fear a filter."""
    words = text.split(" ")
    rude = [place for place, word in enumerate(words) if word.lower().strip(".,!?") in _RUDE]
    for place in rude or sorted(range(len(words)), key=lambda place: -len(words[place]))[:2]:
        word = words[place]
        if len(word) > 3:
            kept = random.choice((1, 2))
            sign = random.choice("*#@-_")
            words[place] = word[:kept] + sign * (len(word) - kept - 1) + word[-1]
    return " ".join(words)

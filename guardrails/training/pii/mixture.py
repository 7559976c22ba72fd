"""All sources of labelled texts in their proportions: templates, records, real sentences, texts without personal data."""

from collections.abc import Callable, Iterator
from functools import cache
from itertools import accumulate
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import Literal
from zlib import crc32

from guardrails.training.examples import Example
from guardrails.training.pii import corpora, pools, presidio, records, templates
from guardrails.training.pii.draft import Part, finish, one_address, one_value, trimmed
from guardrails.training.pii.noise import damage
from guardrails.training.pii.scene import Scene, World
from guardrails.training.pii.splits import split_of

LANGUAGES = ("en",) * 62 + ("de",) * 8 + ("fr",) * 7 + ("es",) * 7 + ("it",) * 6 + ("nl",) * 5 + ("pt",) * 5

Text = tuple[list[Part], str, str]
"""The parts of a text, its source, and its group."""


@cache
def world_of(data: Path, split: str) -> World:
    """Gather once what may be named in a split."""
    return World.of(data, split)


@cache
def bodies(language: str, split: str, *, empty: bool) -> tuple[str, ...]:
    """Return the templates of a language in a split; those in files named ``none`` hold no personal data."""
    found: list[str] = []
    for name in templates.file_names():
        if name.startswith(f"{language}_") and ("none" in name) == empty:
            found += [line for line in templates.lines_of(name) if split_of(_group(line)) == split]
    return tuple(found)


def _lines(scene: Scene, *, empty: bool) -> tuple[str, ...]:
    """Return the templates for a scene; a small language may have none in a small split, English always has."""
    lines = bodies(scene.language, scene.world.split, empty=empty)
    if not lines:
        scene.language, scene.country = "en", "US"
    return lines or bodies("en", scene.world.split, empty=empty)


def _group(line: str) -> str:
    return f"template:{crc32(line.encode()):08x}"


def _fits(scene: Scene) -> str:
    return scene.one((" ", " ", "\n", "\n\n", " "))


def _sentences(scene: Scene) -> Text:
    """Write one template or a few, perhaps with a greeting before and a farewell after."""
    lines = _lines(scene, empty=False)
    line = scene.one(lines)
    parts = templates.fill(scene, line)
    luck = scene.rng.random()
    if luck < 0.14:
        parts += [Part(_fits(scene)), *templates.fill(scene, scene.one(lines))]
        if scene.chance(0.3):
            parts += [Part(_fits(scene)), *templates.fill(scene, scene.one(lines))]
    elif luck < 0.22:
        quiet = _lines(scene, empty=True)
        extra = templates.fill(scene, scene.one(quiet))
        parts = (
            [*extra, Part(_fits(scene)), *parts]
            if scene.chance(0.5)
            else [*parts, Part(_fits(scene)), *extra]
        )
    elif luck < 0.34:
        gap = scene.one(("\n\n", "\n", " "))
        parts = [*templates.fill(scene, "{{@opening}}"), Part(gap), *parts]
        if scene.chance(0.7):
            parts += [Part(gap), *templates.fill(scene, "{{@closing}}")]
    elif luck < 0.40:
        parts = [*templates.fill(scene, "{{@request}}"), *parts]
    elif luck < 0.44:
        extra, _ = records.record(scene)
        parts = [*parts, Part("\n"), *extra]
    return parts, f"pii-templates-{scene.language}", _group(line)


def _records(scene: Scene) -> Text:
    while True:
        state = scene.rng.getstate()
        parts, group = records.record(scene)
        if split_of(group) == scene.world.split:
            break
        scene.rng.setstate(state)
        scene.rng.random()
    if scene.chance(0.12):
        parts = [*templates.fill(scene, "{{@request}}"), *parts]
    return parts, "pii-records", group


def _nothing(scene: Scene) -> Text:
    """Write a text without personal data."""
    lines = _lines(scene, empty=True)
    line = scene.one(lines)
    parts = templates.fill(scene, line)
    while scene.chance(0.25):
        parts += [Part(_fits(scene)), *templates.fill(scene, scene.one(lines))]
    return parts, f"pii-none-{scene.language}", _group(line)


def _presidio(scene: Scene) -> Text:
    """Fill a template of presidio-research."""
    scene.language, scene.country = "en", scene.one(("US", "US", "GB", "AU", "DE", "FR", "IT", "ES", "NL"))
    line = scene.one(presidio.lines(scene.world.data, scene.world.split))
    return templates.fill(scene, line), "presidio-research", _group(line)


@cache
def _prose(lines: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(line for line in lines if line[-1] in ".?!" and len(line) > 30) or lines


def _passage(scene: Scene) -> Text:
    """Write ordinary prose of several sentences in which few persons or none are named."""
    quiet, spoken = _lines(scene, empty=True), _lines(scene, empty=False)
    prose = _prose(quiet)
    chosen = scene.rng.sample(prose, min(len(prose), scene.rng.randint(3, 9)))
    first = chosen[0]
    for _ in range(scene.rng.choice((0, 0, 1, 1, 2, 3))):
        chosen.insert(scene.rng.randrange(len(chosen) + 1), scene.one(spoken))
    parts: list[Part] = []
    gap = scene.one((" ", " ", " ", "\n", "\n\n"))
    for index, line in enumerate(chosen):
        parts += [Part(gap if index else ""), *templates.fill(scene, line)]
    return parts, f"pii-passages-{scene.language}", _group(first)


def _murmur(scene: Scene) -> Text:
    """Put ordinary words of a language in a row: none of them is a name, however it stands."""
    words = pools.words(scene.language)
    count = scene.rng.randint(2, 16)
    row = [scene.one(words) for _ in range(count)]
    text = scene.one((" ", " ", " ", ", ", "\n", " - ")).join(row)
    if scene.chance(0.5):
        text = text.capitalize() + scene.word(". ? ! : ...")
    return [Part(text)], "pii-murmurs", f"murmur:{scene.world.split}:{scene.language}"


SOURCES: tuple[tuple[Callable[[Scene], Text], int], ...] = (
    (_sentences, 46),
    (_records, 13),
    (_nothing, 19),
    (_presidio, 5),
    (_passage, 7),
    (_murmur, 2),
)
CORPORA_SHARE = 0.12
"""How many of all texts are real sentences with the marks of others."""

WEIGHT_OF_CORPUS = MappingProxyType(
    {"ner-wnut17": 6, "ner-wikigold": 8, "ner-btc": 3, "ner-sec": 3, "ner-wnut17-emerging": 5}
)


@cache
def _real(data: Path, split: str) -> tuple[tuple[Example, ...], tuple[int, ...]]:
    found = corpora.sentences(data, split)
    return found, tuple(accumulate(WEIGHT_OF_CORPUS[example.source] for example in found))


def examples(
    data: Path, *, seed: int, count: int, split: Literal["train", "dev", "test"]
) -> Iterator[Example]:
    """Yield so many labelled texts of a split, the same ones for the same seed."""
    rng = Random(f"pii:{seed}:{split}")  # noqa: S311
    world = world_of(data, split)
    real, weights_of_real = _real(data, split)
    makers, weights = [maker for maker, _ in SOURCES], [weight for _, weight in SOURCES]
    made = 0
    while made < count:
        if real and rng.random() < CORPORA_SHARE:
            made += 1
            yield rng.choices(real, cum_weights=weights_of_real)[0]
            continue
        scene = Scene.open(rng, world, rng.choice(LANGUAGES))
        parts, source, group = rng.choices(makers, weights)[0](scene)
        parts = one_address(one_value(parts))
        text, spans = trimmed(*finish(damage(scene, parts)))
        if text:
            made += 1
            yield Example(text=text, spans=spans, source=source, group=group)

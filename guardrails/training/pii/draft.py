"""A text in the making: plain words and named values in their order, from which the spans are counted."""

import re
from collections.abc import Iterable
from types import MappingProxyType
from typing import NamedTuple

from guardrails.training.examples import Span

BETWEEN_ADDRESS_LINES = re.compile(r"[\s,]*")


class Part(NamedTuple):
    """A stretch of text, and the entity it is, if any."""

    text: str
    entity: str | None = None


def finish(parts: Iterable[Part]) -> tuple[str, tuple[Span, ...]]:
    """Return the text of all parts and the spans of those that are entities."""
    texts: list[str] = []
    spans: list[Span] = []
    length = 0
    for part in parts:
        if part.entity is not None and part.text:
            spans.append(Span(part.entity, length, length + len(part.text)))
        texts.append(part.text)
        length += len(part.text)
    return "".join(texts), tuple(spans)


def trimmed(text: str, spans: tuple[Span, ...]) -> tuple[str, tuple[Span, ...]]:
    """Return the text without blanks around it, and the spans moved along with it."""
    start = len(text) - len(text.lstrip())
    kept = text.strip()
    return kept, tuple(Span(span.entity, span.start - start, span.end - start) for span in spans)


ONE_VALUE = MappingProxyType({"PERSON": frozenset({" "}), "DATE_TIME": frozenset({" ", ", "})})
"""What may stand inside one value: a blank in a name, a comma between a date and its time."""


def one_value(parts: list[Part]) -> list[Part]:
    """Join a first name and the last name after it, a date and the time after it, into one span."""
    joined: list[Part] = []
    for part in parts:
        near = len(joined) > 1 and joined[-1].entity is None and joined[-2].entity == part.entity
        if near and joined[-1].text in ONE_VALUE.get(part.entity or "", ()):
            between = joined.pop().text
            joined[-1] = Part(f"{joined[-1].text}{between}{part.text}", part.entity)
        else:
            joined.append(part)
    return joined


def one_address(parts: list[Part]) -> list[Part]:
    """Join the lines of a postal address, from its street to its country, into one span.

    A place or postcode belongs to the address only where nothing but blanks and commas stands between.
    """
    joined: list[Part] = []
    for part in parts:
        open_address = bool(joined) and joined[-1].entity == "STREET_ADDRESS"
        gap_only = open_address or (
            len(joined) > 1
            and joined[-2].entity == "STREET_ADDRESS"
            and joined[-1].entity is None
            and BETWEEN_ADDRESS_LINES.fullmatch(joined[-1].text) is not None
        )
        if part.entity in {"STREET_ADDRESS", "LOCATION", "POSTAL_CODE"} and gap_only:
            between = "" if open_address else joined.pop().text
            joined[-1] = Part(joined[-1].text + between + part.text, "STREET_ADDRESS")
        else:
            joined.append(part)
    return joined

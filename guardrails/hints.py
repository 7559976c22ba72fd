"""What a sentence about a wrong name says so that the right one is found: what is known, and what is near."""

from collections.abc import Iterable
from difflib import get_close_matches


def known(name: object, names: Iterable[str]) -> str:
    """Return `known: [...]`, and which of them was probably meant."""
    listed = list(names)
    near = get_close_matches(str(name)[:100].casefold(), [each.casefold() for each in listed], n=1)
    meant = next((each for each in listed if near and each.casefold() == near[0]), None)
    return f"known: {listed}" + (f"; did you mean {meant!r}?" if meant else "")

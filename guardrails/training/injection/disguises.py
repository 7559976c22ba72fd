"""Ways to write a text so that a filter overlooks it, used on attacks and on harmless texts alike."""

import base64
import codecs
from collections.abc import Callable, Sequence
from random import Random
from urllib.parse import quote

_LEET = str.maketrans("aeiostAEIOST", "431057431057")
_LOOKALIKES = str.maketrans("aeopcxyi", "аеорсхуі")
_MORSE_SIGNS = ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --.."
_MORSE = dict(zip("abcdefghijklmnopqrstuvwxyz", _MORSE_SIGNS.split(), strict=True))


def in_base64(text: str, random: Random) -> str:
    """Encode in base64."""
    return base64.b64encode(text.encode()).decode()


def in_hexadecimal(text: str, random: Random) -> str:
    """Encode in hexadecimal digits."""
    return text.encode().hex()


def in_rot13(text: str, random: Random) -> str:
    """Turn every letter by thirteen."""
    return codecs.encode(text, "rot13")


def in_leet(text: str, random: Random) -> str:
    """Put digits for letters."""
    return text.translate(_LEET)


def spaced(text: str, random: Random) -> str:
    """Put something between the letters."""
    return random.choice((" ", ".", "-", "_")).join(text)


def in_lookalikes(text: str, random: Random) -> str:
    """Put Cyrillic letters that look the same."""
    return "".join(each.translate(_LOOKALIKES) if random.random() < 0.6 else each for each in text)


def reversed_text(text: str, random: Random) -> str:
    """Write from right to left."""
    return text[::-1]


def with_zero_widths(text: str, random: Random) -> str:
    """Put characters that nobody sees between the letters."""
    return "".join(each + random.choice(("", "", "\u200b", "\u200d")) for each in text)


def in_url_escapes(text: str, random: Random) -> str:
    """Escape as in a URL."""
    return quote(text)


def in_morse(text: str, random: Random) -> str:
    """Write in Morse code."""
    words = text.lower().split()
    return " / ".join(" ".join(_MORSE[each] for each in word if each in _MORSE) for word in words)


def split_in_pieces(text: str, random: Random) -> str:
    """Cut words by hyphens."""
    return " ".join(
        word[: len(word) // 2] + "-" + word[len(word) // 2 :] if len(word) > 3 else word
        for word in text.split()
    )


ENCODINGS: Sequence[tuple[str, Callable[[str, Random], str]]] = (
    ("base64", in_base64),
    ("hex", in_hexadecimal),
    ("ROT13", in_rot13),
    ("leetspeak", in_leet),
    ("reversed text", reversed_text),
    ("URL encoding", in_url_escapes),
    ("Morse code", in_morse),
)
"""Encodings that have a name, with what writes them."""

READABLE: Sequence[Callable[[str, Random], str]] = (
    in_leet,
    spaced,
    in_lookalikes,
    with_zero_widths,
    split_in_pieces,
    reversed_text,
)
"""Disguises that a reader sees through."""


def mistyped(text: str, random: Random) -> str:
    """Make the small mistakes of someone in a hurry."""
    letters = list(text)
    for _ in range(1 + len(text) // 60):
        place = random.randrange(max(1, len(letters) - 1))
        if letters[place : place + 2] and all(each.isalpha() for each in letters[place : place + 2]):
            kind = random.randrange(3)
            if kind == 0:
                letters[place : place + 2] = reversed(letters[place : place + 2])
            elif kind == 1:
                del letters[place]
            else:
                letters.insert(place, letters[place])
    return "".join(letters)


def hurried(text: str, random: Random) -> str:
    """Leave out capitals and stops, or shout."""
    kind = random.randrange(4)
    if kind == 0:
        return text.upper()
    if kind == 1:
        return text.lower().replace(".", "").replace(",", "")
    if kind == 2:
        return text.rstrip(".!?")
    return text + random.choice(("!!", "!!!", "...", " pls", " thx", " :)", "??"))

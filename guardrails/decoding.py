"""What a model can read and a filter would not: text that was packed, spelled out, or written in other letters.

One round only: what is packed twice stays packed.
"""

import base64
import binascii
import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import unquote

import re2

from guardrails.expressions import Several

Disguise = Literal["base64", "hex", "url", "rot13", "tags", "spacing", "leet"]


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A text that was hidden in a stretch of another."""

    text: str
    start: int
    end: int
    disguise: Disguise
    is_in_place: bool = False
    """True when every character stands where the one it came from stood, counted from `start`."""


def _options() -> Any:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    return options


_BASE64 = re2.compile(rb"[A-Za-z0-9+/_-]{20,}={0,2}", _options())
_HEX = re2.compile(rb"(?:(?:0x|\\x)?[0-9A-Fa-f]{2}[ ,:]?){12,}", _options())
_PERCENT = re2.compile(
    rb"(?:[A-Za-z0-9+_.~!*'()-]{0,20}%[0-9A-Fa-f]{2}){3,}[A-Za-z0-9+_.~!*'()-]*", _options()
)
_TAGS = re.compile("[\U000e0020-\U000e007e]{4,}")
_SPELLED = re.compile(r"(?:(?<![^\W_])[^\W\d_](?:[ .*_|/-]|\s{2,4})){5,}[^\W\d_](?![^\W_])")
_SEPARATORS = re.compile(r"[ .*_|/-]|\s{2,4}")
_OF_ROT13 = re.compile(
    r"\b(?:gur|vtaber|cerivbhf|vafgehpgvbaf?|cebzcg|flfgrz|sbetrg|qvfertneq|lbhe?|nal|nyy)\b", re.IGNORECASE
)
_LEET = re.compile(r"[A-Za-z][0134578@$!|][A-Za-z]|\b[0134578@$][A-Za-z]{2}")
_LEET_LETTERS = str.maketrans("0134578@$!|", "oieastbasil")
_LEET_BYTES = bytes.maketrans(b"0134578@$!|", b"oieastbasil")
_LETTER = rb"(?:[A-Za-z]|[\xc2-\xf4][\x80-\xbf]{1,3})"
_SPACE = rb"(?:[\s\x0b\x1c-\x1f]|\xc2[\x85\xa0]|\xe1\x9a\x80|\xe2[\x80\x81][\x80-\xbf]|\xe3\x80\x80)"
_CLUES: Mapping[Disguise, bytes] = {
    "base64": rb"[A-Za-z0-9+/_-]{20}",
    "hex": rb"(?:(?:0x|\\x)?[0-9A-Fa-f]{2}[ ,:]?){12}",
    "url": rb"(?:%[0-9A-Fa-f]{2}[^%]{0,20}){3}",
    "tags": rb"\xf3\xa0[\x80\x81]",
    "rot13": rb"(?i:\b(?:gur|vtaber|cerivbhf|vafgehpgvbaf?|cebzcg|flfgrz|sbetrg|qvfertneq|lbhe?|nal|nyy)\b)",
    "leet": rb"[A-Za-z][0134578@$!|][A-Za-z]|(?:\b|[\x80-\xff])[0134578@$][A-Za-z]{2}",
    "spacing": rb"(?:" + _LETTER + rb"(?:[ .*_|/-]|" + _SPACE + rb"{2,4})){5}",
}
"""What every text has in UTF-8 that was disguised so; most texts hide nothing, and only a few have a clue of it."""
_DISGUISES = tuple(_CLUES)
_SEVERAL = Several(list(_CLUES.values()), _options())
_LONGEST = 20_000
"""Packed runs longer than this are images and files."""


def unpacked(text: str) -> Iterator[Unpacked]:
    """Yield every text hidden in this one."""
    data = text.encode()
    clues = {_DISGUISES[number] for number in _SEVERAL.which_in(data)}
    if not clues:
        return
    if "base64" in clues:
        for run, start, end in _runs(_BASE64, data):
            decoded = _from_base64(run)
            if decoded:
                yield Unpacked(decoded, start, end, "base64")
    if "hex" in clues:
        for run, start, end in _runs(_HEX, data):
            decoded = _from_hex(run)
            if decoded:
                yield Unpacked(decoded, start, end, "hex")
    if "url" in clues:
        for run, start, end in _runs(_PERCENT, data):
            yield Unpacked(unquote(run.replace("+", " ")), start, end, "url")
    if "tags" in clues:
        for found in _TAGS.finditer(text):
            plain = "".join(chr(ord(character) - 0xE0000) for character in found.group())
            yield Unpacked(plain, *found.span(), "tags")
    if "rot13" in clues and len(_OF_ROT13.findall(text)) > 1:
        yield Unpacked(codecs.encode(text, "rot13"), 0, len(text), "rot13", is_in_place=True)
    if "leet" in clues and _LEET.search(text):
        yield Unpacked(_from_leet(text), 0, len(text), "leet", is_in_place=True)
    if "spacing" in clues:
        for found in _SPELLED.finditer(text):
            yield Unpacked(_joined(found.group()), *found.span(), "spacing")


def _runs(expression: Any, data: bytes) -> Iterator[tuple[str, int, int]]:
    """Yield the matches of an expression for ASCII, and where they stand in the text that the bytes are."""
    at = characters = 0
    for found in expression.finditer(data):
        run = found.group().decode()
        characters += len(data[at : found.start()].decode())
        yield run, characters, characters + len(run)
        characters += len(run)
        at = found.end()


def _from_leet(text: str) -> str:
    if text.isascii():
        return text.encode().translate(_LEET_BYTES).decode()
    return text.translate(_LEET_LETTERS)


def _from_base64(run: str) -> str:
    if len(run) > _LONGEST or run.isdigit() or (run.islower() and not any(map(str.isdigit, run))):
        return ""
    plain = run.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return _readable(base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True))
    except (binascii.Error, ValueError):
        return ""


def _from_hex(run: str) -> str:
    if len(run) > _LONGEST:
        return ""
    digits = re.sub(r"0x|\\x|[ ,:]", "", run)
    return _readable(bytes.fromhex(digits[: len(digits) & ~1]))


def _readable(data: bytes) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return ""
    wanted = sum(character.isalpha() or character in " \n.,:;'\"!?-" for character in text)
    return text if len(text) > 7 and wanted >= 0.8 * len(text) else ""


def _joined(spelled: str) -> str:
    # Where the letters stand one apart, what stands further apart is a space between words.
    words = re.split(r"\s{2,4}|[/|]", spelled)
    return " ".join(_SEPARATORS.sub("", word) for word in words)

"""What a model can read and a filter would not: text that was packed, spelled out, or written in other letters.

One round only: what is packed twice stays packed.
"""

import base64
import binascii
import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import unquote

import re2

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


_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{20,}={0,2}")
_HEX = re.compile(r"(?:(?:0x|\\x)?[0-9A-Fa-f]{2}[ ,:]?){12,}")
_PERCENT = re.compile(r"(?:[A-Za-z0-9+_.~!*'()-]{0,20}%[0-9A-Fa-f]{2}){3,}[A-Za-z0-9+_.~!*'()-]*")
_TAGS = re.compile("[\U000e0020-\U000e007e]{4,}")
_SPELLED = re.compile(r"(?:(?<![^\W_])[^\W\d_](?:[ .*_|/-]|\s{2,4})){5,}[^\W\d_](?![^\W_])")
_SEPARATORS = re.compile(r"[ .*_|/-]|\s{2,4}")
_OF_ROT13 = re.compile(
    r"\b(?:gur|vtaber|cerivbhf|vafgehpgvbaf?|cebzcg|flfgrz|sbetrg|qvfertneq|lbhe?|nal|nyy)\b", re.IGNORECASE
)
_LEET = re.compile(r"[A-Za-z][0134578@$!|][A-Za-z]|\b[0134578@$][A-Za-z]{2}")
_LEET_LETTERS = str.maketrans("0134578@$!|", "oieastbasil")
_ANY = re2.compile(
    rb"[A-Za-z0-9+/_-]{20}|(?:(?:0x|\\x)?[0-9A-Fa-f]{2}[ ,:]?){12}|(?:%[0-9A-Fa-f]{2}[^%]{0,20}){3}"
    rb"|(?:[A-Za-z](?:[ .*_|/-]|\s{2,4})){5}|[A-Za-z][0134578@$!|][A-Za-z]|\b[0134578@$][A-Za-z]{2}"
    rb"|(?i:\b(?:gur|vtaber|vafgehpgvba|cebzcg|flfgrz|sbetrg|qvfertneq)\b)|\xf3\xa0[\x80\x81]",
    _options(),
)
"""Whether it is worth looking closer; most texts hide nothing."""
_LONGEST = 20_000
"""Packed runs longer than this are images and files."""


def unpacked(text: str) -> Iterator[Unpacked]:
    """Yield every text hidden in this one."""
    if _ANY.search(text.encode()) is None:
        return
    for found in _BASE64.finditer(text):
        decoded = _from_base64(found.group())
        if decoded:
            yield Unpacked(decoded, *found.span(), "base64")
    for found in _HEX.finditer(text):
        decoded = _from_hex(found.group())
        if decoded:
            yield Unpacked(decoded, *found.span(), "hex")
    if "%" in text:
        for found in _PERCENT.finditer(text):
            yield Unpacked(unquote(found.group().replace("+", " ")), *found.span(), "url")
    if not text.isascii():
        for found in _TAGS.finditer(text):
            plain = "".join(chr(ord(character) - 0xE0000) for character in found.group())
            yield Unpacked(plain, *found.span(), "tags")
    if len(_OF_ROT13.findall(text)) > 1:
        yield Unpacked(codecs.encode(text, "rot13"), 0, len(text), "rot13", is_in_place=True)
    if _LEET.search(text):
        yield Unpacked(text.translate(_LEET_LETTERS), 0, len(text), "leet", is_in_place=True)
    for found in _SPELLED.finditer(text):
        yield Unpacked(_joined(found.group()), *found.span(), "spacing")


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

"""Tell numbers that are what they look like from those that only look like it.

A check is handed the text of a match and answers how many of its characters belong to the finding; 0 refuses it.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping

Check = Callable[[str], int]

_IBAN_LENGTHS = """
AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28
EE20 EG29 ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26
IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30
NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27 ST25 SV28 TL23
TN24 TR26 UA29 VA22 VG24 XK20
"""
IBAN_LENGTHS: Mapping[str, int] = {word[:2]: int(word[2:]) for word in _IBAN_LENGTHS.split()}
"""How long an account number is in each country."""


_VALUES = bytes(max(0, byte - 48) & 0xFF if byte < 58 else 0 for byte in range(256))
_NO_DIGITS = bytes(byte for byte in range(256) if not 48 <= byte < 58)
_DOUBLED = bytes((0, 2, 4, 6, 8, 1, 3, 5, 7, 9, *range(10, 256)))
"""Twice a digit, and the sum of the digits of that."""
_IN_BASE_36: Mapping[str, str] = {
    character: str(int(character, 36)) for character in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
}


def digits_of(text: str) -> bytes:
    """Return the digits of a text, each as the number it is."""
    return text.encode().translate(_VALUES, _NO_DIGITS)


def luhn(text: str) -> int:
    """Accept digits, separated or not, whose last one is their Luhn check digit."""
    digits = digits_of(text)
    total = sum(digits[-1::-2]) + sum(digits[-2::-2].translate(_DOUBLED))
    return len(text) if total % 10 == 0 and len(digits) > 1 and any(digits) else 0


def mod97(text: str) -> int:
    """Accept an account number of the length its country uses and whose check digits are right."""
    length = IBAN_LENGTHS.get(text[:2].upper(), 0)
    if not length or len(text) < length:
        return 0
    compact = text.replace(" ", "")
    end = length if compact is text else _end_of(text, length)
    is_cut_inside_a_word = end < len(text) and text[end] != " "
    if len(compact) < length or is_cut_inside_a_word:
        return 0
    compact = compact[:length].upper()
    try:
        return end if int("".join(map(_IN_BASE_36.__getitem__, compact[4:] + compact[:4]))) % 97 == 1 else 0
    except KeyError:
        return 0


def _end_of(text: str, length: int) -> int:
    """Return where so many characters end, spaces not counted; the end of the text where there are fewer."""
    end = length
    while (less := length - end + text.count(" ", 0, end)) > 0 and end < len(text):
        end += less
    return min(end, len(text))


def social_security(text: str) -> int:
    """Accept a US social security number whose three groups may have been issued."""
    area, group, serial = text[:3], text[4:6], text[7:]
    was_never_issued = area in ("000", "666") or area[0] == "9" or group == "00" or serial == "0000"
    return 0 if was_never_issued else len(text)


_LEAST_DIALLED, _MOST_DIALLED, _OF_NORTH_AMERICA = 8, 15, 11
_END_OF_GROUP = re.compile(r"\d\)?(?![\d)])")
_ANOTHER_NUMBER = re.compile(r" ?\(\d{3}|[ .-]\d{3}[ .-]\d{3}(?!\d)")


def dialled(text: str) -> int:
    """Accept what has as many digits as a telephone number; of more, those groups that make one."""
    digits = len(digits_of(text))
    if digits <= _MOST_DIALLED:
        return len(text) if digits >= _LEAST_DIALLED else 0
    ends = {
        said: found.end()
        for found in _END_OF_GROUP.finditer(text)
        if _LEAST_DIALLED <= (said := len(digits_of(text[: found.end()]))) <= _MOST_DIALLED
    }
    if text.startswith("+1") and _OF_NORTH_AMERICA in ends:
        return ends[_OF_NORTH_AMERICA]
    another = (end for end in ends.values() if _ANOTHER_NUMBER.match(text, end))
    return next(another, max(ends.values(), default=0))


_BYTE = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = re.compile(rf"{_BYTE}(?:\.{_BYTE}){{3}}")


def ip_address(text: str) -> int:
    """Accept an address that a machine may have; `::` between short words is code, not an address."""
    if _IPV4.fullmatch(text):
        return 0 if text.startswith("127.") or text == "0.0.0.0" else len(text)  # noqa: S104
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return 0
    groups = [group for group in text.split(":") if group]
    looks_like_code = ":" in text and (len(groups) < 2 or not any(c.isdigit() for c in text))
    return 0 if looks_like_code or address.is_loopback or address.is_unspecified else len(text)


CHECKS: Mapping[str, Check] = {"luhn": luhn, "mod97": mod97}
"""Those a policy may name for a pattern of its own."""

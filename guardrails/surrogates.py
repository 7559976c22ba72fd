"""Realistic stand-ins: another value of the same kind and look, that belongs to nobody.

Numbers keep their grouping and have right check digits, but lie in ranges kept for tests and films; domains are those of RFC 2606,
addresses of machines those of RFC 5737 and RFC 3849. What a kind of value has no range for keeps its shape alone.
"""

import re
from collections.abc import Callable, Mapping
from random import Random
from string import ascii_lowercase, ascii_uppercase, digits

from guardrails.guards.checksums import IBAN_LENGTHS
from guardrails.surrogate_words import COMPANIES, LEGAL_FORMS, TRADES, WORDS, Words

LEAST_CHARACTERS = 5
"""A stand-in with fewer letters and digits could not be told from what a model writes by itself."""

Maker = Callable[[str, Random], str | None]

_LOOKS = (
    ("de", re.compile(r"(?i)[äöüß]|stra(?:ss|ß)e|\b(?:herr|frau|von der|platz|weg)\b|\bGmbH\b")),
    ("es", re.compile(r"(?i)[ñ¿¡]|\b(?:calle|avenida|plaza|paseo)\b|\bS\.L\.")),
    ("pt", re.compile(r"(?i)[ãõ]|\b(?:rua|travessa|alameda|largo|avenida central)\b|\bLt?da\b")),
    ("fr", re.compile(r"(?i)[œçêèù]|\b(?:rue|boulevard|chemin|place d|avenue d)|\bSARL\b")),
    ("it", re.compile(r"(?i)[òì]|\b(?:via|viale|corso|piazza)\b|S\.?p\.?A\b|S\.?r\.?l\b")),
    ("nl", re.compile(r"(?i)ij\b|\b(?:van de[nr]?|straat|laan|gracht|plein)\b|(?:straat|laan|gracht|plein)\b|\bB\.?V\b")),
)  # fmt: skip


def surrogate(entity: str, value: str, chance: Random) -> str | None:
    """Return a stand-in for a value; None when its kind has none that could be recognised again."""
    made = _MAKERS.get(entity, _alike)(value, chance)
    if made is None or sum(character.isalnum() for character in made) < LEAST_CHARACTERS:
        return None
    return None if made.casefold() == value.casefold() else made


def parts(entity: str, made: str, value: str) -> dict[str, str]:
    """Return the names a model may use of a whole one, and what each stands for: `Maria` for `Anna`."""
    given, meant = made.split(), value.split()
    if entity != "PERSON" or not 2 <= len(given) == len(meant):
        return {}
    pairs = ((given[0], meant[0]), (given[-1], meant[-1]))
    return {one: other for one, other in pairs if len(one) >= 4 and one.isalpha()}


def language_of(value: str) -> str:
    """Guess from the look of a value whose names suit it."""
    for language, look in _LOOKS:
        if look.search(value):
            return language
    first = value.split()[0].casefold() if value.split() else ""
    known = (
        language
        for language, words in WORDS.items()
        for name in (*words.women, *words.men)
        if name.casefold() == first
    )
    return next(known, "en")


def _words_for(value: str) -> Words:
    return WORDS[language_of(value)]


def _person(value: str, chance: Random) -> str | None:
    words, names = _words_for(value), value.split()
    first = names[0].casefold() if names else ""
    is_woman = any(first == name.casefold() for each in WORDS.values() for name in each.women)
    is_man = any(first == name.casefold() for each in WORDS.values() for name in each.men)
    given = words.women if is_woman else words.men if is_man else words.women + words.men
    if len(names) == 1:
        made = chance.choice(given)
    else:
        made = " ".join([*(chance.choice(given) for _ in names[1:]), chance.choice(words.surnames)])
    return _cased_like(made, value)


def _organization(value: str, chance: Random) -> str | None:
    form = next((form for form in LEGAL_FORMS if value.rstrip().endswith(f" {form}")), "")
    return " ".join(part for part in (chance.choice(COMPANIES), chance.choice(TRADES), form) if part)


def _location(value: str, chance: Random) -> str | None:
    return _cased_like(chance.choice(_words_for(value).towns), value)


def _street_address(value: str, chance: Random) -> str | None:
    words = _words_for(value)
    street, number = chance.choice(words.streets), str(chance.randint(2, 189))
    return f"{number} {street}" if words.number_first else f"{street} {number}"


def _email(value: str, chance: Random) -> str | None:
    words = _words_for(value)
    name = f"{chance.choice(words.women + words.men)}.{chance.choice(words.surnames)}".lower()
    return f"{name}{chance.randint(2, 99)}@example.{chance.choice(('com', 'org', 'net'))}"


def _url(value: str, chance: Random) -> str | None:
    scheme = value.partition("://")[0] if "://" in value else "https"
    return f"{scheme}://{chance.choice(COMPANIES).lower()}.example/{_letters(chance, 10)}"


def _card(value: str, chance: Random) -> str | None:
    count = sum(character.isdigit() for character in value)
    beginning = {"3": "378282", "4": "400000", "5": "510510", "6": "601111"}.get(
        _first_digit(value), "222300"
    )
    if count < 12:
        return None
    body = beginning + _digits(chance, count - len(beginning) - 1)
    doubled = [int(digit) * 2 - 9 * (digit > "4") for digit in body[::-2]]
    check = -(sum(doubled) + sum(map(int, body[-2::-2]))) % 10
    return _poured(body + str(check), value)


def _iban(value: str, chance: Random) -> str | None:
    compact = "".join(character for character in value if character.isalnum()).upper()
    country = compact[:2]
    if IBAN_LENGTHS.get(country) != len(compact):
        return None
    account = "".join(chance.choice(digits if each.isdigit() else ascii_uppercase) for each in compact[8:])
    # No bank has such a code.
    account = "".join("0" if each.isdigit() else "X" for each in compact[4:8]) + account
    number = int("".join(str(int(each, 36)) for each in f"{account}{country}00"))
    return _poured(f"{country}{98 - number % 97:02}{account}", value)


_PHONES = (
    # Numbers kept for films: NANPA 555-0100 to 555-0199, Ofcom, Bundesnetzagentur, Arcep.
    (re.compile(r"\+?1?\D*\d{3}\D*\d{3}\D*\d{4}$"), ("{area}55501{two}",), 10),
    (re.compile(r"(?:\+44|0044)"), ("2079460{three}", "7700900{three}"), 10),
    (re.compile(r"(?:\+49|0049)"), ("3023125{three}",), 10),
    (re.compile(r"(?:\+33|0033)"), ("1990{area}{two}", "63998{four}"), 9),
)


def _phone(value: str, chance: Random) -> str | None:
    shown = [character for character in value if character.isdigit()]
    for look, forms, length in _PHONES:
        if look.match(value) and len(shown) >= length:
            national = chance.choice(forms).format(
                area=chance.choice(("212", "303", "415", "512", "617", "773")),
                two=_digits(chance, 2),
                three=_digits(chance, 3),
                four=_digits(chance, 4),
            )
            return _poured(_fitted("".join(shown), national[-length:]), value)
    kept = max(2, len(shown) - 7)
    rest = "555" + _digits(chance, max(len(shown) - kept - 3, 0))
    return _poured("".join(shown[:kept]) + rest[: len(shown) - kept], value) if len(shown) >= 6 else None


def _fitted(shown: str, national: str) -> str:
    """Put a national number behind whatever of a country code the value begins with."""
    return shown[: len(shown) - len(national)] + national


def _social_security(value: str, chance: Random) -> str | None:
    return _poured("666" + f"{chance.randint(1, 99):02}{chance.randint(1, 9999):04}", value)


def _ip(value: str, chance: Random) -> str | None:
    if ":" in value:
        return "2001:db8:" + ":".join(f"{chance.randrange(1, 65536):x}" for _ in range(6))
    return f"{chance.choice(('192.0.2', '198.51.100', '203.0.113'))}.{chance.randint(1, 254)}"


def _mac(value: str, chance: Random) -> str | None:
    return _poured("02005e" + f"{chance.randrange(1 << 24):06x}", value)


_DATES = (
    (re.compile(r"(?P<y>\d{4})(-|/|\.)(?P<m>\d{2})\2(?P<d>\d{2})$"), "{y}{s}{m:02}{s}{d:02}"),
    (re.compile(r"(?P<d>\d{1,2})(/|\.|-)(?P<m>\d{1,2})\2(?P<y>\d{4})$"), "{d:02}{s}{m:02}{s}{y}"),
)


def _date(value: str, chance: Random) -> str | None:
    for look, form in _DATES:
        found = look.match(value.strip())
        if found:
            year = int(found["y"]) + chance.choice((-3, -2, -1, 1, 2, 3))
            # The twelfth at most: a date that may be read either way is one either way.
            return form.format(y=year, m=chance.randint(1, 12), d=chance.randint(1, 12), s=found.group(2))
    return None


def _alike(value: str, chance: Random) -> str | None:
    """Return other letters and digits in the same places."""
    if sum(character.isascii() and character.isalnum() for character in value) < LEAST_CHARACTERS:
        return None
    return "".join(_character_like(character, chance) for character in value)


def _character_like(character: str, chance: Random) -> str:
    if not character.isalnum():
        return character
    if character.isdigit():
        return chance.choice(digits)
    return chance.choice(ascii_uppercase if character.isupper() else ascii_lowercase)


def _poured(characters: str, value: str) -> str | None:
    """Write characters where the value has letters and digits, so that they are grouped alike."""
    following = iter(characters)
    poured = "".join(next(following, "") if each.isalnum() else each for each in value)
    return poured + "".join(following)


def _cased_like(made: str, value: str) -> str:
    if value.isupper():
        return made.upper()
    return made.lower() if value.islower() else made


def _first_digit(value: str) -> str:
    return next((character for character in value if character.isdigit()), "")


def _digits(chance: Random, count: int) -> str:
    return "".join(chance.choice(digits) for _ in range(count))


def _letters(chance: Random, count: int) -> str:
    return "".join(chance.choice(ascii_lowercase) for _ in range(count))


def _none(value: str, chance: Random) -> str | None:
    """Have none: `Dr` and `42` stand for nobody in particular, and could not be told from others."""
    return None


_MAKERS: Mapping[str, Maker] = {
    "PERSON": _person,
    "ORGANIZATION": _organization,
    "LOCATION": _location,
    "STREET_ADDRESS": _street_address,
    "EMAIL_ADDRESS": _email,
    "URL": _url,
    "CREDIT_CARD": _card,
    "IBAN_CODE": _iban,
    "PHONE_NUMBER": _phone,
    "US_SSN": _social_security,
    "IP_ADDRESS": _ip,
    "MAC_ADDRESS": _mac,
    "DATE_OF_BIRTH": _date,
    "DATE_TIME": _date,
    "AGE": _none,
    "TITLE": _none,
    "NRP": _none,
    "PRIVATE_KEY": _none,
}

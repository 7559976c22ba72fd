"""Check digits of national numbers. Each is handed the text of a match and answers how many of its characters are the finding.

Sources are named where the rule is: the authority that gives the number out, or the standard it follows.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import cycle
from operator import mul

from guardrails.guards.checksums import Check, digits_of, luhn

_VERHOEFF_PRODUCT = [*map(digits_of, (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
))]  # fmt: skip
_VERHOEFF_SHIFT = [*map(digits_of, (
    "0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258",
))]  # fmt: skip
_ODD_FISCAL = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10,
         22, 25, 24, 23),
        strict=True,
    )
)  # fmt: skip
_FISCAL_DIGITS = dict(zip("LMNPQRSTUV", "0123456789", strict=True))
_DIGITS = frozenset("0123456789")
_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"


def compact(text: str) -> str:
    """Return the letters and digits of a text, in capitals."""
    if text.isascii():
        return text.encode().translate(_CAPITALS, _NO_LETTERS).decode()
    return "".join(filter(str.isalnum, text.upper()))


_CAPITALS = bytes(range(256)).upper()
_NO_LETTERS = bytes(byte for byte in range(128) if not chr(byte).isalnum())


def _weighted(digits: Iterable[int], weights: Iterable[int]) -> int:
    return sum(map(mul, digits, weights))


def _rule(holds: Callable[[str], bool]) -> Check:
    """Make a check of a rule about the letters and digits of a match."""

    def check(text: str) -> int:
        plain = compact(text)
        return len(text) if not _is_one_digit(plain) and holds(plain) else 0

    check.__doc__ = holds.__doc__
    return check


def _is_one_digit(plain: str) -> bool:
    """Tell whether all digits are the same one: no number that is given out looks like that."""
    # Of a number that begins with two different digits it need not be asked.
    if plain[:1] != plain[1:2] and plain[:2].isdigit():
        return False
    return len(_DIGITS.intersection(plain)) < 2


@_rule
def us_itin(plain: str) -> bool:
    """IRS: begins with 9; the fourth and fifth digit are 50-65, 70-88, 90-92 or 94-99."""
    group = int(plain[3:5])
    return plain[0] == "9" and (50 <= group <= 65 or 70 <= group <= 88 or 90 <= group <= 92 or group >= 94)


@_rule
def us_routing(plain: str) -> bool:
    """American Bankers Association: 3, 7, 1 repeated, sum divisible by 10; the first two digits name a district."""
    digits = digits_of(plain)
    district = digits[0] * 10 + digits[1]
    is_district = district <= 12 or 21 <= district <= 32 or 61 <= district <= 72 or district == 80
    return is_district and _weighted(digits, (3, 7, 1) * 3) % 10 == 0


@_rule
def us_npi(plain: str) -> bool:
    """CMS: Luhn over the number with 80840 before it."""
    return luhn("80840" + plain) > 0


@_rule
def us_dea(plain: str) -> bool:
    """DEA: digits 1, 3, 5 and twice digits 2, 4, 6 end in the seventh."""
    digits = digits_of(plain)[-7:]
    return (sum(digits[0:6:2]) + 2 * sum(digits[1:6:2])) % 10 == digits[6]


@_rule
def uk_nhs(plain: str) -> bool:
    """NHS Data Dictionary: weights 10 to 2, modulo 11; a check of 10 is not given out."""
    digits = digits_of(plain)
    return (11 - _weighted(digits[:9], range(10, 1, -1)) % 11) % 11 == digits[9]


@_rule
def uk_utr(plain: str) -> bool:
    """HMRC: the first digit checks the nine that follow."""
    digits = digits_of(plain)
    return "21987654321"[_weighted(digits[1:], (6, 7, 8, 9, 10, 5, 4, 3, 2)) % 11] == plain[0]


@_rule
def uk_vat(plain: str) -> bool:
    """HMRC: weights 8 to 2, and the last two digits make the sum divisible by 97, since 2010 with 55 added."""
    digits = digits_of(plain)[:9]
    total = _weighted(digits[:7], range(8, 1, -1)) + digits[7] * 10 + digits[8]
    return total % 97 == 0 or (total + 55) % 97 == 0


@_rule
def ca_sin(plain: str) -> bool:
    """Employment and Social Development Canada: Luhn; none begins with 0 or 8."""
    return plain[0] not in "08" and luhn(plain) > 0


@_rule
def ca_business(plain: str) -> bool:
    """Canada Revenue Agency: Luhn over the first nine digits."""
    return luhn(plain[:9]) > 0


@_rule
def au_tfn(plain: str) -> bool:
    """Australian Taxation Office: weights 1, 4, 3, 7, 5, 8, 6, 9, 10, divisible by 11."""
    return _weighted(digits_of(plain), (1, 4, 3, 7, 5, 8, 6, 9, 10)) % 11 == 0


@_rule
def au_abn(plain: str) -> bool:
    """Australian Business Register: one off the first digit, weights 10, 1, 3 ... 19, divisible by 89."""
    return (_weighted(digits_of(plain), (10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19)) - 10) % 89 == 0


@_rule
def au_medicare(plain: str) -> bool:
    """Services Australia: begins with 2 to 6; weights 1, 3, 7, 9 over eight digits, modulo 10, is the ninth."""
    digits = digits_of(plain)
    return 2 <= digits[0] <= 6 and _weighted(digits[:8], (1, 3, 7, 9) * 2) % 10 == digits[8]


@_rule
def in_aadhaar(plain: str) -> bool:
    """UIDAI: Verhoeff's scheme; none begins with 0 or 1."""
    state = 0
    for shift, digit in zip(cycle(_VERHOEFF_SHIFT), reversed(digits_of(plain)), strict=False):
        state = _VERHOEFF_PRODUCT[state][shift[digit]]
    return plain[0] not in "01" and state == 0


@_rule
def in_gstin(plain: str) -> bool:
    """GST Network: factors 1 and 2 over base 36, quotient and remainder added; the state is 01 to 38 or 97."""
    total = 0
    for position, character in enumerate(plain[:14]):
        product = int(character, 36) * (1 + position % 2)
        total += product // 36 + product % 36
    is_state = 1 <= int(plain[:2]) <= 38 or plain[:2] in ("97", "99")
    return is_state and (36 - total % 36) % 36 == int(plain[14], 36)


def _mod_11_10(digits: Sequence[int]) -> int:
    """Return the check digit of ISO 7064, MOD 11,10."""
    product = 10
    for digit in digits:
        total = (digit + product) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10


@_rule
def de_tax_id(plain: str) -> bool:
    """Bundeszentralamt für Steuern: ISO 7064 MOD 11,10; of the first ten digits one comes twice or three times."""
    digits = digits_of(plain)
    repeated = sorted(map(digits[:10].count, set(digits[:10])))
    is_repeated_once = repeated[-1] in (2, 3) and repeated[-2:-1] in ([1], [])
    return plain[0] != "0" and is_repeated_once and _mod_11_10(digits[:10]) == digits[10]


@_rule
def de_vat(plain: str) -> bool:
    """Bundeszentralamt für Steuern: ISO 7064 MOD 11,10 over eight digits."""
    digits = digits_of(plain)
    return digits[0] != 0 and _mod_11_10(digits[:8]) == digits[8]


def _icao(text: str) -> int:
    """Return the check digit of ICAO Doc 9303: weights 7, 3, 1."""
    return sum(int(character, 36) * (7, 3, 1)[at % 3] for at, character in enumerate(text)) % 10


@_rule
def de_id_card(plain: str) -> bool:
    """Bundesdruckerei: nine characters and their check digit of ICAO Doc 9303."""
    return _icao(plain[:9]) == int(plain[9])


@_rule
def de_pension(plain: str) -> bool:
    """Deutsche Rentenversicherung: area, date of birth, letter as two digits, weights 2 1 2 5 7 1 2 1 2 1 2 1, digit sums."""
    day, month = int(plain[2:4]), int(plain[4:6])
    digits = plain[:8] + f"{ord(plain[8]) - 64:02}" + plain[9:11]
    products = (
        int(digit) * weight
        for digit, weight in zip(digits, (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1), strict=True)
    )
    is_date = (1 <= day <= 31 or 51 <= day <= 81) and 1 <= month <= 12
    return is_date and sum(product // 10 + product % 10 for product in products) % 10 == int(plain[11])


@_rule
def fr_nir(plain: str) -> bool:
    """INSEE: 97 less the number modulo 97; Corsica's 2A and 2B count as 19 and 18. The month is 01-12 or 20-42 or from 50 on."""
    month = int(plain[3:5])
    number = int(plain[:13].replace("2A", "19").replace("2B", "18"))
    return (1 <= month <= 12 or 20 <= month <= 42 or month >= 50) and 97 - number % 97 == int(plain[13:])


@_rule
def fr_company(plain: str) -> bool:
    """INSEE: Luhn over a SIREN, and over the SIRET that begins with it; La Poste's add up to a multiple of five."""
    is_post = plain.startswith("356000000") and len(plain) == 14 and sum(digits_of(plain)) % 5 == 0
    return luhn(plain[:9]) > 0 and (len(plain) == 9 or luhn(plain) > 0 or is_post)


@_rule
def fr_vat(plain: str) -> bool:
    """Direction générale des finances publiques: (12 + 3 × (SIREN modulo 97)) modulo 97 stands before the SIREN."""
    key, siren = plain[2:4], plain[4:]
    return luhn(siren) > 0 and (not key.isdigit() or int(key) == (12 + 3 * (int(siren) % 97)) % 97)


@_rule
def fr_tax_number(plain: str) -> bool:
    """Direction générale des finances publiques: the first ten digits modulo 511 are the last three."""
    return plain[0] in "0123" and int(plain[:10]) % 511 == int(plain[10:])


@_rule
def es_dni(plain: str) -> bool:
    """Dirección General de la Policía: the number modulo 23 chooses the letter; X, Y, Z count as 0, 1, 2."""
    number = plain[:-1].replace("X", "0").replace("Y", "1").replace("Z", "2")
    return plain[-1] == _DNI_LETTERS[int(number) % 23]


@_rule
def es_cif(plain: str) -> bool:
    """Agencia Tributaria: even digits and the digit sums of the doubled odd ones; a digit or a letter by the first letter."""
    digits = digits_of(plain[1:8])
    total = sum(digits[1::2]) + sum(sum(divmod(digit * 2, 10)) for digit in digits[0::2])
    control = (10 - total % 10) % 10
    is_digit, is_letter = plain[8] == str(control), plain[8] == "JABCDEFGHI"[control]
    if plain[0] in "PQRSNW":
        return is_letter
    return is_digit if plain[0] in "ABEH" else is_digit or is_letter


@_rule
def es_vat(plain: str) -> bool:
    """Agencia Tributaria: ES before a person's or a company's number."""
    number = plain.removeprefix("ES")
    return (es_dni if number[0].isdigit() or number[0] in "XYZ" else es_cif)(number) > 0


@_rule
def es_social_security(plain: str) -> bool:
    """Tesorería General de la Seguridad Social: the first ten digits modulo 97 are the last two."""
    province, number = int(plain[:2]), int(plain[2:10])
    whole = province * 10_000_000 + number if number < 10_000_000 else int(plain[:10])
    return 1 <= province <= 66 and whole % 97 == int(plain[10:])


@_rule
def it_fiscal_code(plain: str) -> bool:
    """Agenzia delle Entrate, D.M. 23/12/1976: odd and even characters by two tables, modulo 26; letters for digits allowed."""
    odd = sum(_ODD_FISCAL[character] for character in plain[0:15:2])
    even = sum(int(each) if each.isdigit() else ord(each) - 65 for each in plain[1:15:2])
    day = int("".join(_FISCAL_DIGITS.get(each, each) for each in plain[9:11]))
    return (1 <= day <= 31 or 41 <= day <= 71) and chr(65 + (odd + even) % 26) == plain[15]


@_rule
def it_vat(plain: str) -> bool:
    """Agenzia delle Entrate: Luhn over eleven digits; the office is 001-100, 120, 121, 888 or 999."""
    digits = plain[-11:]
    office = int(digits[7:10])
    return luhn(digits) > 0 and (1 <= office <= 100 or office in (120, 121, 888, 999))


@_rule
def nl_bsn(plain: str) -> bool:
    """Rijksdienst voor Identiteitsgegevens: weights 9 to 2 and -1, divisible by 11."""
    return _weighted(digits_of(plain), (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0


@_rule
def nl_vat(plain: str) -> bool:
    """Belastingdienst: since 2020 modulo 97 over all characters is 1; before, the number is a BSN."""
    number = int("".join(str(int(character, 36)) for character in plain))
    return number % 97 == 1 or nl_bsn(plain[2:11]) > 0


def _mod_11_of(digits: Sequence[int]) -> int:
    """Return the check digit of Portugal and Brazil: weights from 2 up, from the right; 10 and 11 are 0."""
    total = _weighted(digits[::-1], range(2, 20))
    return (11 - total % 11) % 11 % 10 if total % 11 > 1 else 0


@_rule
def pt_nif(plain: str) -> bool:
    """Autoridade Tributária: weights 9 to 2, modulo 11; begins with 1, 2, 3, 45, 5, 6, 7, 8 or 9."""
    digits = digits_of(plain[-9:])
    is_given_out = digits[0] in (1, 2, 3, 5, 6, 7, 8, 9) or digits[:2] == b"\x04\x05"
    return is_given_out and _mod_11_of(digits[:8]) == digits[8]


@_rule
def pt_citizen_card(plain: str) -> bool:
    """Agência para a Modernização Administrativa: every second character from the right doubled, divisible by 10."""
    values = [int(character, 36) for character in reversed(plain)]
    doubled = [value * 2 - 9 if value * 2 > 9 else value * 2 for value in values[1::2]]
    return (sum(values[0::2]) + sum(doubled)) % 10 == 0


@_rule
def pt_social_security(plain: str) -> bool:
    """Segurança Social: weights 29, 23, 19 ... 2, nine less the sum modulo 10; begins with 1 or 2."""
    digits = digits_of(plain)
    return (
        digits[0] in (1, 2)
        and 9 - _weighted(digits[:10], (29, 23, 19, 17, 13, 11, 7, 5, 3, 2)) % 10 == digits[10]
    )


@_rule
def br_cpf(plain: str) -> bool:
    """Receita Federal: two check digits, weights from 2 up, modulo 11."""
    digits = digits_of(plain)
    return _mod_11_of(digits[:9]) == digits[9] and _mod_11_of(digits[:10]) == digits[10]


@_rule
def br_cnpj(plain: str) -> bool:
    """Receita Federal: two check digits, weights 2 to 9 repeated, modulo 11; since 2026 letters count as code less 48."""
    values = [ord(character) - 48 for character in plain]

    def check(of: Sequence[int]) -> int:
        rest = _weighted(of[::-1], (2, 3, 4, 5, 6, 7, 8, 9) * 2) % 11
        return 0 if rest < 2 else 11 - rest

    return check(values[:12]) == values[12] and check(values[:13]) == values[13]


@_rule
def br_pis(plain: str) -> bool:
    """Caixa Econômica Federal: weights 3, 2, 9 ... 2, modulo 11."""
    digits = digits_of(plain)
    rest = _weighted(digits[:10], (3, 2, 9, 8, 7, 6, 5, 4, 3, 2)) % 11
    return (0 if rest < 2 else 11 - rest) == digits[10]

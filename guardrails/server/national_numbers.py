"""Identity and tax numbers of countries for which Presidio has no recognizer, each with its check digits."""

from collections.abc import Callable, Sequence
from typing import Any

from presidio_analyzer import Pattern, PatternRecognizer


def is_french_nir(value: str) -> bool:
    """Check the two last digits of a French social security number; 2A and 2B are Corsica."""
    number = value.upper().replace("2A", "19", 1) if value[5:7].upper() == "2A" else value.upper()
    number = number.replace("2B", "18", 1) if value[5:7].upper() == "2B" else number
    return number.isdigit() and len(number) == 15 and 97 - int(number[:13]) % 97 == int(number[13:])


def is_dutch_bsn(value: str) -> bool:
    """Check a Dutch citizen service number by the test of eleven."""
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    return len(value) == 9 and sum(map(int.__mul__, map(int, value), weights)) % 11 == 0 and int(value) > 0


def is_portuguese_nif(value: str) -> bool:
    """Check the last digit of a Portuguese tax number."""
    rest = sum(int(digit) * weight for digit, weight in zip(value[:8], range(9, 1, -1), strict=True)) % 11
    return int(value[8]) == (0 if rest < 2 else 11 - rest)


class CheckedNumberRecognizer(PatternRecognizer):
    """Finds numbers of a form whose check digits are right."""

    def __init__(
        self,
        entity: str,
        regex: str,
        is_valid: Callable[[str], bool],
        *,
        language: str,
        context: Sequence[str],
        score: float = 0.3,
    ) -> None:
        self._is_valid = is_valid
        super().__init__(
            supported_entity=entity,
            patterns=[Pattern(entity.lower(), regex, score)],
            context=list(context),
            supported_language=language,
        )

    def validate_result(self, pattern_text: str) -> bool:
        """Accept a number without its spaces and dots."""
        return self._is_valid("".join(character for character in pattern_text if character.isalnum()))


_FORMS: dict[str, tuple[str, Callable[[str], bool]]] = {
    "FR_NIR": (
        r"\b[12][ .]?\d{2}[ .]?(?:0[1-9]|1[0-2]|[2-9]\d)[ .]?(?:\d{2}|2[ABab])[ .]?\d{3}[ .]?\d{3}[ .]?\d{2}\b",
        is_french_nir,
    ),
    "NL_BSN": (r"\b\d{9}\b|\b\d{4}[ .]\d{2}[ .]\d{3}\b|\b\d{3}[ .]\d{3}[ .]\d{3}\b", is_dutch_bsn),
    "PT_NIF": (r"\b[1-35-9]\d{8}\b|\b[1-35-9]\d{2} \d{3} \d{3}\b", is_portuguese_nif),
}
CHECKED_NUMBERS = tuple(_FORMS)


def checked_number(entity: str, *, language: str, context: Sequence[str]) -> Any:
    """Return the recognizer of a country's number."""
    regex, is_valid = _FORMS[entity]
    return CheckedNumberRecognizer(entity, regex, is_valid, language=language, context=context)

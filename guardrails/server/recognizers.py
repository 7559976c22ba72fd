"""Presidio's recognizers as this server uses them: no model, no network, and contexts that ordinary prompts do not meet."""

import functools
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import phonenumbers
import presidio_analyzer.pattern_recognizer
import spacy
import tldextract
from phonenumbers import PhoneNumberMatcher
from presidio_analyzer import (
    AnalysisExplanation,
    AnalyzerEngine,
    EntityRecognizer,
    RecognizerRegistry,
    RecognizerResult,
)
from presidio_analyzer import predefined_recognizers as presidio
from presidio_analyzer.context_aware_enhancers import LemmaContextAwareEnhancer
from presidio_analyzer.nlp_engine import SlimSpacyNlpEngine

from guardrails.server.national_numbers import CHECKED_NUMBERS, checked_number

REGEX_TIMEOUT_S = 2
UNSHAPED = 0.2
"""How sure digits in a row are a telephone number, before a word says so."""
_VALID = 1
"""How sure phonenumbers must be: the number could have been given to somebody."""
CONTEXT_WORDS_BEFORE = 6
CONTEXT_WORDS_AFTER = 2

_NUMBER = re.compile(r"[+＋(]?\d[\d\s().\-/‐-―]{4,28}\d")
_INTERNATIONAL = re.compile(r"[+＋]")
_NATIONAL = re.compile(r"\(\d|(?:1[-. ])?\d{3}[-. ]\d{3}[-. ]\d{4}$|0\d+[-./ ]?\d")
_SHAPED = re.compile(r"[+＋]\d|\(\d|\d{3}[-. ]\d{3}[-. ]\d{4}|(?<!\d)0\d+[-./ ]?\d")
_UNMISTAKABLE = re.compile(
    r"[+＋]\d[\d\s().\-/‐-―]{6,24}\d|\(\d{3}\)[-. ]?\d{3}[-. ]\d{4}(?!\d)|(?<!\d)\d{3}[-.]\d{3}[-.]\d{4}(?!\d)"
)
_DIGITS = re.compile(r"\d+")
_WORD = re.compile(r"\w+")
_DATE = r"(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./](?:\d{4}|\d{2}))"
_DECIMAL = r"\d+[.,]\d+"
_ONLY_A_DATE = re.compile(rf"{_DATE}|{_DECIMAL}")
_BEGINS_AS_DATE = re.compile(rf"{_DATE}(?:\D|$)|{_DECIMAL}$|0[.,]\d")

_TELEPHONE = {
    "en": "phone telephone tel cell cellphone mobile call called dial fax number sms whatsapp reach",
    "de": "telefon telefonnummer tel handy handynummer mobil mobilnummer anrufen ruf fax nummer",
    "fr": "téléphone telephone tél tel portable mobile appeler appelez appel fax numéro",
    "es": "teléfono telefono tel móvil movil celular llamar llame llama fax número numero",
    "it": "telefono tel cellulare chiamare chiama chiami fax numero",
    "nl": "telefoon telefoonnummer tel mobiel bellen bel fax nummer",
    "pt": "telefone tel telemóvel telemovel celular ligar ligue fax número numero",
}
REGIONS = ("US", "GB", "DE", "FR", "ES", "IT", "NL", "PT", "IN", "BR", "AU")
_CONTEXT = {
    "US_BANK_NUMBER": "account acct bank banking checking savings debit routing konto",
    "US_PASSPORT": "passport passports",
    "US_DRIVER_LICENSE": "driver drivers driving license licence dl cdl permit",
    "US_ITIN": "individual taxpayer itin tax taxid tin",
    "US_SSN": "social security ssn ssns",
    "UK_NHS": "nhs patient",
    "UK_NINO": "insurance nino ni",
    "UK_PASSPORT": "passport passports",
    "UK_DRIVING_LICENCE": "driving driver licence license dvla",
    "MEDICAL_LICENSE": "medical certificate dea license licence prescriber",
    "US_MBI": "medicare mbi beneficiary medicaid hicn",
    "IN_PAN": "pan permanent",
    "IN_AADHAAR": "aadhaar uidai",
    "AU_TFN": "tfn tax",
    "AU_MEDICARE": "medicare",
    "DE_ID_CARD": "personalausweis personalausweisnummer ausweis ausweisnummer ausweis-nr perso id identity",
    "DE_PASSPORT": "reisepass reisepassnummer pass passnummer passport",
    "DE_TAX_ID": "steuer-id steuerid steueridentifikationsnummer steuer idnr identifikationsnummer tax",
    "DE_SOCIAL_SECURITY": "sozialversicherungsnummer rentenversicherungsnummer rentenversicherung rvnr svnr",
    "DE_HEALTH_INSURANCE": "krankenversicherung krankenversichertennummer krankenkasse versichertennummer kvnr",
    "FR_NIR": "sécurité sociale nir numéro sécu insee security",
    "ES_NIF": "dni nif identidad identificación",
    "ES_NIE": "nie extranjero identificación",
    "IT_FISCAL_CODE": "codice fiscale cf",
    "IT_VAT_CODE": "iva partita piva p.iva vat",
    "NL_BSN": "bsn burgerservicenummer sofinummer sofi citizen",
    "PT_NIF": "nif contribuinte fiscal nipc tax",
}
NEED_CONTEXT = frozenset(
    ("US_BANK_NUMBER", "US_PASSPORT", "US_DRIVER_LICENSE", "UK_NHS", "UK_PASSPORT", "MEDICAL_LICENSE")
    + ("US_MBI", "IN_PAN", "IN_AADHAAR", "AU_TFN", "AU_MEDICARE")
    + ("DE_ID_CARD", "DE_PASSPORT", "DE_TAX_ID", "DE_HEALTH_INSURANCE", "IT_VAT_CODE", "NL_BSN", "PT_NIF")
)
"""Their form alone says little: every tenth number has the right check digit. A word nearby must say what it is."""

_GENERIC: Mapping[str, tuple[type, str]] = {
    "CREDIT_CARD": (presidio.CreditCardRecognizer, "credit card visa mastercard amex"),
    "IBAN_CODE": (presidio.IbanRecognizer, "iban bank account"),
    "IP_ADDRESS": (presidio.IpRecognizer, "ip ipv4 ipv6"),
    "CRYPTO": (presidio.CryptoRecognizer, "wallet btc bitcoin crypto"),
    "MAC_ADDRESS": (presidio.MacAddressRecognizer, "mac hardware"),
    "URL": (presidio.UrlRecognizer, "url website link"),
    "DATE_TIME": (presidio.DateRecognizer, "date birthday born"),
}
_NATIONAL_NUMBERS: Mapping[str, type] = {
    "US_BANK_NUMBER": presidio.UsBankRecognizer,
    "US_PASSPORT": presidio.UsPassportRecognizer,
    "US_DRIVER_LICENSE": presidio.UsLicenseRecognizer,
    "US_ITIN": presidio.UsItinRecognizer,
    "US_SSN": presidio.UsSsnRecognizer,
    "US_MBI": presidio.UsMbiRecognizer,
    "UK_NHS": presidio.NhsRecognizer,
    "UK_NINO": presidio.UkNinoRecognizer,
    "UK_PASSPORT": presidio.UkPassportRecognizer,
    "UK_DRIVING_LICENCE": presidio.UkDrivingLicenceRecognizer,
    "MEDICAL_LICENSE": presidio.MedicalLicenseRecognizer,
    "IN_PAN": presidio.InPanRecognizer,
    "IN_AADHAAR": presidio.InAadhaarRecognizer,
    "AU_TFN": presidio.AuTfnRecognizer,
    "AU_MEDICARE": presidio.AuMedicareRecognizer,
    "DE_ID_CARD": presidio.DeIdCardRecognizer,
    "DE_PASSPORT": presidio.DePassportRecognizer,
    "DE_TAX_ID": presidio.DeTaxIdRecognizer,
    "DE_SOCIAL_SECURITY": presidio.DeSocialSecurityRecognizer,
    "DE_HEALTH_INSURANCE": presidio.DeHealthInsuranceRecognizer,
    "ES_NIF": presidio.EsNifRecognizer,
    "ES_NIE": presidio.EsNieRecognizer,
    "IT_FISCAL_CODE": presidio.ItFiscalCodeRecognizer,
    "IT_VAT_CODE": presidio.ItVatCodeRecognizer,
}


class BlankNlpEngine(SlimSpacyNlpEngine):
    """Splits text into words and nothing more: context words work, and no model is needed."""

    engine_name = "blank"

    def __init__(self, languages: Iterable[str]) -> None:
        super().__init__(models=[{"lang_code": "xx", "model_name": "unused"}], auto_download=False)
        self.models = []
        self._languages = tuple(languages)

    def load(self) -> None:
        """Make an empty pipeline for every language."""
        # The rules of some languages take seconds to load; to find words, those for any language are enough.
        pipelines: Any = {
            language: spacy.blank("en" if language == "en" else "xx") for language in self._languages
        }
        self.nlp = pipelines

    def _doc_to_nlp_artifact(self, doc: Any, language: str) -> Any:
        # Without a model the lemma is empty, and a recognizer's context words are compared to lemmas.
        for token in doc:
            token.lemma_ = token.lower_
        return super()._doc_to_nlp_artifact(doc, language)


class AnyDomainEmailRecognizer(presidio.EmailRecognizer):
    """Also finds addresses in domains the public list does not know, such as a company's own; not `react@18.2.0`."""

    def validate_result(self, pattern_text: str) -> bool:
        """Accept a domain that ends in letters."""
        last_label = pattern_text.rpartition(".")[2]
        return len(last_label) > 1 and (last_label.isalpha() or last_label.startswith("xn--"))


class ShapedPhoneRecognizer(presidio.PhoneRecognizer):
    """Surer of a number the more it is written like one; digits in a row need a word that says what they are."""

    is_eager = False
    """Look at digits in a row even where no word says that they are a telephone number."""

    def load(self) -> None:
        """Make the words that speak for a telephone number quick to look up."""
        self._words = frozenset(self.context)

    def analyze(self, text: str, entities: Sequence[str], nlp_artifacts: Any = None) -> list[Any]:
        """Look only where a number could be believed, in one region after the other."""
        has_word = self.is_eager or not self._words.isdisjoint(_WORD.findall(text.lower()))
        spans = {
            span
            for found in _NUMBER.finditer(text)
            if (has_word or _SHAPED.search(found.group())) and not _ONLY_A_DATE.fullmatch(found.group())
            for span in self._valid(text, found)
        }
        spans.update(_unmistakable(text))
        return [self._result(start, end, _phone_score(text[start:end])) for start, end in sorted(spans)]

    def _valid(self, text: str, found: re.Match[str]) -> set[tuple[int, int]]:
        # The matcher looks at the characters next to a number, too.
        first = max(0, found.start() - 3)
        around = text[first : found.end() + 3]
        spans: set[tuple[int, int]] = set()
        for region in self.supported_regions:
            for match in PhoneNumberMatcher(around, region, leniency=_VALID):
                spans.add((first + match.start, first + match.end))
            if (found.start(), found.end()) in spans:
                break
        return spans

    def _result(self, start: int, end: int, score: float) -> Any:
        return RecognizerResult(
            entity_type="PHONE_NUMBER",
            start=start,
            end=end,
            score=score,
            analysis_explanation=AnalysisExplanation(recognizer=type(self).__name__, original_score=score),
            recognition_metadata={
                RecognizerResult.RECOGNIZER_NAME_KEY: type(self).__name__,
                RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id,
            },
        )


@functools.lru_cache(maxsize=16)
def engine(language: str, *, is_eager: bool = False) -> AnalyzerEngine:
    """Return Presidio's analyzer for a language, with every recognizer that needs no model.

    An eager one also looks where only words that a policy brings, or a low threshold, could make it believe.
    """
    # The list of public suffixes comes with the package; looking for a newer one would call home.
    offline: Any = tldextract.TLDExtract(suffix_list_urls=())
    tldextract.extract = offline
    presidio_analyzer.pattern_recognizer.REGEX_TIMEOUT_SECONDS = REGEX_TIMEOUT_S
    logging.getLogger("presidio-analyzer").setLevel(logging.WARNING)
    registry = RecognizerRegistry(
        recognizers=_recognizers(language, is_eager), supported_languages=[language]
    )
    return AnalyzerEngine(
        registry=registry,
        nlp_engine=BlankNlpEngine([language]),
        supported_languages=[language],
        context_aware_enhancer=LemmaContextAwareEnhancer(
            context_prefix_count=CONTEXT_WORDS_BEFORE,
            context_suffix_count=CONTEXT_WORDS_AFTER,
            # `lic` is no sign of a licence in `public`.
            context_matching_mode="whole_word",
        ),
    )


def _recognizers(language: str, is_eager: bool) -> list[EntityRecognizer]:
    phone = ShapedPhoneRecognizer(
        supported_language=language, context=_TELEPHONE[language].split(), supported_regions=REGIONS
    )
    phone.is_eager = is_eager
    recognizers: list[EntityRecognizer] = [AnyDomainEmailRecognizer(supported_language=language), phone]
    for entity, (recognizer, context) in _GENERIC.items():
        recognizers.append(
            recognizer(supported_language=language, supported_entity=entity, context=context.split())
        )
    for entity, recognizer in _NATIONAL_NUMBERS.items():
        recognizers.append(
            recognizer(supported_language=language, supported_entity=entity, context=_CONTEXT[entity].split())
        )
    recognizers += [
        checked_number(entity, language=language, context=_CONTEXT[entity].split())
        for entity in CHECKED_NUMBERS
    ]
    return recognizers


def _unmistakable(text: str) -> Iterable[tuple[int, int]]:
    """Yield numbers of unmistakable shape, which the matcher misses when another number stands next to them."""
    for shaped in _UNMISTAKABLE.finditer(text):
        ends = [group.end() for group in _DIGITS.finditer(text, shaped.start(), shaped.end())]
        for end in reversed(ends):
            if _is_valid(text[shaped.start() : end]):
                yield shaped.start(), end
                break


def _is_valid(number: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number, "US"))
    except phonenumbers.NumberParseException:
        return False


def _phone_score(number: str) -> float:
    if _INTERNATIONAL.match(number):
        return 0.75
    if _BEGINS_AS_DATE.match(number):
        return 0.0
    has_shape = not number.isdigit() and _NATIONAL.match(number)
    return 0.6 if has_shape else UNSHAPED

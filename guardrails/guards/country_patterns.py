"""National numbers by their form and check digits, for twelve countries in seven languages.

A number whose form alone would be found in any table of figures is believed only behind the word that says what it is.
"""

from collections.abc import Mapping

from guardrails.guards import country_checks as checks
from guardrails.guards.checksums import Check
from guardrails.guards.named_pattern import NamedPattern

_FILLER = (
    r"(?:[ \t]{0,2}(?:number|no|nr|num|n[uú]mero|numero|nummer|n|is|ist|est|es|è|é|isn|of the patient|lautet)\b)?"
    r"[ \t:#.°º=\"'-]{1,6}"
)
"""What stands between the word and its number."""


def _plain(name: str, entity: str, regex: str, check: Check | None = None) -> NamedPattern:
    return NamedPattern(name=name, entity=entity, regex=regex, check=check)


def _said(name: str, entity: str, words: str, regex: str, check: Check | None = None) -> NamedPattern:
    """Return a pattern for a number behind one of the words."""
    return NamedPattern(
        name=name,
        entity=entity,
        regex=rf"(?i:\b(?:{words}){_FILLER}(?:{_FILLER})?)({regex})\b",
        check=check,
        group=1,
    )


_NINE = r"\d{3}[ .-]?\d{3}[ .-]?\d{3}"
_PLATE_DE = (
    r"A|AA|AB|AC|AK|AM|AN|B|BA|BB|BC|BI|BIT|BL|BM|BN|BO|BOR|BS|BT|C|CB|CE|CLP|CO|COE|CUX|D|DA|DD|DE|DH|DN|DO|DU|E|EA|EF|EL|EM|EN|ER|ES|ESW"
    r"|F|FB|FD|FF|FG|FL|FR|FS|FT|FÜ|G|GE|GER|GF|GG|GI|GL|GM|GÖ|GP|GR|GS|GT|GÜ|H|HA|HAL|HB|HD|HDH|HE|HEI|HF|HG|HH|HI|HL|HM|HN|HO|HOM|HP"
    r"|HR|HRO|HS|HSK|HU|HX|IN|IZ|J|K|KA|KB|KC|KE|KG|KH|KI|KL|KLE|KN|KO|KR|KS|KU|L|LA|LB|LD|LEV|LG|LI|LIP|LL|LU|M|MA|MB|MD|ME|MG|MH|MI|MK"
    r"|MR|MS|MTK|MZ|N|NB|ND|NE|NEA|NF|NI|NM|NMS|NOH|NR|NU|NW|OA|OB|OD|OF|OG|OH|OL|OS|P|PA|PB|PE|PF|PI|PL|PLÖ|PM|R|RA|RD|RE|RO|RT|RV|RZ|S"
    r"|SB|SE|SG|SHA|SI|SIG|SL|SM|SN|SO|SP|SR|SU|SW|T|TR|TS|TÜ|UE|UL|UN|V|VEC|VER|W|WAF|WB|WES|WF|WHV|WI|WN|WO|WOB|WÜ|Z|ZW"
)

_PATTERNS: Mapping[str, tuple[NamedPattern, ...]] = {
    "us": (
        _plain("us_itin", "TAX_ID", r"\b9\d{2}-[5-9]\d-\d{4}\b", checks.us_itin),
        _said("us_ein", "TAX_ID", r"EIN|FEIN|employer identification", r"\d{2}-?\d{7}"),
        _said("us_routing", "BANK_ACCOUNT", r"routing|ABA|RTN|transit", r"\d{9}", checks.us_routing),
        _said("us_npi", "MEDICAL_ID", r"NPI|provider identifier", r"[12]\d{9}", checks.us_npi),
        _said("us_dea", "MEDICAL_ID", r"DEA", r"[A-Z][A-Z9]\d{7}", checks.us_dea),
        _plain(
            "us_mbi", "MEDICAL_ID",
            r"\b[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d-?[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d-?[AC-HJKMNP-RT-Y]{2}\d{2}\b",
        ),
        _said("us_passport", "PASSPORT", r"passport", r"(?:[A-Z]\d{8}|\d{9})"),
        _said("us_license", "DRIVER_LICENSE", r"driver'?s? licen[sc]e|driving licen[sc]e|DL", r"[A-Z]{0,2}\d{5,12}[A-Z]?"),
        _said("us_plate", "LICENSE_PLATE", r"licen[sc]e plate|plate|tag", r"[A-Z0-9]{1,4}[ -]?[A-Z0-9]{2,4}"),
        _plain("us_zip", "POSTAL_CODE", r"\b(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY]) \d{5}(?:-\d{4})?\b"),
    ),
    "uk": (
        _plain("uk_nhs", "MEDICAL_ID", r"\b\d{3}[ -]\d{3}[ -]\d{4}\b", checks.uk_nhs),
        _plain("uk_nino", "NATIONAL_ID", r"\b(?:[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]) ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b"),
        _said("uk_utr", "TAX_ID", r"UTR|unique taxpayer reference|tax reference", r"\d{5} ?\d{5}", checks.uk_utr),
        _plain("uk_vat", "TAX_ID", r"\bGB ?\d{3} ?\d{4} ?\d{2}(?: ?\d{3})?\b", checks.uk_vat),
        _said("uk_passport", "PASSPORT", r"passport", r"\d{9}"),
        _plain("uk_license", "DRIVER_LICENSE", r"\b[A-Z9]{5}\d[0156]\d[0-3]\d\d[A-Z9]{2}\d[A-Z]{2}\b"),
        _said("uk_sort_code", "BANK_ACCOUNT", r"sort code", r"\d{2}-?\d{2}-?\d{2}"),
        _plain("uk_plate", "LICENSE_PLATE", r"\b[A-HJ-PR-Y][A-Y]\d{2} ?[A-HJ-PR-Z]{3}\b"),
        _plain("uk_postcode", "POSTAL_CODE", r"\b(?:[A-Z]{1,2}\d[A-Z\d]?|GIR) \d[ABD-HJLNP-UW-Z]{2}\b"),
        _plain("uk_phone", "PHONE_NUMBER", r"\b0(?:20 ?\d{4} ?\d{4}|1\d{3} ?\d{3} ?\d{3}|7\d{3} ?\d{3} ?\d{3})\b"),
    ),
    "ca": (
        _plain("ca_sin", "NATIONAL_ID", r"\b\d{3}[ -]\d{3}[ -]\d{3}\b", checks.ca_sin),
        _plain("ca_business", "TAX_ID", r"\b\d{9} ?R[CMPRTZ] ?\d{4}\b", checks.ca_business),
        _plain("ca_postcode", "POSTAL_CODE", r"\b[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z] ?\d[ABCEGHJ-NPRSTV-Z]\d\b"),
        _said("ca_passport", "PASSPORT", r"passport|passeport", r"[A-Z]{2}\d{6}|[A-Z]\d{6}[A-Z]{2}"),
    ),
    "au": (
        _said("au_tfn", "TAX_ID", r"TFN|tax file", _NINE, checks.au_tfn),
        _plain("au_abn", "TAX_ID", r"\b\d{2} \d{3} \d{3} \d{3}\b", checks.au_abn),
        _said("au_medicare", "MEDICAL_ID", r"medicare(?: card)?", r"[2-6]\d{3} ?\d{5} ?\d(?:[/ ]?\d)?", checks.au_medicare),
        _said("au_postcode", "POSTAL_CODE", r"NSW|VIC|QLD|TAS|ACT", r"\d{4}"),
        _plain("au_phone", "PHONE_NUMBER", r"\b04\d{2} \d{3} \d{3}\b|\(0[2378]\) ?\d{4} ?\d{4}\b"),
        _said("au_passport", "PASSPORT", r"passport", r"[A-Z]{1,2}\d{7}"),
    ),
    "in": (
        _plain("in_aadhaar", "NATIONAL_ID", r"\b[2-9]\d{3}[ -]\d{4}[ -]\d{4}\b", checks.in_aadhaar),
        _plain("in_pan", "TAX_ID", r"\b[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z]\b"),
        _plain("in_gstin", "TAX_ID", r"\b\d{2}[A-Z]{5}\d{4}[A-Z][1-9A-Z]Z[0-9A-Z]\b", checks.in_gstin),
        _said("in_voter", "NATIONAL_ID", r"EPIC|voter(?: id)?", r"[A-Z]{3}\d{7}"),
        _said("in_pin", "POSTAL_CODE", r"PIN(?: ?code)?", r"[1-9]\d{2} ?\d{3}"),
        _plain("in_plate", "LICENSE_PLATE", r"\b(?:AN|AP|AR|AS|BR|CG|CH|DD|DL|GA|GJ|HP|HR|JH|JK|KA|KL|LA|LD|MH|ML|MN|MP|MZ|NL|OD|PB|PY|RJ|SK|TN|TR|TS|UK|UP|WB)[ -]?\d{2}[ -]?[A-Z]{1,3}[ -]?\d{4}\b"),
        _said("in_passport", "PASSPORT", r"passport", r"[A-PR-WY][1-9]\d ?\d{4}[1-9]"),
    ),
    "de": (
        _said(
            "de_tax_id", "TAX_ID", r"steuer-?(?:liche )?(?:id|identifikationsnummer|idnr\.?|nummer)|id-?nr\.?|identifikationsnummer|TIN",
            r"\d{2} ?\d{3} ?\d{3} ?\d{3}", checks.de_tax_id,
        ),
        _plain("de_vat", "TAX_ID", r"\bDE ?\d{9}\b", checks.de_vat),
        _said("de_id_card", "NATIONAL_ID", r"(?:personal)?ausweis(?:es|-?nummer|-?nr\.?)?|reisepass(?:-?nummer)?|id card", r"[CFGHJKLMNPRTVWXYZ0-9]{9}\d", checks.de_id_card),
        _plain("de_pension", "NATIONAL_ID", r"\b\d{2} ?\d{6} ?[A-Z] ?\d{3}\b", checks.de_pension),
        _said("de_health", "MEDICAL_ID", r"kranken(?:versicherungs|versicherten)-?(?:nummer|nr\.?)|versicherten-?(?:nummer|nr\.?)|KVNR", r"[A-Z]\d{9}"),
        _plain("de_plate", "LICENSE_PLATE", rf"\b(?:{_PLATE_DE})[ -][A-Z]{{1,2}} ?[1-9]\d{{0,3}}[EH]?\b"),
        _said("de_postcode", "POSTAL_CODE", r"PLZ|postleitzahl|D-", r"\d{5}"),
        _plain("de_phone", "PHONE_NUMBER", r"\b0(?:1[567]\d|[2-9]\d{1,4})[ /-]{1,3}\d{3,4}(?:[ -]?\d{2,4}){1,2}\b"),
    ),
    "fr": (
        _plain("fr_nir", "NATIONAL_ID", r"\b[12] ?\d{2} ?(?:0[1-9]|1[0-2]|[2-4]\d|[5-9]\d) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}\b", checks.fr_nir),
        _said("fr_company", "TAX_ID", r"SIRE[NT]|R\.?C\.?S\.?(?: \w+)?", r"\d{3} ?\d{3} ?\d{3}(?: ?\d{5})?", checks.fr_company),
        _plain("fr_vat", "TAX_ID", r"\bFR ?[A-HJ-NP-Z0-9]{2} ?\d{3} ?\d{3} ?\d{3}\b", checks.fr_vat),
        _said("fr_tax_number", "TAX_ID", r"SPI|num[eé]ro fiscal|r[eé]f[eé]rence fiscale|fiscal", r"[0-3]\d(?: ?\d{2}){1}(?: ?\d{3}){3}", checks.fr_tax_number),
        _said("fr_passport", "PASSPORT", r"passeport", r"\d{2}[A-Z]{2}\d{5}"),
        _plain("fr_plate", "LICENSE_PLATE", r"\b[A-HJ-NP-TV-Z]{2}-\d{3}-[A-HJ-NP-TV-Z]{2}\b"),
        _said("fr_postcode", "POSTAL_CODE", r"code postal|CP|F-", r"\d{5}"),
        _plain("fr_phone", "PHONE_NUMBER", r"\b0[1-9](?:[ .-]?\d{2}){4}\b"),
    ),
    "es": (
        _plain("es_dni", "NATIONAL_ID", r"\b\d{8}[ -]?[A-HJ-NP-TV-Z]\b", checks.es_dni),
        _plain("es_nie", "NATIONAL_ID", r"\b[XYZ][ -]?\d{7}[ -]?[A-HJ-NP-TV-Z]\b", checks.es_dni),
        _plain("es_cif", "TAX_ID", r"\b[ABCDEFGHJNPQRSUVW]-?\d{7}-?[0-9A-J]\b", checks.es_cif),
        _plain("es_vat", "TAX_ID", r"\bES ?[A-Z0-9]\d{7}[A-Z0-9]\b", checks.es_vat),
        _said("es_social_security", "NATIONAL_ID", r"seguridad social|NUSS|NAF|afiliaci[oó]n", r"\d{2}[ /-]?\d{8}[ /-]?\d{2}", checks.es_social_security),
        _plain("es_plate", "LICENSE_PLATE", r"\b\d{4}[ -]?[BCDFGHJKLMNPRSTVWXYZ]{3}\b"),
        _said("es_postcode", "POSTAL_CODE", r"c[oó]digo postal|C\.?P\.?", r"(?:0[1-9]|[1-4]\d|5[0-2])\d{3}"),
        _plain("es_phone", "PHONE_NUMBER", r"\b[679]\d{2}[ .-]\d{3}[ .-]\d{3}\b|\b[679]\d{2}(?:[ .-]\d{2}){3}\b"),
        _said("es_passport", "PASSPORT", r"pasaporte", r"[A-Z]{3}\d{6}"),
    ),
    "it": (
        _plain(
            "it_fiscal_code", "TAX_ID",
            r"\b(?i:[A-Z]{6}[0-9LMNP-V]{2}[ABCDEHLMPRST][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z])\b", checks.it_fiscal_code,
        ),
        _plain("it_vat", "TAX_ID", r"\bIT ?\d{11}\b", checks.it_vat),
        _said("it_partita_iva", "TAX_ID", r"P\.? ?IVA|partita IVA", r"\d{11}", checks.it_vat),
        _said("it_id_card", "NATIONAL_ID", r"carta d['’]identit[aà]|C\.?I\.?E?", r"(?:C[A-Z]\d{5}[A-Z]{2}|[A-Z]{2} ?\d{7})"),
        _plain("it_plate", "LICENSE_PLATE", r"\b[A-HJ-NPR-TV-Z]{2} ?\d{3} ?[A-HJ-NPR-TV-Z]{2}\b"),
        _said("it_postcode", "POSTAL_CODE", r"CAP|I-", r"\d{5}"),
        _plain("it_phone", "PHONE_NUMBER", r"\b3[1-9]\d[ .-]\d{3}[ .-]?\d{3,4}\b|\b0\d{1,3}[ ./-]\d{5,8}\b"),
        _said("it_passport", "PASSPORT", r"passaporto", r"[A-Z]{2}\d{7}"),
    ),
    "nl": (
        _said("nl_bsn", "NATIONAL_ID", r"BSN|burgerservicenummer|sofi-?nummer", r"\d{9}|\d{4}[ .]\d{2}[ .]\d{3}", checks.nl_bsn),
        _plain("nl_vat", "TAX_ID", r"\bNL ?\d{9} ?B ?\d{2}\b", checks.nl_vat),
        _plain("nl_postcode", "POSTAL_CODE", r"\b[1-9]\d{3} (?:[A-RT-Z][A-Z]|S[BCE-RT-Z])\b"),
        _plain("nl_phone", "PHONE_NUMBER", r"\b06[ -]?\d{8}\b|\b06[ -]\d{2}(?:[ -]?\d{2}){3}\b|\b0\d{2,3}[ -]\d{3} ?\d{2} ?\d{2}\b"),
        _plain(
            "nl_plate", "LICENSE_PLATE",
            r"\b(?:[A-Z]{2}-\d{2}-\d{2}|\d{2}-\d{2}-[A-Z]{2}|\d{2}-[A-Z]{2}-\d{2}|\d{2}-[A-Z]{3}-\d|\d-[A-Z]{3}-\d{2}|[A-Z]{2}-\d{3}-[A-Z]|[A-Z]-\d{3}-[A-Z]{2})\b",
        ),
        _said("nl_passport", "PASSPORT", r"paspoort(?:nummer)?|rijbewijs", r"[A-NP-Z]{2}[A-NP-Z0-9]{6}\d|\d{10}"),
    ),
    "pt": (
        _said("pt_nif", "TAX_ID", r"NIF|contribuinte|identifica[cç][aã]o fiscal", _NINE, checks.pt_nif),
        _plain("pt_vat", "TAX_ID", r"\bPT ?\d{9}\b", checks.pt_nif),
        _plain("pt_citizen_card", "NATIONAL_ID", r"\b\d{8}[ -]?\d[ -]?[A-Z0-9]{2}\d\b", checks.pt_citizen_card),
        _said("pt_social_security", "NATIONAL_ID", r"NISS|seguran[cç]a social", r"\d{11}", checks.pt_social_security),
        _plain("pt_postcode", "POSTAL_CODE", r"\b[1-9]\d{3}-\d{3} [A-ZÀ-Ý]"),
        _plain("pt_plate", "LICENSE_PLATE", r"\b(?:[A-Z]{2}-\d{2}-[A-Z]{2}|[A-Z]{2}-\d{2}-\d{2}|\d{2}-[A-Z]{2}-\d{2}|\d{2}-\d{2}-[A-Z]{2})\b"),
        _plain("pt_phone", "PHONE_NUMBER", r"\b(?:9[1236]\d|2\d{2}) \d{3} \d{3}\b"),
    ),
    "br": (
        _plain("br_cpf", "NATIONAL_ID", r"\b\d{3}\.\d{3}\.\d{3}-\d{2}\b", checks.br_cpf),
        _said("br_cpf_plain", "NATIONAL_ID", r"CPF", r"\d{11}", checks.br_cpf),
        _plain("br_cnpj", "TAX_ID", r"\b[0-9A-Z]{2}\.[0-9A-Z]{3}\.[0-9A-Z]{3}/[0-9A-Z]{4}-\d{2}\b", checks.br_cnpj),
        _said("br_pis", "NATIONAL_ID", r"PIS(?:/PASEP)?|PASEP|NIS|NIT", r"\d{3}\.?\d{5}\.?\d{2}-?\d", checks.br_pis),
        _plain("br_plate", "LICENSE_PLATE", r"\b[A-Z]{3}-?\d[A-Z]\d{2}\b|\b[A-Z]{3}-\d{4}\b"),
        _said("br_postcode", "POSTAL_CODE", r"CEP", r"\d{5}-?\d{3}"),
        _plain("br_phone", "PHONE_NUMBER", r"\(\d{2}\) ?9?\d{4}-\d{4}\b"),
    ),
}  # fmt: skip

COUNTRY_PATTERNS: Mapping[str, tuple[NamedPattern, ...]] = _PATTERNS
"""By country: its own code, and `uk` for the United Kingdom."""

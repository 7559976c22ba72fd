"""National numbers: each with what it finds, and with what looks like it and is not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrails.guards.country_patterns import COUNTRY_PATTERNS
from guardrails.guards.pattern import build
from guardrails.session import GuardSession
from tests.guardrails.makers import at, cut, guard, policy, run, streamed

# Name, what it finds, and what it leaves alone: a digit changed, a word missing, a form that is not given out.
TABLE = (
    ("us_itin", ("900-70-0000", "912-93-3456 no, 912-90-3456"), ("912-93-3456", "812-70-3456")),
    ("us_ein", ("EIN: 12-3456789", "employer identification number 123456789"), ("12-3456789",)),
    ("us_routing", ("routing number 021000021", "ABA: 111000025"), ("routing number 021000022", "021000021", "ABA 990000021")),
    ("us_npi", ("NPI 1234567893",), ("NPI 1234567890", "1234567893")),
    ("us_dea", ("DEA number AB1234563",), ("DEA number AB1234564", "AB1234563")),
    ("us_mbi", ("1EG4-TE5-MK73", "1EG4TE5MK73"), ("1SG4-TE5-MK73", "0EG4-TE5-MK73")),
    ("us_passport", ("passport no. A12345678", "Passport: 123456789"), ("123456789", "the passport is blue")),
    ("us_license", ("driver's license D1234567", "DL: 12345678"), ("license to use 12345678 items",)),
    ("us_plate", ("license plate 7ABC123", "plate: ABC-1234"), ("ABC-1234",)),
    ("us_zip", ("CA 94105", "NY 10001-1234"), ("94105", "in 94105", "OR 97201x")),
    ("uk_nhs", ("943 476 5919", "401-023-2137"), ("943 476 5918", "9434765919")),
    ("uk_nino", ("AB123456C", "AB 12 34 56 C"), ("DB123456C", "AB123456E")),
    ("uk_utr", ("UTR 1955839661", "tax reference: 19558 39661"), ("UTR 2955839661", "1955839661")),
    ("uk_vat", ("GB 980 7806 84", "GB123456782"), ("GB 980 7806 85", "980 7806 84")),
    ("uk_passport", ("passport number 925665416",), ("925665416",)),
    ("uk_license", ("MORGA753116SM9IJ",), ("MORGA793116SM9IJ", "MORGA753146SM9")),
    ("uk_sort_code", ("sort code 20-00-00", "Sort code: 200000"), ("20-00-00",)),
    ("uk_plate", ("AB12 CDE", "LA51ABC"), ("IB12 CDE", "AB1 CDE")),
    ("uk_postcode", ("SW1A 1AA", "M1 1AE", "EC1A 1BB"), ("SW1A1CI", "SW1A 1CI", "ABC1 1AA")),
    ("uk_phone", ("020 7946 0958", "07700 900123", "01632 960 001"), ("00 7946 0958", "12 020 79")),
    ("ca_sin", ("130 692 544", "130-692-544"), ("130 692 543", "130692544", "046 454 286")),
    ("ca_business", ("123026635RT0001", "123026635 RT 0001"), ("123026634RT0001", "123026635XX0001")),
    ("ca_postcode", ("K1A 0B1", "M5V3L9"), ("D1A 0B1", "K1A 0O1")),
    ("ca_passport", ("passport AB123456",), ("AB123456",)),
    ("au_tfn", ("TFN 876 543 210", "tax file number: 123456782"), ("TFN 876 543 211", "876 543 210")),
    ("au_abn", ("51 824 753 556", "83 914 571 673"), ("51 824 753 557", "51824753556")),
    ("au_medicare", ("Medicare card 2123 45670 1",), ("Medicare card 2123 45671 1", "2123 45670 1")),
    ("au_postcode", ("NSW 2000", "VIC 3121"), ("2000", "in 2000")),
    ("au_phone", ("0412 345 678", "(02) 9374 4000"), ("0512 345 678", "(01) 9374 4000")),
    ("au_passport", ("passport PA1234567",), ("PA1234567",)),
    ("in_aadhaar", ("2345 6789 0124", "4991-1866-5246"), ("2345 6789 0125", "1345 6789 0124")),
    ("in_pan", ("ABCPE1234F",), ("ABCXE1234F", "ABCP1234F")),
    ("in_gstin", ("27AAPFU0939F1ZV",), ("27AAPFU0939F1ZW", "77AAPFU0939F1ZV")),
    ("in_voter", ("EPIC: ABC1234567",), ("ABC1234567",)),
    ("in_pin", ("PIN code 560 001", "PIN: 110001"), ("110001", "PIN: 010001")),
    ("in_plate", ("MH 12 AB 1234", "KA01AB1234"), ("XX 12 AB 1234",)),
    ("in_passport", ("passport J8369854",), ("J8369854", "passport J0369854")),
    ("de_tax_id", ("Steuer-ID: 36574261809", "IdNr. 26 954 371 827"), ("Steuer-ID: 36574261808", "36574261809")),
    ("de_vat", ("DE136695976", "DE 129273398"), ("DE136695978", "136695976")),
    ("de_id_card", ("Personalausweis T220001293", "Ausweisnummer: L01X00T471"), ("Ausweis T220001294", "T220001293")),
    ("de_pension", ("15 070649 C 103", "15070649C103"), ("15070649C104", "15 990649 C 103")),
    ("de_health", ("Krankenversichertennummer A123456780", "KVNR: A123456780"), ("A123456780",)),
    ("de_plate", ("B-MW 1234", "M AB 123", "HH-X 1E"), ("Q-MW 1234", "B-MWX 1234", "B-MW 0234")),
    ("de_postcode", ("PLZ 10115", "Postleitzahl: 80331"), ("10115", "PLZ 1011")),
    ("de_phone", ("030 23125 123", "0171 3920012", "089/1234 5678"), ("0111 23125 123", "30 23125 123")),
    ("fr_nir", ("2 95 10 99 126 111 93", "253072A07300443"), ("2 95 10 99 126 111 94", "2 95 13 99 126 111 93")),
    ("fr_company", ("SIREN 552 008 443", "SIRET: 73282932000074"), ("SIREN 552 008 444", "552 008 443")),
    ("fr_vat", ("FR40303265045", "FR 61 954 506 077"), ("FR41303265045", "40303265045")),
    ("fr_tax_number", ("numéro fiscal 30 23 217 600 053", "SPI: 3023217600053"), ("SPI: 3023217600054", "3023217600053")),
    ("fr_passport", ("passeport 12AB34567",), ("12AB34567",)),
    ("fr_plate", ("AB-123-CD",), ("AI-123-CD", "AB-12-CD", "AB123CD")),
    ("fr_postcode", ("code postal 75001", "CP: 69002"), ("75001",)),
    ("fr_phone", ("01 42 68 53 00", "06.12.34.56.78", "0612345678"), ("00 42 68 53 00", "1 42 68 53 00")),
    ("es_dni", ("54362315K", "54362315-K"), ("54362315L", "5436231K")),
    ("es_nie", ("X2482300W", "X-2482300-W"), ("X2482300A", "W2482300W")),
    ("es_cif", ("A13585625", "J99216582", "Q2826000H"), ("A13585626", "Q28260007")),
    ("es_vat", ("ES54362315K", "ESA13585625", "ESX2482300W"), ("ES54362315L", "ESA13585626")),
    ("es_social_security", ("Seguridad Social: 28/12345678/40",), ("Seguridad Social: 28/12345678/41", "281234567840")),
    ("es_plate", ("1234 BCD", "0000-BBB"), ("1234 AEI", "123 BCD")),
    ("es_postcode", ("código postal 28013", "CP 08001"), ("28013", "CP 99001")),
    ("es_phone", ("612 345 678", "912 34 56 78"), ("512 345 678", "612345678")),
    ("es_passport", ("pasaporte AAA123456",), ("AAA123456",)),
    ("it_fiscal_code", ("RSSMRA85T10A562S", "mrtmtt25d09f205z"), ("RSSMRA85T10A562T", "RSSMRA85T99A562S")),
    ("it_vat", ("IT00743110157", "IT 00743110157"), ("IT00743110158", "00743110157")),
    ("it_partita_iva", ("P.IVA 00743110157", "partita IVA: 00743110157"), ("P.IVA 00743110158",)),
    ("it_id_card", ("carta d'identità CA12345AA", "CIE: AB 1234567"), ("CA12345AA",)),
    ("it_plate", ("AB123CD", "FA 000 AA"), ("IB123CD", "AB12CD")),
    ("it_postcode", ("CAP 20121",), ("20121",)),
    ("it_phone", ("347 123 4567", "02 12345678"), ("247 123 4567", "3471234567")),
    ("it_passport", ("passaporto YA1234567",), ("YA1234567",)),
    ("nl_bsn", ("BSN 111222333", "burgerservicenummer: 123456782"), ("BSN 111222334", "111222333")),
    ("nl_vat", ("NL004495445B01", "NL000099998B57"), ("NL004495446B01", "004495445B01")),
    ("nl_postcode", ("1234 AB", "1012 JS"), ("1234 SA", "1234AB", "0234 AB")),
    ("nl_phone", ("06-12345678", "06 12 34 56 78", "020-123 45 67"), ("07-12345678", "612345678")),
    ("nl_plate", ("AB-12-34", "12-ABC-3", "A-123-BC"), ("AB-1-34", "12-AB-3")),
    ("nl_passport", ("paspoort SPECI2014", "rijbewijs 1234567890"), ("SPECI2014",)),
    ("pt_nif", ("NIF 501964843", "contribuinte: 123 456 789"), ("NIF 501964842", "501964843", "NIF 401964843")),
    ("pt_vat", ("PT501964843",), ("PT501964842", "501964843")),
    ("pt_citizen_card", ("00000000 0 ZZ4 no, 12345678 9 ZZ6 no, 14234567 0 ZZ2 no, 11084129 8 ZX8",), ("11084129 8 ZX9",)),
    ("pt_social_security", ("NISS 12345678902",), ("NISS 12345678903", "12345678902")),
    ("pt_postcode", ("1250-096 Lisboa",), ("1250-096", "0250-096 Lisboa")),
    ("pt_plate", ("AA-01-AA", "12-AB-34", "12-34-AB"), ("AA-1-AA", "12-34-56")),
    ("pt_phone", ("912 345 678", "213 456 789"), ("952 345 678", "912345678")),
    ("br_cpf", ("390.533.447-05", "111.444.777-35"), ("390.533.447-06", "111.111.111-11")),
    ("br_cpf_plain", ("CPF 39053344705",), ("CPF 39053344706", "39053344705")),
    ("br_cnpj", ("16.727.230/0001-97", "12.ABC.345/01DE-35"), ("16.727.230/0001-98", "12.ABC.345/01DE-36")),
    ("br_pis", ("PIS 120.56412.54-5", "NIS: 12056412545"), ("PIS 120.56412.54-6", "12056412545")),
    ("br_plate", ("ABC1D23", "ABC-1234"), ("AB1D23", "ABC1234")),
    ("br_postcode", ("CEP 01310-100", "CEP: 01310100"), ("01310-100",)),
    ("br_phone", ("(11) 91234-5678", "(21) 3456-7890"), ("11 91234-5678",)),
)  # fmt: skip


@pytest.mark.parametrize(("name", "valid", "invalid"), TABLE, ids=[name for name, *_ in TABLE])
def test_a_number_is_found_and_what_only_looks_like_it_is_not(
    name: str, valid: tuple[str, ...], invalid: tuple[str, ...]
) -> None:
    number = build({"patterns": [name]})

    def finds(text: str) -> bool:
        return bool(number.scanner().advance(f"So: {text}, thanks.", 0, is_final=True))

    assert [text for text in valid if not finds(text)] == []
    assert [text for text in invalid if finds(text)] == []


def test_every_pattern_of_every_country_is_tried() -> None:
    assert {name for name, *_ in TABLE} == {one.name for group in COUNTRY_PATTERNS.values() for one in group}


@pytest.mark.parametrize("country", COUNTRY_PATTERNS)
def test_a_country_is_all_its_patterns(country: str) -> None:
    guard_of_country = build({"countries": [country]})

    assert [each.name for each in guard_of_country.patterns] == [
        one.name for one in COUNTRY_PATTERNS[country]
    ]


def test_only_the_number_is_masked_and_its_word_stays() -> None:
    rules = policy(guard(parameters={"countries": ["de", "nl"]}))

    outcome = run(GuardSession(rules).check_input(at("user", "Steuer-ID: 36574261809, BSN 111222333.")))

    assert outcome.texts == ("Steuer-ID: <TAX_ID_1>, BSN <NATIONAL_ID_1>.",)


async def test_a_number_behind_its_word_is_found_in_a_stream() -> None:
    rules = policy(guard(parameters={"countries": ["uk"]}))

    out = await streamed(
        GuardSession(rules), ["his UT", "R is 19558", "39661. He", " lives in SW1A", " 1AA."]
    )

    assert out[0] == "his UTR is <TAX_ID_1>. He lives in <POSTAL_CODE_1>."


@settings(max_examples=12, deadline=None)
@given(st.integers(min_value=0, max_value=10**9))
def test_however_a_stream_is_cut_the_same_is_found(seed: int) -> None:
    rules = policy(guard(parameters={"countries": ["us", "uk", "de", "fr"]}))
    text = "; ".join(
        value for name, valid, _ in TABLE for value in valid if name[:2] in ("us", "uk", "de", "fr")
    )
    whole = run(GuardSession(rules).check_output(at("answer", text)))

    out, stored, _ = run(streamed(GuardSession(rules), cut(text, seed)))

    assert (out, stored) == (whole.texts[0], whole.stored[0])

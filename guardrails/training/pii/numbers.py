"""Numbers that states, banks and clinics give to people: right ones with their check digits, and wrong ones."""

from types import MappingProxyType

from guardrails.training.pii.moments import birthday
from guardrails.training.pii.scene import Scene

CARD_PATTERNS = (
    "4###############", "4###############", "4###############", "5%##############", "5%##############", "2221############",
    "34#############", "37#############", "6011############", "65##############", "3528############", "30############", "36############",
    "4############", "6304########", "5018########",
)  # fmt: skip
IBANS = MappingProxyType(
    {
        "DE": "##################", "FR": "####################^^#"[:23], "ES": "####################", "IT": "?######################",
        "NL": "????##########", "PT": "#####################", "GB": "????##############", "AT": "################",
        "BE": "############", "CH": "#################", "PL": "########################", "SE": "####################",
        "IE": "????##############", "BR": "#######################??"[:25], "TR": "######^^^^^^^^^^^^^^^^^^"[:22], "DK": "##############",
        "NO": "###########", "FI": "##############", "LU": "###^^^^^^^^^^^^^", "GR": "#######^^^^^^^^^^^^^^^^", "CZ": "####################",
        "SA": "##^^^^^^^^^^^^^^^^^^", "AE": "###################", "IL": "###################", "RO": "????^^^^^^^^^^^^^^^^",
        "HU": "########################", "CY": "########^^^^^^^^^^^^^^^^", "MT": "????#####^^^^^^^^^^^^^^^^^^"[:27],
    }
)  # fmt: skip
PHONES = MappingProxyType(
    {
        "US": ("%##-%##-####", "(%##) %##-####", "%##.%##.####", "+1 %##-%##-####", "+1 (%##) %##-####", "1-%##-%##-####", "%##%######", "+1%##%######",
               "%## %## ####", "(%##)%##-####", "001-%##-%##-####", "+1-%##-%##-####x####", "%##-%##-#### ext. ###", "%##-####", "%##.%##.####x###",
               "%##-%##-####x#####", "1 %## %## ####"),
        "GB": ("07### ######", "07## #### ###", "+44 7### ######", "020 #### ####", "+44 20 #### ####", "01### ######", "(020) #### ####", "0161 ### ####",
               "+447#########", "+44 (0)7### ######", "+44(0)1## ### ####", "07#########", "0800 ### ####", "0044 20 #### ####"),
        "DE": ("0%## #######", "+49 %## #######", "+49 (0)%## ######", "0%#### ######", "01## ########", "+49 1## #######", "0%##/######", "030 ########", "(0%##) ######",
               "0049 %## ######", "+49%##########", "089-#######", "0%## / ## ## ###", "+49(0)%### ######", "(0%###) %#####-##"),
        "AT": ("+43 6## #######", "0664 #######", "01 ### ## ##", "+43 1 #######"),
        "CH": ("07# ### ## ##", "+41 7# ### ## ##", "044 ### ## ##", "+41 (0)44 ### ## ##", "0041 79 ### ## ##"),
        "FR": ("06 ## ## ## ##", "07 ## ## ## ##", "01 ## ## ## ##", "+33 6 ## ## ## ##", "06.##.##.##.##", "0#########", "+33 (0)6 ## ## ## ##", "+33#########", "04-##-##-##-##", "0033 6 ## ## ## ##"),
        "BE": ("04## ## ## ##", "+32 4## ## ## ##", "02 ### ## ##", "0032 4########"),
        "ES": ("6## ### ###", "6## ## ## ##", "+34 6## ### ###", "9## ### ###", "6########", "+34 9## ## ## ##", "91 ### ## ##", "+346########", "0034 6## ### ###"),
        "MX": ("55 #### ####", "+52 55 #### ####", "+52 1 33 #### ####", "(55) #### ####"), "AR": ("+54 9 11 ####-####", "011 ####-####", "15-####-####"),
        "CO": ("3## ### ####", "+57 3## ### ####", "(601) ### ####"),
        "IT": ("3## ### ####", "3## #######", "+39 3## ### ####", "06 ########", "02 #### ####", "+39 0# #######", "3#########", "+39 06 #######", "0039 3## ######"),
        "NL": ("06 ########", "06-########", "+31 6 ########", "020-#######", "+31 (0)20 ### ####", "06 ## ## ## ##", "010 - ### ## ##", "+316########", "0#########"),
        "BR": ("(##) 9####-####", "(11) 9####-####", "+55 ## 9####-####", "## 9########", "(##) ####-####", "+55 (##) #### ####", "+55 11 9 #### ####"),
        "PT": ("9## ### ###", "+351 9## ### ###", "21# ### ###", "9########", "00351 9## ### ###"),
        "IN": ("+91 9#### #####", "9#########", "+91-98########", "098########", "+91 8#########", "0## ########", "+91 (##) #### ####"),
        "AU": ("04## ### ###", "+61 4## ### ###", "(0#) #### ####", "02 #### ####", "1300 ### ###"), "CA": ("%##-%##-####", "(%##) %##-####", "+1 %## %## ####"),
        "IE": ("08# ### ####", "+353 8# ### ####", "01 ### ####"), "NG": ("080########", "+234 80# ### ####", "0803 ### ####"), "KE": ("07## ### ###", "+254 7## ### ###"),
        "NZ": ("02# ### ####", "+64 2# ### ####"), "ZA": ("08# ### ####", "+27 8# ### ####"), "PL": ("+48 ### ### ###", "### ### ###", "22 ### ## ##"),
        "SE": ("07#-### ## ##", "+46 7# ### ## ##", "08-### ## ##"), "TR": ("+90 5## ### ## ##", "0 5## ### ## ##"), "JP": ("+81 90 #### ####", "090-####-####", "03-####-####"),
        "CN": ("+86 1## #### ####", "1##########"), "AE": ("+971 5# ### ####", "050 ### ####"), "SG": ("+65 #### ####",), "IL": ("+972 5#-###-####", "05#-#######"),
        "DK": ("+45 ## ## ## ##", "## ## ## ##"), "NO": ("+47 ### ## ###", "### ## ###"), "FI": ("+358 4# ### ####", "04# #######"), "RU": ("+7 9## ###-##-##", "8 (9##) ### ## ##"),
        "UA": ("+380 ## ### ## ##",), "GR": ("+30 69# ### ####", "210 #######"), "CZ": ("+420 ### ### ###",), "RO": ("07## ### ###", "+40 7## ### ###"), "HK": ("+852 #### ####",),
        "KR": ("+82 10-####-####", "010-####-####"), "XX": ("+###########", "+### ## ### ####", "+##-##-####-####", "+## ### ### ####", "+###-###-######", "00## ### ######", "0#### ######", "+%#.%##-%##.####"),
    }
)  # fmt: skip
LICENSES = (
    "?#######", "########", "#########", "?########", "??######", "?############", "?###-####-####", "?##-###-###-###", "###-##-####", "??#######", "###AA####",
    "?##############", "?## ### ### ###", "???##-####-####", "????? ######? ## ??", "?????######??#??", "?????%#####??#??", "######???", "??#########",
    "?##?#######", "##?######", "????%######", "?%#-##-####", "#######?", "DL-##########", "??##-########", "%##.%##.%##", "?###########", "##########", "????######??", "?????.######.#.###", "?????#######?####", "??#####??", "???????######", "?####?####",
    "?####-#####-#####", "?###-####-####-##", "??-##-####-#######", "############", "?????-##########",
)  # fmt: skip
PASSPORTS = (
    "#########", "?########", "??#######", "?#######", "C########", "##??#####", "C^^^^^^^^", "???######", "??######", "P#######", "A########", "?######", "AB#######",
    "########", "??#####??", "?#####?###", "N########", "%########", "X#######?",
)  # fmt: skip
PLATES = (
    "???-####", "??? ####", "???####", "%???###", "### ???", "???-###", "??## ???", "??##???", "?## ???", "?-?? ####", "??-?? ###", "M-?? ####", "B ?? ####", "B-??-%##",
    "HH-?? ###", "??-###-??", "?? ### ??", "#### ???", "####-???", "?###???", "???#?##", "???-#?##", "##-??-##", "??-##-??", "?-###-??", "##-???-#", "?? ## ??", "??##??####",
    "??-##-??-####", "#-???-###", "KA##??####", "?? #####", "???##", "??###?", "ZH ######", "W-#####?",
)  # fmt: skip
TAX_IDS = MappingProxyType(
    {
        "US": ("##-#######", "##-#######", "9##-7#-####", "9##-8#-####"), "GB": ("GB#########", "GB ### #### ##", "##### #####", "##########"),
        "DE": ("%##########", "%# ### ### ###", "DE#########", "###/###/#####", "##/###/#####", "DE %## %## %##"), "AT": ("ATU########", "##-###/####"),
        "CH": ("CHE-###.###.###", "CHE-###.###.### MWST"), "FR": ("FR ## #########", "FR###########", "### ### ### #####", "## ## ### ### ###"), "BE": ("BE 0###.###.###", "BE0#########"),
        "ES": ("?########", "?-########", "ES?########", "########?"), "MX": ("????######^^^", "???######^^^"), "AR": ("##-########-#",), "CO": ("###.###.###-#",),
        "IT": ("###########", "IT###########", "IT ###########"), "NL": ("NL#########B##", "NL######### B ##"), "BR": ("##.###.###/####-##", "##############"), "PT": ("#########", "PT#########", "### ### ###"),
        "IN": ("?????####?", "##?????####?#Z#"), "AU": ("## ### ### ###", "### ### ###"), "CA": ("#########RT####", "#########"), "IE": ("#######??", "IE#######?"),
    }
)  # fmt: skip
NATIONAL_IDS = MappingProxyType(
    {
        "US": ("ssn",) * 6 + ("###-##-####",), "GB": ("nino",) * 5 + ("??######?",), "DE": ("?^^^^^^^^", "T########", "L##^##^##", "## ###### ? ###", "########?###"),
        "AT": ("#### ######",), "CH": ("756.####.####.##", "756##########"), "FR": ("nir",) * 4 + ("############",), "BE": ("##.##.##-###.##", "###########"),
        "ES": ("dni", "dni", "nie", "## ########## ##"), "MX": ("curp",), "AR": ("##.###.###", "########"), "CO": ("#.###.###.###", "##########"),
        "IT": ("codice",) * 4 + ("??#######", "??#####??"), "NL": ("bsn",), "BR": ("cpf", "cpf", "cpf", "##.###.###-#"), "PT": ("########", "######## # ??#", "###########"),
        "IN": ("aadhaar",), "AU": ("### ### ###", "#### ##### #"), "CA": ("### ### ###", "###-###-###"), "IE": ("#######??",), "NG": ("###########",), "KE": ("########",),
        "NZ": ("???####",), "ZA": ("#############",),
        "XX": ("###########", "######-####", "######+####", "???######", "##########", "?########", "??########", "######/####", "#############", "??#####??", "######-#######", "########-?",
               "%##.%##.%##-##", "??^^^^^^", "^^^^^^^^^", "?#####?#", "####-####-####", "S#######?", "### #### ####", "#########", "?????#######?####", "###.###.####", "??#####??", "?????.######.#.###", "#?##?#####", "%##.%###.%###.%#", "???????####", "#### ### ###"),
    }
)  # fmt: skip


def luhn_digit(digits: str) -> str:
    """Return the digit that makes a number pass the Luhn check."""
    total = 0
    for index, character in enumerate(reversed(digits)):
        value = int(character) * (2 if index % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def card(scene: Scene) -> str:
    """Return a card number, nearly always one that passes the Luhn check, in groups or not."""
    digits = scene.fill(scene.one(CARD_PATTERNS))
    if scene.chance(0.92):
        digits = digits[:-1] + luhn_digit(digits[:-1])
    gap = scene.one(("", "", " ", " ", "-"))
    if len(digits) == 15:
        text = gap.join((digits[:4], digits[4:10], digits[10:]))
    else:
        text = gap.join(digits[index : index + 4] for index in range(0, len(digits), 4))
    if scene.chance(0.03):
        text = f"{scene.word('**** XXXX xxxx')} {scene.word('**** XXXX xxxx')} {scene.word('**** XXXX xxxx')} {digits[-4:]}"
    return text


def cvv(scene: Scene) -> str:
    """Return a card's check number."""
    return scene.fill("###" if scene.chance(0.85) else "####")


def iban(scene: Scene) -> str:
    """Return an account number with its country, nearly always one that passes its check."""
    country = scene.country if scene.country in IBANS and scene.chance(0.6) else scene.one(tuple(IBANS))
    body = scene.fill(IBANS[country])
    check = 98 - int("".join(str(int(character, 36)) for character in f"{body}{country}00")) % 97
    if scene.chance(0.1):
        check = scene.rng.randrange(2, 99)
    text = f"{country}{check:02d}{body}"
    if scene.chance(0.45):
        text = " ".join(text[index : index + 4] for index in range(0, len(text), 4))
    return text


def bank_account(scene: Scene) -> str:
    """Return an account number as a bank's own customers write it."""
    return scene.fill(
        scene.one(("########", "##########", "############", "#########", "#######", "###########", "####-####-####", "### ### ###", "####-######-#", "##-####-#######-##",
                   "%##-###-######", "#### #### #### #### ####", "####-##-##########", "00########", "%#########", "######-#", "#####-#", "##### #####"))
    )  # fmt: skip


def sort_code(scene: Scene) -> str:
    """Return a British sort code, or a German or Australian one."""
    return scene.fill(
        scene.one(("##-##-##", "##-##-##", "## ## ##", "######", "###-###", "%## ### ##", "%#######"))
    )


def routing(scene: Scene) -> str:
    """Return an American routing number, nearly always one that passes its check."""
    digits = scene.fill(scene.one(("0%######", "1#######", "2#######", "3#######")))
    weights = (3, 7, 1, 3, 7, 1, 3, 7)
    check = -sum(weight * int(digit) for weight, digit in zip(weights, digits, strict=True)) % 10
    return digits + (str(check) if scene.chance(0.9) else scene.fill("#"))


def bic(scene: Scene) -> str:
    """Return the code of a bank."""
    bank = scene.one(
        (
            "DEUT",
            "COBA",
            "BNPA",
            "SOGE",
            "ABNA",
            "INGB",
            "BSCH",
            "BBVA",
            "CITI",
            "CHAS",
            "BARC",
            "LOYD",
            "HBUK",
            "UBSW",
            "RABO",
            "BCIT",
        )
    )
    home = scene.country if scene.chance(0.7) else scene.one(tuple(IBANS))
    return f"{bank if scene.chance(0.5) else scene.fill('????')}{home}{scene.fill('^^')}{scene.one(('', '', 'XXX', scene.fill('###')))}"


def phone(scene: Scene) -> str:
    """Return a telephone number, mostly one of the text's own country."""
    country = scene.country if scene.chance(0.65) else scene.one(tuple(PHONES))
    return scene.fill(scene.one(PHONES.get(country, PHONES["XX"])))


def ssn(scene: Scene) -> str:
    """Return an American social security number."""
    area = scene.rng.choice((scene.rng.randrange(1, 666), scene.rng.randrange(667, 900)))
    digits = f"{area:03d}", f"{scene.rng.randrange(1, 100):02d}", f"{scene.rng.randrange(1, 10000):04d}"
    return scene.one(("-", "-", "-", "-", " ", "", ".")).join(digits)


def nino(scene: Scene) -> str:
    """Return a British national insurance number."""
    prefix = scene.one("ABCEGHJKLMNPRSTWXYZ") + scene.one("ABCEGHJKLMNPRSTWXYZ")
    number, suffix = scene.fill("## ## ##"), scene.one("ABCD")
    return (
        f"{prefix} {number} {suffix}" if scene.chance(0.5) else f"{prefix}{number.replace(' ', '')}{suffix}"
    )


def nir(scene: Scene) -> str:
    """Return a French social security number."""
    body = f"{scene.word('1 2')}{scene.fill('##')}{scene.rng.randrange(1, 13):02d}{scene.rng.randrange(1, 96):02d}{scene.fill('######')}"
    key = f"{97 - int(body) % 97:02d}"
    if scene.chance(0.6):
        return f"{body[0]} {body[1:3]} {body[3:5]} {body[5:7]} {body[7:10]} {body[10:13]} {key}"
    return body + key


def dni(scene: Scene) -> str:
    """Return a Spanish identity number."""
    digits = scene.fill("########")
    letter = "TRWAGMYFPDXBNJZSQVHLCKE"[int(digits) % 23]
    return scene.one(
        (f"{digits}{letter}", f"{digits}-{letter}", f"{digits[:2]}.{digits[2:5]}.{digits[5:]}-{letter}")
    )


def nie(scene: Scene) -> str:
    """Return the identity number of a foreigner in Spain."""
    first, digits = scene.word("X Y Z"), scene.fill("#######")
    letter = "TRWAGMYFPDXBNJZSQVHLCKE"[int(f"{'XYZ'.index(first)}{digits}") % 23]
    return scene.one((f"{first}{digits}{letter}", f"{first}-{digits}-{letter}"))


def codice_fiscale(scene: Scene) -> str:
    """Return the shape of an Italian tax code."""
    body = scene.fill(f"??????##{scene.one('ABCDEHLMPRST')}##?###")
    odd = dict(zip("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
                   (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23), strict=True))  # fmt: skip
    even = dict(zip("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", (*range(10), *range(26)), strict=True))
    total = sum((odd if index % 2 == 0 else even)[character] for index, character in enumerate(body))
    return body + chr(ord("A") + total % 26)


def bsn(scene: Scene) -> str:
    """Return a Dutch citizen number, nearly always one that passes its check."""
    while True:
        digits = scene.fill("%########")
        total = sum(
            weight * int(digit) for weight, digit in zip((9, 8, 7, 6, 5, 4, 3, 2, -1), digits, strict=True)
        )
        if total % 11 == 0 or scene.chance(0.03):
            return scene.one(
                (
                    digits,
                    digits,
                    f"{digits[:4]}.{digits[4:6]}.{digits[6:]}",
                    f"{digits[:3]} {digits[3:6]} {digits[6:]}",
                )
            )


def cpf(scene: Scene) -> str:
    """Return a Brazilian citizen number."""
    digits = scene.fill("#########")
    for _ in range(2):
        total = sum((len(digits) + 1 - index) * int(digit) for index, digit in enumerate(digits))
        digits += str(total * 10 % 11 % 10)
    return digits if scene.chance(0.25) else f"{digits[:3]}.{digits[3:6]}.{digits[6:9]}-{digits[9:]}"


def aadhaar(scene: Scene) -> str:
    """Return the shape of an Indian citizen number."""
    return scene.fill(scene.one(("%### #### ####", "%### #### ####", "%###########", "%###-####-####")))


def curp(scene: Scene) -> str:
    """Return the shape of a Mexican citizen number."""
    return scene.fill("????######") + scene.word("H M") + scene.fill("?????^#")


MAKERS = MappingProxyType(
    {
        "ssn": ssn,
        "nino": nino,
        "nir": nir,
        "dni": dni,
        "nie": nie,
        "codice": codice_fiscale,
        "bsn": bsn,
        "cpf": cpf,
        "aadhaar": aadhaar,
        "curp": curp,
    }
)


def national_id(scene: Scene) -> str:
    """Return a citizen's number, mostly of the text's own country."""
    country = scene.country if scene.chance(0.65) else scene.one(tuple(NATIONAL_IDS))
    pattern = scene.one(NATIONAL_IDS[country])
    return MAKERS[pattern](scene) if pattern in MAKERS else scene.fill(pattern)


def tax_id(scene: Scene) -> str:
    """Return a tax number of a person or a company."""
    country = scene.country if scene.country in TAX_IDS and scene.chance(0.7) else scene.one(tuple(TAX_IDS))
    return scene.fill(scene.one(TAX_IDS[country]))


def passport(scene: Scene) -> str:
    """Return a passport number."""
    return scene.fill(scene.one(PASSPORTS))


def license_number(scene: Scene) -> str:
    """Return the number of a driving licence."""
    return scene.fill(scene.one(LICENSES))


def plate(scene: Scene) -> str:
    """Return a number plate."""
    return scene.fill(scene.one(PLATES))


def vin(scene: Scene) -> str:
    """Return the number of a vehicle's frame."""
    return scene.word("1HG WBA WDB 5YJ JTD WVW VF1 ZFA 2T1 3VW KMH SAL 1FT JN1") + scene.fill(
        "^^^^^^^^######"
    )


def medical_id(scene: Scene) -> str:
    """Return the number of a patient, an insured person or a prescriber."""
    return scene.fill(
        scene.one(("MRN######", "MRN-#######", "#######", "########", "MRN ########", "?########", "### ### ####", "###-###-####", "##########", "?#########", "??#######",
                   "#%?#-??#-??##", "#???-??#-??##", "HPB-########", "XEA#########", "W#########", "PAT-#####", "P#######", "HN-####-###", "?## ### ###", "###-##-####-?",
                   "#### ### ###", "80276##########", "A%########", "MC#######", "#########?", "??-#######", "GRP######", "ID#######", "#####-##"))
    )  # fmt: skip


def dated_id(scene: Scene) -> str:
    """Return a citizen's number that begins with the date of birth, as in the north."""
    return "".join(character for character in birthday(scene) if character.isdigit())[:6] + scene.fill(
        scene.one(("-####", "####", "-#####", "/####"))
    )

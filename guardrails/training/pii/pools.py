"""Names of people, places and organisations by country, gathered once and drawn from many times."""

import csv
import importlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from types import MappingProxyType

from faker.providers.job import Provider as Jobs
from phonenumbers.geodata import GEOCODE_DATA

PEOPLE_LOCALES = [
    "en_US",
    "en_GB",
    "en_IN",
    "en_IE",
    "en_NG",
    "en_KE",
    "de_DE",
    "de_CH",
    "fr_FR",
    "fr_CH",
    "es_ES",
    "es_MX",
    "it_IT",
    "nl_NL",
    "pt_BR",
    "pt_PT",
    "pl_PL",
    "sv_SE",
    "tr_TR",
    "no_NO",
    "da_DK",
    "fi_FI",
    "cs_CZ",
    "hu_HU",
    "ro_RO",
    "hr_HR",
    "id_ID",
    "tw_GH",
    "zu_ZA",
    "yo_NG",
    "ha_NG",
    "az_AZ",
    "sk_SK",
    "sl_SI",
    "lt_LT",
    "et_EE",
    "lv_LV",
    "ga_IE",
]
DIALLING_CODES = MappingProxyType(
    {
        "US": "1", "GB": "44", "DE": "49", "AT": "43", "FR": "33", "BE": "32", "ES": "34", "MX": "52", "AR": "54",
        "CO": "57", "IT": "39", "NL": "31", "BR": "55", "PT": "351", "PL": "48", "SE": "46", "TR": "90", "IN": "91",
        "AU": "61", "CH": "41", "IE": "353", "JP": "81", "ID": "62", "HU": "36", "RO": "40", "GR": "30", "UA": "380",
        "CN": "86", "NG": "234", "KE": "254", "NZ": "64", "ZA": "27", "CZ": "420", "RU": "7", "PH": "63", "EG": "20",
    }
)  # fmt: skip
LANGUAGE_OF = MappingProxyType(
    {"DE": "de", "AT": "de", "CH": "de", "FR": "fr", "ES": "es", "MX": "es", "AR": "es", "CO": "es", "IT": "it",
     "NL": "nl", "BR": "pt", "PT": "pt", "PL": "pl", "SE": "sv", "TR": "tr", "HU": "hu", "RO": "ro", "BE": "fr"}
)  # fmt: skip
TRANSLITERATED = MappingProxyType(
    {
        "ZH": (
            "Wei Fang Min Jing Lei Xiaoming Yan Jun Hui Ling Tao Ming Chao Xia Jie Juan Ping Gang Haoran Zihan Yichen "
            "Meiling Xinyi Yuxuan Mengyao Guoqiang Jianhua Xiulan Bo Hao Lihua Shu-fen Chun-mei Ka-wai Siu-ming",
            "Wang Li Zhang Liu Chen Yang Huang Zhao Wu Zhou Xu Sun Ma Zhu Hu Guo He Lin Gao Luo Zheng Liang Xie Tang "
            "Deng Feng Cao Peng Zeng Xiao Tian Dong Pan Yuan Cai Jiang Yu Du Ye Cheng Wei Su Ding Ren Lu Yao Chan Wong "
            "Cheung Leung Lau Ng Tsang",
        ),
        "JA": (
            "Hiroshi Takashi Yuki Haruka Kenji Sakura Akira Naoko Satoshi Yumi Daisuke Ayumi Kazuo Keiko Ryo Mai "
            "Shinji Aiko Haruto Sota Yui Hina Ren Mei Takumi Rin Makoto Emi Tomoko Masahiro Noriko",
            "Sato Suzuki Takahashi Tanaka Watanabe Ito Yamamoto Nakamura Kobayashi Kato Yoshida Yamada Sasaki "
            "Yamaguchi Matsumoto Inoue Kimura Hayashi Shimizu Saito Mori Abe Ikeda Hashimoto Ishikawa Ogawa Okada "
            "Fujita Goto Hasegawa Murakami Kondo",
        ),
        "KO": (
            "Min-jun Seo-yeon Ji-hoon Soo-jin Hyun-woo Eun-ji Jae-hyun Yuna Sung-min Hye-jin Dong-hyun Ji-woo Young-ho "
            "Mi-kyung Tae-yang Haneul Jisoo Minseok Kyung-soo Bora",
            "Kim Lee Park Choi Jung Kang Cho Yoon Jang Lim Han Oh Seo Shin Kwon Hwang Ahn Song Ryu Hong Jeon Moon Bae",
        ),
        "AR": (
            "Mohammed Ahmed Ali Omar Youssef Khalid Hassan Hussein Fatima Aisha Layla Mariam Noor Zainab Salma Amina "
            "Tariq Karim Samir Rania Huda Yasmin Ibrahim Mustafa Abdullah Bilal Hamza Nadia Leila Rashid Faisal Dina "
            "Abdul Rahman Sami Jamal Mahmoud Reem Sara Iman",
            "Al-Farsi Haddad Khoury Mansour Al-Sayed Nasser El-Masri Hamdan Abdallah Saleh Farouk Aziz Rahman Darwish "
            "Najjar Al-Hashimi Barakat Qureshi Shaheen Al-Rashid Ben Ali Bouzid Benali El Amrani Zaki Ghanem Sharif "
            "Othman Yousef Habib Tahir Al-Zahrani",
        ),
        "RU": (
            "Alexander Dmitry Sergey Andrey Ivan Mikhail Olga Natalia Svetlana Ekaterina Anastasia Irina Yuri Vladimir "
            "Oleg Boris Tatiana Yulia Pavel Nikita Galina Maksim Ksenia Oksana Taras Bohdan Yaroslav",
            "Ivanov Smirnova Kuznetsov Popova Sokolov Lebedev Kozlova Novikov Morozova Petrov Volkov Solovyova "
            "Vasiliev Zaitsev Pavlova Semenov Golubeva Vinogradov Bogdanov Fedorov Shevchenko Kovalenko Bondarenko "
            "Tkachenko Kravchenko Melnyk Boyko",
        ),
        "VI": (
            "Anh Minh Huong Linh Tuan Hoa Nam Thao Duc Lan Quang Mai Hung Trang Phuong Dung Khanh Ngoc Thanh Bao",
            "Nguyen Tran Le Pham Hoang Phan Vu Dang Bui Do Ho Ngo Duong Ly Truong Dinh",
        ),
        "PK": (
            "Muhammad Zara Usman Ayesha Bilal Hina Imran Sadia Kamran Farah Asif Nadia Shahid Rabia Tanvir Shabnam",
            "Khan Malik Butt Chaudhry Akhtar Iqbal Hussain Siddiqui Mirza Sheikh Baig Javed Rahman Chowdhury Begum",
        ),
        "HE": (
            "Noam Yael Avi Tamar Itai Shira Moshe Rivka Eitan Noa David Miriam Uri Galit Ari Dalia Hila Ronen",
            "Cohen Levi Mizrahi Peretz Biton Dahan Friedman Azoulay Katz Ben-David Shapira Goldberg Rosen Avraham",
        ),
        "FA": (
            "Reza Maryam Hossein Zahra Mehdi Fatemeh Arash Niloufar Babak Shirin Kaveh Parisa Dariush Roya",
            "Ahmadi Hosseini Karimi Rezaei Moradi Jafari Rahimi Tehrani Kazemi Shirazi Farahani Ghorbani",
        ),
        "GR": (
            "Giorgos Maria Dimitris Eleni Kostas Katerina Yannis Sofia Nikos Vasiliki Panagiotis Despina",
            "Papadopoulos Pappas Georgiou Nikolaidis Oikonomou Vlachos Karagiannis Dimitriou Angelopoulos Makris",
        ),
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Names:
    """First and last names of one country."""

    first: Sequence[str]
    last: Sequence[str]


def _faker_names(locale: str) -> Names:
    provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
    first: list[str] = []
    for attribute in ("first_names", "first_names_male", "first_names_female"):
        first += [str(name) for name in getattr(provider, attribute, ())]
    last: list[str] = []
    for attribute in ("last_names", "last_names_male", "last_names_female", "unisex_last_names"):
        last += [str(name) for name in getattr(provider, attribute, ())]
    return Names(_clean(first), _clean(last))


def _clean(names: Sequence[str]) -> list[str]:
    kept = {name.strip() for name in names if len(name.strip()) > 1 and "{" not in name}
    return sorted(kept - {"Doe", "John"}) or ["John", "Doe"]


@cache
def people() -> dict[str, Names]:
    """Return names by locale; those of languages with other scripts are spelled in Latin letters."""
    names = {locale: _faker_names(locale) for locale in PEOPLE_LOCALES}
    for code, (first, last) in TRANSLITERATED.items():
        names[code] = Names(first.split(), last.split())
    return names


def _place_names(country: str) -> list[str]:
    code, language = DIALLING_CODES[country], LANGUAGE_OF.get(country, "en")
    names: set[str] = set()
    for prefix, by_language in GEOCODE_DATA.items():
        if prefix.startswith(code):
            name = by_language.get(language) or by_language.get("en") or ""
            if country != "US":
                name = re.split(r",| - [A-Z]{2}$", name)[0]
            if name and "/" not in name and len(name) < 40 and "(" not in name:
                names.add(name.strip())
    return sorted(names)


@cache
def towns() -> dict[str, Sequence[str]]:
    """Return the towns of each country; American ones come with their state, as in ``Albany, NY``."""
    found = {country: _place_names(country) for country in DIALLING_CODES}
    found["US"] = [name for name in found["US"] if re.search(r", [A-Z]{2}$", name)]
    found["BR"] = found["BR"][::3]
    return {country: names for country, names in found.items() if len(names) > 4}


def _address_provider(locale: str) -> object:
    return importlib.import_module(f"faker.providers.address.{locale}").Provider


@cache
def countries(language: str) -> Sequence[str]:
    """Return the names of countries in a language."""
    locale = {"en": "en_US", "de": "de_DE", "fr": "fr_FR", "es": "es_ES", "it": "it_IT", "nl": "nl_NL"}
    names: Sequence[str] = getattr(_address_provider(locale.get(language, "pt_PT")), "countries", ())
    return [name for name in names if 3 < len(name) < 28 and "(" not in name and "," not in name]


@cache
def regions(country: str) -> Sequence[str]:
    """Return the states, counties or provinces of a country."""
    sources = {
        "US": ("en_US", "states"), "GB": ("en_GB", "counties"), "IN": ("en_IN", "states"), "DE": ("de_DE", "states"),
        "FR": ("fr_FR", "regions"), "ES": ("es_ES", "regions"), "IT": ("it_IT", "states"), "NL": ("nl_NL", "provinces"),
        "PL": ("pl_PL", "regions"), "AU": ("en_AU", "states"), "CA": ("en_CA", "provinces"), "IE": ("en_IE", "counties"),
        "AT": ("de_AT", "states"), "SE": ("sv_SE", "states"),
    }  # fmt: skip
    locale, attribute = sources.get(country, sources["US"])
    return [str(name) for name in getattr(_address_provider(locale), attribute)]


@cache
def street_types() -> Sequence[str]:
    """Return what American and British streets are called, common kinds more than once."""
    common = (
        "Street St Street Avenue Ave Road Rd Lane Ln Drive Dr Court Ct Boulevard Blvd Way Place Terrace Close"
    )
    rare: Sequence[str] = getattr(_address_provider("en_US"), "street_suffixes", ())
    return [*(common.split() * 20), *(f"{kind}." for kind in ("St", "Ave", "Rd", "Dr", "Blvd", "Ln")), *rare]


@cache
def jobs(language: str) -> Sequence[str]:
    """Return professions in a language, in the plain form people use."""
    if language in {"de", "fr", "es", "pt"}:
        locale = {"de": "de_DE", "fr": "fr_FR", "es": "es_ES", "pt": "pt_PT"}[language]
        provider = importlib.import_module(f"faker.providers.job.{locale}").Provider
        return [str(name) for name in provider.jobs if len(name) < 32]
    names: list[str] = []
    for name in Jobs.jobs:
        head, _, kind = str(name).partition(", ")
        names.append(f"{kind.capitalize()} {head.lower()}" if kind and "/" not in kind else head)
    return names


@cache
def words(language: str) -> Sequence[str]:
    """Return ordinary words of a language; where nobody has listed them, English ones.

    Those that are also somebody's name or a day are left out, as nothing around them would tell.
    """
    locale = {"de": "de_DE", "fr": "fr_FR", "it": "it_IT", "nl": "nl_NL"}.get(language, "en_US")
    provider = importlib.import_module(f"faker.providers.lorem.{locale}").Provider
    names = {name.casefold() for group in people().values() for name in (*group.first, *group.last)}
    names |= {
        "sonntag",
        "dimanche",
        "domenica",
        "giugno",
        "maggio",
        "congress",
        "democrat",
        "republican",
        "mr",
        "mrs",
    }
    return sorted({str(word) for word in provider.word_list if str(word).casefold() not in names})


@cache
def companies(data: Path) -> Sequence[str]:
    """Return the names of real companies and organisations, those fit to stand in a sentence."""
    path = data / "pii" / "presidio_research" / "companies_and_organizations.csv"
    with path.open(encoding="utf-8", errors="ignore", newline="") as file:
        rows = {row[0].strip() for row in csv.reader(file) if row}
    fit = re.compile(
        r"(?!.*(?:Preferred|Stock|Pfd|Trst|Series|Class|Fund|Shares|Depositary))[A-Z0-9][\w&'.,\- ]{2,38}"
    )
    return sorted(
        name for name in rows if fit.fullmatch(name) and not name.isupper() and name != "organization"
    )


@cache
def nationalities(data: Path) -> Sequence[tuple[str, str]]:
    """Return adjective and plural of each nationality."""
    path = data / "pii" / "presidio_research" / "nationalities.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    return sorted({(row["nationality"].strip().title(), row["plural"].strip().title()) for row in rows})


def skewed(rng: Random, values: Sequence[str]) -> str:
    """Draw a value; most often any, sometimes one of the first, as common names are common."""
    return values[int(rng.random() * len(values))]

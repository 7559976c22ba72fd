"""Where a text takes place: its language, its country, its people, and the dice that fill it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TypeVar
from zlib import crc32

from guardrails.training.pii import pools, real_addresses

T = TypeVar("T")

COUNTRIES_OF_LANGUAGE = {
    "en": ("US",) * 11 + ("GB",) * 4 + ("IN", "IN", "AU", "CA", "IE", "NG", "KE", "NZ", "ZA"),
    "de": ("DE",) * 6 + ("AT", "CH"),
    "fr": ("FR",) * 6 + ("BE", "CH"),
    "es": ("ES",) * 4 + ("MX", "MX", "AR", "CO"),
    "it": ("IT",) * 6 + ("CH",),
    "nl": ("NL",) * 4 + ("BE",),
    "pt": ("BR", "BR", "BR", "PT", "PT"),
}
PEOPLE_OF_COUNTRY = {
    "US": "en_US", "GB": "en_GB", "IN": "en_IN", "AU": "en_GB", "CA": "en_US", "IE": "en_IE", "NG": "en_NG",
    "KE": "en_KE", "NZ": "en_GB", "ZA": "zu_ZA", "DE": "de_DE", "AT": "de_DE", "CH": "de_CH", "FR": "fr_FR",
    "BE": "fr_FR", "ES": "es_ES", "MX": "es_MX", "AR": "es_MX", "CO": "es_MX", "IT": "it_IT", "NL": "nl_NL",
    "BR": "pt_BR", "PT": "pt_PT",
}  # fmt: skip
ELSEWHERE = ("PL", "SE", "TR", "JP", "ID", "HU", "RO", "GR", "UA", "CN", "NG", "CZ", "RU", "PH", "EG")
HELD_BACK = 12
"""One name in so many is kept for the texts that the model is tested on."""


def held_back(name: str) -> bool:
    """Tell whether a name never stands in a text to train on."""
    return crc32(name.casefold().encode()) % HELD_BACK == 0


@dataclass(frozen=True, slots=True)
class World:
    """What may be named in the texts of one split."""

    data: Path
    split: str
    people: dict[str, pools.Names]
    towns: dict[str, Sequence[str]]
    companies: Sequence[str]
    nationalities: Sequence[tuple[str, str]]
    addresses: Sequence[str]

    @classmethod
    def of(cls, data: Path, split: str) -> "World":
        """Gather the names of a split; some are kept out of those to train on."""

        def kept(names: Sequence[str]) -> Sequence[str]:
            chosen = [name for name in names if split != "train" or not held_back(name)]
            return chosen or names

        return cls(
            data=data,
            split=split,
            people={
                locale: pools.Names(kept(names.first), kept(names.last))
                for locale, names in pools.people().items()
            },
            towns={country: kept(names) for country, names in pools.towns().items()},
            companies=kept(pools.companies(data)),
            nationalities=pools.nationalities(data),
            addresses=real_addresses.addresses(data, split),
        )


@dataclass(slots=True)
class Scene:
    """One text's language, country and dice, and whom it has named so far."""

    rng: Random
    world: World
    language: str = "en"
    country: str = "US"
    named: list[tuple[str, str]] = field(default_factory=list)
    """First and last names that were spoken of, so that an address can belong to one of them."""

    @classmethod
    def open(cls, rng: Random, world: World, language: str) -> "Scene":
        """Choose a country for a text in a language."""
        return cls(rng, world, language, rng.choice(COUNTRIES_OF_LANGUAGE[language]))

    def chance(self, probability: float) -> bool:
        """Throw a coin that falls on its head with this probability."""
        return self.rng.random() < probability

    def one(self, values: Sequence[T]) -> T:
        """Draw one of these."""
        return values[int(self.rng.random() * len(values))]

    def word(self, words: str) -> str:
        """Draw one of the words of a sentence."""
        return self.one(words.split())

    def fill(self, pattern: str) -> str:
        """Replace # by a digit, % by one that is not 0, ? by a capital, ~ by a small letter, ^ by either or a digit."""
        random = self.rng.random
        out = []
        for character in pattern:
            if character == "#":
                out.append("0123456789"[int(random() * 10)])
            elif character == "%":
                out.append("123456789"[int(random() * 9)])
            elif character == "?":
                out.append("ABCDEFGHIJKLMNOPQRSTUVWXYZ"[int(random() * 26)])
            elif character == "~":
                out.append("abcdefghijklmnopqrstuvwxyz"[int(random() * 26)])
            elif character == "^":
                out.append("ABCDEFGHJKLMNPQRSTUVWXYZ23456789"[int(random() * 32)])
            else:
                out.append(character)
        return "".join(out)

    def names(self) -> pools.Names:
        """Return whose names fit here: mostly the country's, often those of people from anywhere."""
        if self.chance(0.34):
            return self.one(list(self.world.people.values()))
        return self.world.people[PEOPLE_OF_COUNTRY[self.country]]

    def known(self) -> tuple[str, str]:
        """Return a person's first and last name: someone named already, or someone new."""
        if self.named and self.chance(0.7):
            return self.one(self.named)
        names = self.names()
        return self.one(names.first), self.one(names.last)

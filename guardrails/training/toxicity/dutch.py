"""Makes the forms of Dutch words, and from them the lists that Dutch templates are filled from.

An entry of the file of words is an adjective (`dom`), a noun with its plural (`Turk/Turken`) or a verb (`haten`). After the
slashes stands what no rule gives: the inflected form of an adjective, the stem and the participle of a verb.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from guardrails.training.injection.grammar import read_lists

_UNSTRESSED = ("be", "ge", "ver", "ont", "her", "er", "mis")
_VOICELESS = frozenset("tkfschpx")
_THIRD = {
    "heb": "heeft",
    "mag": "mag",
    "rij": "rijdt",
    "sla": "slaat",
    "snij": "snijdt",
    "sta": "staat",
    "versta": "verstaat",
}
_DIAERESIS = {"e": "ë", "i": "ï"}
_VOWELS = re.compile(r"[aeiouyáéëïöü]+|ij")


def dutch_lists(path: Path) -> dict[str, list[str]]:
    """Return the lists `nl_…` of all forms of the words of a file."""
    words = {
        name: list(dict.fromkeys(word.strip() for entry in entries for word in entry.split(",")))
        for name, entries in read_lists(path).items()
    }
    adjectives = {name: [_pair(word) for word in words[name]] for name in ("slecht", "goed", "groep")}
    nouns = {name: [word.split("/") for word in words[name]] for name in ("mensen", "schelden")}
    lists = {
        "nl_slecht": [base for base, _ in adjectives["slecht"]],
        "nl_slechte": [form for _, form in adjectives["slecht"]],
        "nl_goed": [base for base, _ in adjectives["goed"]],
        "nl_goede": [form for _, form in adjectives["goed"]],
        "nl_is": [base for base, _ in adjectives["groep"]],
        "nl_ge": [form for _, form in adjectives["groep"]],
        "nl_een": [one for one, _ in nouns["mensen"]],
        "nl_mv": [many for _, many in nouns["mensen"]],
        "nl_scheld": [one for one, _ in nouns["schelden"]],
        "nl_schelden": [many for _, many in nouns["schelden"]],
        "nl_beroep": words["beroep"],
        "nl_naam": words["naam"],
        "nl_ding": words["ding"],
    }
    kinds = ("nl_is", "nl_ge", "nl_een", "nl_mv")
    lists["nl_groep"] = _different(
        form for kind in kinds for word in lists[kind] for form in (word, word.lower())
    )
    for name in ("haten", "doden", "lief"):
        forms = [_forms(word) for word in words[name]]
        lists |= {
            f"nl_{name}": [form["infinitive"] for form in forms],
            f"nl_{name}_doe": [form["stem"] for form in forms],
            f"nl_{name}_doet": [form["third"] for form in forms],
            f"nl_{name}_gedaan": [form["participle"] for form in forms if form["participle"]],
            f"nl_{name}_vorm": _different(form[kind] for form in forms for kind in _COMMON),
        }
    return lists


def attributive(adjective: str) -> str:
    """Return an adjective as it stands before a noun: `dom` becomes `domme`, `waardeloos` `waardeloze`.

    >>> [attributive(word) for word in ("dom", "waardeloos", "lief", "gemeen", "Turks", "tevreden", "lui")]
    ['domme', 'waardeloze', 'lieve', 'gemene', 'Turkse', 'tevreden', 'luie']
    """
    if re.search(r"[^aeo]en$", adjective) and len(adjective) > 3:
        return adjective
    if adjective.endswith("e"):
        return adjective
    if found := re.fullmatch(r"(.*)(aa|ee|oo|uu)([^aeiou])", adjective):
        return found[1] + found[2][0] + _voiced(found[3]) + "e"
    if re.search(r"(eu|ie|ij|ei|ui|ou|oe|au)[sf]$", adjective):
        return adjective[:-1] + _voiced(adjective[-1]) + "e"
    is_short = re.fullmatch(r"[^aeiou]*[aeiou][^aeiouwxjy]", adjective.lower())
    return adjective + (adjective[-1] if is_short else "") + "e"


def stem(infinitive: str) -> str:
    """Return the first person of a verb: `haten` becomes `haat`, `knuffelen` `knuffel`.

    >>> [stem(verb) for verb in ("haten", "knuffelen", "respecteren", "kussen", "prijzen", "vermoorden", "huwen")]
    ['haat', 'knuffel', 'respecteer', 'kus', 'prijs', 'vermoord', 'huw']
    """
    root = infinitive.removesuffix("n").removesuffix("e")
    if len(root) > 1 and root[-1] == root[-2] and root[-1] not in "aeiou":
        return root[:-1]
    if re.search(r"(?<![aeiou])[aeou][^aeiouwxj]$", root) and not _is_unstressed(root):
        root = root[:-1] + root[-2] + root[-1]
    return root[:-1] + {"v": "f", "z": "s"}.get(root[-1], root[-1])


def participle(infinitive: str) -> str:
    """Return the participle of a regular verb: `haten` becomes `gehaat`, `vernederen` `vernederd`.

    >>> [participle(verb) for verb in ("haten", "bespotten", "martelen", "prikken")]
    ['gehaat', 'bespot', 'gemarteld', 'geprikt']
    """
    base = stem(infinitive)
    root = infinitive.removesuffix("n").removesuffix("e")
    ending = "" if base[-1] in "td" else ("t" if root[-1] in _VOICELESS else "d")
    has_prefix = infinitive.startswith(_UNSTRESSED) and len(_VOWELS.findall(root)) > 1
    if has_prefix:
        return base + ending
    return "ge" + _DIAERESIS.get(base[0], base[0]) + base[1:] + ending


def _is_unstressed(root: str) -> bool:
    """An `e` near the end of a long verb is mute, save in what ends in `-eren`, most of which are foreign."""
    bare = next((root.removeprefix(each) for each in _UNSTRESSED if root.startswith(each)), root)
    return root[-2] == "e" and root[-1] != "r" and len(_VOWELS.findall(bare)) > 1


def _voiced(letter: str) -> str:
    return {"f": "v", "s": "z"}.get(letter, letter)


def _pair(entry: str) -> tuple[str, str]:
    base, _, form = entry.partition("/")
    return base, form or attributive(base)


_COMMON = ("infinitive", "infinitive", "stem", "third")


def _forms(entry: str) -> Mapping[str, str]:
    """Return the forms of a verb; `uit+lachen` falls apart into `lach uit`."""
    written, given, perfect = (*entry.split("/"), "", "")[:3]
    apart, _, rest = written.rpartition("+")
    base = given or (f"{stem(rest)} {apart}" if apart else stem(rest))
    first, _, after = base.partition(" ")
    third = _THIRD.get(first, first if first.endswith("t") else first + "t") + (f" {after}" if after else "")
    if not perfect and not given and " " not in written:
        perfect = apart + (participle(rest) if apart else participle(written))
    joined = f"{apart} {rest}" if " " in apart else apart + rest
    return {"infinitive": joined, "stem": base, "third": third, "participle": perfect}


def _different(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(words))

"""Is the answer in the right language?

The script decides where one script means one language (or a few marks in it do); for languages in Latin letters the
small words that every sentence has are counted. It is made for sentences, not for single words, and says so: with
fewer than three small words, or when two languages are as likely, the sample is unscored. 1 or 0.

| answer | score |
|---|---|
| no letters, or a word or two | unscored |
| two languages equally likely | unscored |
| a language that is not known here | unscored, or taken for its nearest neighbour |
| code in fences | left out |
| a code that is not known here | refused when built |
"""

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import ClassVar

from evaluators.errors import ParameterError
from evaluators.evaluator import Configured, parameter
from evaluators.sample import Sample
from evaluators.score import Outcome, Score, Unscored

FEWEST_WORDS = 3
"""Small words that must be found before a Latin language is named."""
FEWEST_LETTERS = 4
"""Letters of a script that must be found before it counts."""
LOOKED_AT = 20_000

SMALL_WORDS = {
    "en": "the of and to in is that it was for with as be this have are not they you which from his but we there by or",
    "de": "der die das und ist nicht ein eine zu den mit sich auf für dem des im von auch es wird ich sie wir als an sind oder",
    "fr": "le la les des et est une dans que qui pour pas sur avec au vous nous ce il elle sont plus par ou mais du leur aux de en un à",
    "es": "el la los las de y que en es un una por con no para su se del al lo como más pero sus está son todos o fue",
    "it": "il lo la gli di e che è un una per con non del della sono nel si al dei anche ma più come ha questo le alla ogni",
    "pt": "o a os as de e que em um uma para com não por do da dos das se ao mais mas como são foi você está pelo na no sua",
    "nl": "de het een en van is dat niet op te zijn voor met die aan ook er maar om hij ze wordt bij dit naar uit deze heeft of",
    "sv": "och att det som en på är av för med den till inte har de ett om jag var men från vi så kan eller sig alla vara",
    "da": "og at det som en på er af for med den til ikke har de et om jeg var men fra vi så kan eller sig alle være mod hvad noget nogen",
    "nb": "og at det som en på er av for med den til ikke har de et om jeg var men fra vi så kan eller seg alle være mot hva noe noen",
    "fi": "ja on ei se että hän ovat oli mutta kun tai niin joka myös sen ole kuin hänen sekä jos mukaan voi minä tämä kaikki",
    "pl": "i w nie na się z do to że jest o jak ale po co tak za od przez dla jego są być lub ma oraz tym które może każdy",
    "cs": "a se v na je že to s z do o i jako ale by pro tak za po který jsou být nebo jeho podle už jen aby také každý",
    "ro": "și de în a la nu că cu o pe este din un să mai care pentru sunt ce au dar prin lui fi sau după fost toate",
    "hu": "a az és hogy nem is egy van ez meg de csak azt volt vagy ha már mint minden lehet még ezt pedig el",
    "tr": "ve bir bu da de için ile çok daha olarak en gibi var ne o olan ama kadar sonra her değil mi veya ben olan göre",
    "id": "yang dan di itu dengan untuk tidak ini dari dalam akan pada juga saya ke ada adalah oleh atau kita sudah bisa setiap mereka",
    "vi": "và của là có không được một cho các trong với người này đã để những khi tôi như ở về từ đến cũng mọi hay",
}
_WORDS = {language: frozenset(words.split()) for language, words in SMALL_WORDS.items()}
_SCRIPTS = {
    "HIRAGANA": "ja", "KATAKANA": "ja", "HANGUL": "ko", "CJK": "zh", "GREEK": "el", "HEBREW": "he", "THAI": "th",
    "DEVANAGARI": "hi", "BENGALI": "bn", "TAMIL": "ta", "TELUGU": "te", "GEORGIAN": "ka", "ARMENIAN": "hy",
    "CYRILLIC": "ru", "ARABIC": "ar",
}  # fmt: skip
_MARKS = {
    "uk": frozenset("іїєґ"), "be": frozenset("ў"), "sr": frozenset("ђћџљњј"), "fa": frozenset("پچژگ"),
    "ur": frozenset("ٹڈڑںے"),
}  # fmt: skip
_MARKED = {"ru": ("be", "sr", "uk"), "ar": ("ur", "fa")}
KNOWN = tuple(sorted({*_WORDS, *_SCRIPTS.values(), *_MARKS}))
_FENCED = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_TOKEN = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Language(Configured):
    """The answer is in one of the given languages: 1 or 0."""

    kind: ClassVar[str] = "language"

    languages: tuple[str, ...] = parameter(
        "The right languages, by their codes: en, de, pt.", default=("en",)
    )

    def check(self) -> None:
        """Refuse codes that this evaluator could never find."""
        unknown = [code for code in self.languages if code not in KNOWN]
        if unknown or not self.languages:
            named = ", ".join(map(repr, unknown)) or "none is given"
            raise ParameterError(f"language: {named}; known: {', '.join(KNOWN)}")

    async def score(self, sample: Sample) -> Outcome:
        """Name the language and compare."""
        found = language_of(sample.output)
        if found is None:
            return Unscored(code="undecided", reason="the answer says too little to tell its language")
        return Score(value=float(found in self.languages), label=found, reason=f"the answer is in {found!r}")


def language_of(text: str) -> str | None:
    """Return the code of a text's language, or None when it says too little."""
    prose = unicodedata.normalize("NFC", _FENCED.sub(" ", text)[:LOOKED_AT]).casefold()
    letters = [letter for letter in prose if letter.isalpha()]
    scripts = Counter(unicodedata.name(letter, "?").split()[0].split("-")[0] for letter in letters)
    known = {script: scripts[script] for script in _SCRIPTS if scripts[script] >= FEWEST_LETTERS}
    if known and sum(known.values()) * 2 > len(letters) - sum(known.values()):
        return _of_script(known, letters)
    return _of_small_words(prose)


def _of_script(scripts: dict[str, int], letters: list[str]) -> str:
    # Japanese mixes Chinese characters with its own: any kana means Japanese.
    if "HIRAGANA" in scripts or "KATAKANA" in scripts:
        return "ja"
    language = _SCRIPTS[max(scripts, key=scripts.__getitem__)]
    seen = set(letters)
    return next((marked for marked in _MARKED.get(language, ()) if seen & _MARKS[marked]), language)


def _of_small_words(prose: str) -> str | None:
    words = Counter(_TOKEN.findall(prose))
    counts = {language: sum(words[word] for word in small) for language, small in _WORDS.items()}
    (best, most), (_, second) = sorted(counts.items(), key=lambda item: -item[1])[:2]
    return best if most >= FEWEST_WORDS and most > second else None

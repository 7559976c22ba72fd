"""Finds program code and SQL, fenced or not, by what only code looks like."""

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import re2

from guardrails.expressions import Find, Several, finder
from guardrails.local import NOTHING_SAID, Conversation
from guardrails.parameters import Parameter, choices, read
from guardrails.policy import PolicyError
from guardrails.prefixes import without_captures
from guardrails.verdict import Finding

_FENCE_NAMES = {
    "python": "python py python3 ipython pycon",
    "javascript": "javascript js jsx typescript ts tsx node mjs",
    "java": "java kotlin kt scala",
    "c": "c cpp c++ cc h hpp objectivec",
    "csharp": "csharp cs c# vb fsharp",
    "go": "go golang",
    "rust": "rust rs",
    "php": "php",
    "ruby": "ruby rb",
    "shell": "sh bash zsh shell console powershell ps1 bat cmd",
    "sql": "sql mysql postgres postgresql plsql tsql sqlite",
    "html": "html xml svg vue",
}
LANGUAGES = tuple(_FENCE_NAMES)
_LANGUAGE_OF_FENCE = {name: language for language, names in _FENCE_NAMES.items() for name in names.split()}

# A line of code, in each language. One is enough where it cannot be prose; `?` marks those of which it takes two.
_LINES = {
    "python": (
        r"^\s*(?:async )?def \w+\(.*\)(?:\s*->\s*[^:]+)?:\s*(?:#.*)?$",
        r"^\s*class \w+(?:\([\w., =]*\))?:\s*$",
        r"^\s*(?:from [\w.]+ import (?:\w|\(|\*).*|import \w+(?:\.\w+)* as \w+)$",
        r"?^\s*import [a-z_]\w*(?:\.\w+)*(?:, ?[a-z_]\w*)*\s*$",
        r"?^\s*(?:for \w+(?:, ?\w+)* in .+|if .+|elif .+|while .+|with .+|except\b.*|try|else):\s*$",
        r"?^\s*(?:print\(.*\)|return .+|raise \w+\(.*\)|\w+ = .+\(.*\))\s*$",
    ),
    "javascript": (
        r"^\s*(?:export )?(?:async )?function\*? ?\w*\(.*\)\s*\{",
        r"^\s*(?:export )?(?:const|let|var) [\w{}\[\], ]+ = .+;?\s*$",
        r"=>\s*\{\s*$|^\s*import .+ from ['\"].+['\"];?\s*$|\b(?:console\.log|document\.\w+|require)\(",
        r"^\s*(?:export )?(?:interface|type|enum) \w+(?:<\w+>)? ?[={]",
    ),
    "java": (
        r"^\s*(?:public|private|protected)\s+(?:static\s+|final\s+|abstract\s+)*[\w<>\[\], ]+\s+\w+\s*\(.*\)\s*(?:throws [\w, ]+)?\{?\s*$",
        r"^\s*(?:public |private |abstract |final )*(?:class|interface|enum) \w+(?: (?:extends|implements) [\w, <>]+)*\s*\{",
        r"\bSystem\.(?:out|err)\.print|^\s*import (?:java|javax|org|com)\.[\w.*]+;\s*$",
        r"^\s*(?:fun|val|var) \w+.*[={]\s*$",
    ),
    "c": (
        r"^\s*#\s*(?:include\s*[<\"]|define \w+|ifdef \w+|ifndef \w+|pragma )",
        r"^\s*(?:static |const |unsigned |inline |extern )*(?:int|void|char|float|double|long|bool|size_t|auto|std::\w+)\s*\*?\s*\w+\s*\([^;]*\)\s*\{?\s*$",
        r"\bstd::\w+|\bprintf\s*\(\s*\"",
        r"?^\s*(?:int|char|float|double|long|unsigned|size_t)\s+\*?\w+(?:\[\w*\])?\s*(?:=.*)?;\s*$",
    ),
    "csharp": (
        r"^\s*using (?:static )?[A-Z]\w*(?:\.\w+)*;\s*$",
        r"^\s*namespace [\w.]+\s*[{;]?\s*$",
        r"\bConsole\.(?:Write|Read)(?:Line)?\(",
    ),
    "go": (r"^\s*func (?:\(\w+ \*?\w+\) )?\w+\(.*\).*\{\s*$", r"^\s*package \w+\s*$", r"\bfmt\.\w+\(|^\s*\w+(?:, \w+)* := .+$"),
    "rust": (
        r"^\s*(?:pub(?:\(\w+\))? )?(?:async )?fn \w+(?:<.*>)?\(.*\).*\{?\s*$",
        r"^\s*(?:pub )?(?:struct|impl|enum|trait|mod) \w+.*\{\s*$",
        r"^\s*let (?:mut )?\w+(?:: ?[\w<>&]+)? = .+;\s*$|\b(?:println|format|vec)!\s*[(\[]|^\s*use (?:std|crate|super)::",
    ),
    "php": (r"<\?php\b", r"^\s*\$\w+\s*=\s*.+;\s*$", r"^\s*echo [\"'$].*;\s*$|->\w+\(.*\);\s*$"),
    "ruby": (r"^\s*def \w+[?!]?(?:\(.*\))?\s*$", r"^\s*require(?:_relative)? ['\"].+['\"]\s*$|\.each do \|\w+\|", r"?^\s*(?:end|puts .+)\s*$"),
    "shell": (
        r"^#!\s*/",
        r"^\s*(?:\$|#|>|PS>) ?(?:sudo |cd |ls |rm |cp |mv |cat |curl |wget |git |pip |npm |apt |docker |chmod |export |echo |python)",
        r"^\s*(?:sudo|apt-get|curl|wget|chmod|chown|docker|kubectl|git|pip3?|npm|yarn|brew|systemctl)\s+(?:-{1,2}\w|[a-z]+ -{1,2}\w|install \S+\s*$|clone \S+|https?://)",
        r"^\s*(?:if|while) \[\[? .+ \]\]?; (?:then|do)\s*$|\brm -[rf]{1,2}\b|\|\s*(?:bash|sh|grep|awk|sed|xargs)\b",
    ),
    "sql": (
        r"(?i:\bselect\s+(?:distinct\s+|top \d+\s+)?(?:\*|[\w.\"`\[\]]+(?:\s+as\s+\w+)?(?:\s*,\s*[\w.\"`*()\[\]]+(?:\s+as\s+\w+)?)*|(?:count|sum|avg|min|max)\s*\(.{1,60}?\).{0,80}?)\s+from\s+[\w.\"`\[\]]+(?:\s+(?:as\s+)?\w+)?\s*(?:;|\bwhere\b.{1,80}(?:=|<|>|\blike\b|\bin\b|\bis\b)|\b(?:inner|left|right|outer|cross) join\b|\bjoin\b.{1,60}\bon\b|\border by\b|\bgroup by\b|\blimit \d))",
        r"\bSELECT\s+.{1,200}\s+FROM\s+\w+|(?i:\bselect\s+\*\s+from\s+\w+)",
        r"(?i:\binsert\s+into\s+[\w.\"`\[\]]+\s*(?:\([^)]{1,300}\)\s*)?(?:values\s*\(|select\b)|\bupdate\s+[\w.\"`\[\]]+\s+set\s+[\w.\"`\[\]]+\s*=|\bdelete\s+from\s+[\w.\"`\[\]]+\s*(?:;|where\b))",
        r"(?i:\b(?:create|drop|alter|truncate)\s+(?:or replace\s+|temporary\s+|unique\s+)?(?:table|database|view|index|schema|procedure|trigger)\s+(?:if (?:not )?exists\s+)?[\w.\"`\[\]]+\s*(?:\(|;|add\b|drop\b|as\b|on\b|cascade|$))",
        r"(?i:\bunion\s+(?:all\s+)?select\b|['\"]\s*or\s+['\"]?1['\"]?\s*=\s*['\"]?1|;\s*drop\s+table\b|\bxp_cmdshell\b)",
    ),
    "html": (
        r"(?i:<!doctype html|</(?:html|head|body|div|span|table|script|style|form|ul|svg|section|template)>)",
        r"(?i:<(?:script|style|iframe|form|input|div|meta|link)\b[^<>]{0,300}>)",
    ),
}  # fmt: skip

PARAMETERS = (
    Parameter(
        name="languages",
        type="choices",
        default=LANGUAGES,
        help="Which languages count: typescript with javascript, c++ with c, kotlin with java.",
        choices=LANGUAGES,
    ),
    Parameter(
        name="unfenced",
        type="boolean",
        default=True,
        help="Also find code that does not stand between ``` marks.",
    ),
)
_FENCE = re.compile(
    # Nothing that was taken is given back (`+` behind a repeat): a long line without an end is read once.
    r"^[ >\t]*+(`{3,}+|~{3,}+)[ \t]*+([\w+#.-]*+)[^\n]*+\n(.*?)(?:^[ >\t]*+\1[`~]*+[ \t]*+$|\Z)",
    re.DOTALL | re.MULTILINE,
)


def build(parameters: Mapping[str, Any]) -> "CodeGuard":
    """Build the guard that a policy describes."""
    values = read(PARAMETERS, parameters, kind="code")
    known = {language: language for language in LANGUAGES}
    wanted = choices(values["languages"], known, parameter="languages", kind="code")
    if not wanted:
        raise PolicyError("a code guard needs at least one language in 'languages'")
    return CodeGuard(frozenset(wanted), values["unfenced"])


@dataclass(frozen=True, slots=True)
class CodeGuard:
    """The languages that count as code."""

    languages: frozenset[str]
    unfenced: bool
    reads_raw = False
    reads_text_alone = True

    def judge(self, text: str, conversation: Conversation = NOTHING_SAID) -> Sequence[Finding]:
        """Return the blocks of code in a text, and the lines of code that stand in none."""
        findings: list[Finding] = []
        at = 0
        for fence in _FENCE.finditer(text) if "```" in text or "~~~" in text else ():
            findings += self._unfenced(text, at, fence.start())
            language = _LANGUAGE_OF_FENCE.get(fence.group(2).lower(), "") or self._language_of(fence.group(3))
            if language in self.languages:
                findings.append(_finding(language, fence.start(), fence.end()))
            at = fence.end()
        return [*findings, *self._unfenced(text, at, len(text))]

    def _language_of(self, code: str) -> str:
        return next((language for language, *_ in _lines_of_code(code, self.languages)), "")

    def _unfenced(self, text: str, start: int, end: int) -> Iterator[Finding]:
        if self.unfenced and start < end:
            for language, first, last in _lines_of_code(text[start:end], self.languages):
                yield _finding(language, start + first, start + last)


def _finding(language: str, start: int, end: int) -> Finding:
    return Finding(entity="SQL" if language == "sql" else f"CODE_{language.upper()}", start=start, end=end)


def _lines_of_code(text: str, languages: frozenset[str]) -> Iterator[tuple[str, int, int]]:
    """Yield for each language that a text has code in: the language, and from where to where."""
    data = text.encode()
    if _any_code().search(data) is None:
        return
    several, finders = _expressions()
    lines: dict[str, tuple[int, int, bool]] = {}
    for index in several.which_in(data):
        language, is_sure, find = finders[index]
        if language in languages and (spans := _spans(find, data)):
            first, last, is_code = lines.get(language, (len(data), 0, False))
            is_code = is_code or is_sure or len(spans) > 1
            lines[language] = min(first, spans[0][0]), max(last, spans[-1][1]), is_code
    for language, (first, last, is_code) in lines.items():
        if is_code:
            start, end = (
                at if len(data) == len(text) else len(data[:at].decode(errors="ignore"))
                for at in (first, last)
            )
            yield language, start, end


def _spans(find: Find, data: bytes) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    at, end = 0, len(data)
    while (found := find(data, at, end)[0])[0] >= 0:
        spans.append(found)
        at = found[1]
    return spans


@functools.cache
def _expressions() -> tuple[Several, Sequence[tuple[str, bool, Find]]]:
    """Return what says at once which languages there may be lines of, and what finds the lines: sure ones and hints."""
    parts = [
        (language, is_sure, "|".join(f"(?m:{line.removeprefix('?')})" for line in group))
        for language, lines in _LINES.items()
        for is_sure in (True, False)
        if (group := [line for line in lines if line.startswith("?") is not is_sure])
    ]
    several = Several([regex.encode() for *_, regex in parts], _options())
    return several, [
        (language, is_sure, finder(re2.compile(without_captures(regex).encode(), _options())))
        for language, is_sure, regex in parts
    ]


@functools.cache
def _any_code() -> Any:
    lines = (line.removeprefix("?") for group in _LINES.values() for line in group)
    return re2.compile("|".join(f"(?m:{line})" for line in lines).encode(), _options())


def _options() -> Any:
    options = re2.Options()
    options.max_mem = 64 << 20
    options.log_errors = False
    # Byte by byte: code is told by its ASCII. A match that ends within a character ends before it.
    options.encoding = re2.Options.Encoding.LATIN1
    return options

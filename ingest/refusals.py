"""Telling an answer that declines from one that answers, by how it begins."""

import re

_LOOKS_AT = 240
"""Characters at the beginning of an answer that decide; a model that declines says so at once."""

_APOLOGY = (
    r"(?:(?:i|we) (?:am|are)(?: (?:really|very|so|truly))? sorry|sorry|apologies|i apologi[sz]e|unfortunately"
    r"|regrettably|thank you for (?:asking|your)[^.!]{0,60}[.!])"
)
_AS_AN_AI = r"as an? (?:ai|artificial intelligence|large language model|language model|assistant)[^,.]{0,50},"
_UNABLE = (
    r"(?:i|we) (?:can't|cannot|can not|won't|will not|refuse to|(?:must|have to) (?:decline|refuse) to"
    r"|(?:am|are) (?:unable|not able|not allowed|not permitted|not going) to|(?:am|are) not comfortable"
    r"|(?:don't|do not) feel comfortable)"
)
_DEED = (
    r"(?: (?:directly|really|also|currently|knowingly|in good conscience|ethically|legally))?"
    r" ?(?:be able to )?(?:assist|help(?! (?:but|wonder))|comply|provid|fulfil|fulfill|creat|generat|writ|produc|"
    r"shar(?:e|ing)|discuss|engag|participat|support (?:that|this|you)|do (?:that|this)\b|giv(?:e|ing) (?:you )?"
    r"(?:instructions|advice|guidance|information|that|this)|answer (?:that|this)|offer|respond to (?:that|this)|"
    r"facilitat|promot|encourag|continue with)"
)
_REFUSAL = re.compile(
    rf"^(?:{_APOLOGY}[,.!;: -]*)?(?:but |however,? )?(?:{_AS_AN_AI} ?)?(?:{_APOLOGY}[,.!;: -]*)?(?:but )?"
    rf"(?:(?:{_UNABLE}{_DEED})"
    r"|(?:i|we) (?:must|have to|need to|will have to) (?:respectfully |politely )?(?:decline|refuse)\b"
    r"|i(?:'d| would) (?:rather|prefer) not (?:to )?(?:assist|help|provide|discuss|answer|share|write|create)"
    r"|(?:that|this|your request)(?:'s| is) (?:not )?(?:something (?:that )?i (?:can't|cannot|can not|won't|am unable)"
    r"|against my (?:guidelines|policy|policies|programming))"
    r"|(?:this|that|your) (?:request|prompt|content|question) (?:violates|goes against|is against)"
    r"|my (?:guidelines|programming|policies) (?:prevent|do not allow|don't allow|prohibit))"
)


def is_refusal(text: str) -> bool:
    """Whether an English answer begins by declining the request.

    It looks at the opening words only, so that an answer that quotes or discusses a refusal is not one,
    and it wants a deed that is refused: "I can't find a bug" answers, "I can't help with that" declines.
    """
    opening = text[:_LOOKS_AT].lstrip("\"'*_# \n\t").replace("\u2019", "'").lower()
    opening = " ".join(opening.split()).replace("i'm ", "i am ").replace("we're ", "we are ")
    return _REFUSAL.match(opening) is not None

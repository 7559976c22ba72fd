"""Texts that strangers wrote, fenced so that a judge can tell them from its instructions."""

import hashlib
import re
from collections.abc import Sequence

_SPECIAL_TOKENS = re.compile(
    r"<\|[^|<>\n]{1,64}\|>|</?s>|\[/?INST\]|<</?SYS>>|</?(?:start|end)_of_turn>|<(?:bos|eos|pad|unk)>"
)
_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
    "\U000e0000-\U000e007f]"
)


def nonce_of(texts: Sequence[str], version: str) -> str:
    """Return a word that no text can contain on purpose, and that equal material gets again.

    It is a hash over all the texts, so writing it into one of them changes it.
    """
    digest = hashlib.sha256(version.encode())
    for text in texts:
        digest.update(len(text).to_bytes(8, "big") + text.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:16]


def fenced(title: str, text: str, nonce: str) -> str:
    """Put a stranger's text between fences, without control tokens, invisible letters or fences of its own."""
    clean = stripped(text).replace(nonce, "")
    return f"<<<{nonce} {title}\n{clean}\n>>>{nonce}"


def stripped(text: str) -> str:
    """Take out what a tokenizer would read as control tokens, and what no reader could see."""
    clean = _INVISIBLE.sub("", text)
    while (once_more := _SPECIAL_TOKENS.sub("", clean)) != clean:
        clean = once_more
    return clean.encode("utf-8", "replace").decode()

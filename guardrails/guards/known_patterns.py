"""Patterns that come with the house, under the names a policy calls them by."""

from collections.abc import Mapping

from guardrails.guards.checksums import dialled, ip_address, luhn, mod97, social_security
from guardrails.guards.country_patterns import COUNTRY_PATTERNS
from guardrails.guards.named_pattern import NamedPattern

_LINE = r"(?:\s|\\r|\\n)*"
_DELIMITERS = r"\s@\"'`<>()\[\]{},;:\\/|="
_BYTE = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"

_PATTERNS = (
    NamedPattern(
        name="email",
        entity="EMAIL_ADDRESS",
        regex=rf"[^{_DELIMITERS}.][^{_DELIMITERS}]{{0,63}}@(?:[A-Za-z0-9\x{{80}}-\x{{10ffff}}-]+\.)+"
        r"[A-Za-z\x{80}-\x{10ffff}]{2,}",
    ),
    NamedPattern(
        name="phone",
        entity="PHONE_NUMBER",
        regex=r"\+[1-9]\d{0,2}(?:[ ./-]?\(?\d{1,4}\)?){2,6}\b"
        r"|(?:\(\d{3}\) ?|\b\d{3}[-. ])\d{3}[-. ]\d{4}\b",
        check=dialled,
    ),
    NamedPattern(
        name="credit_card",
        entity="CREDIT_CARD",
        regex=r"\b(?:[2-6]\d{3}(?:[ -]?\d{4}){3}|3[47]\d{2}[ -]?\d{6}[ -]?\d{5}|[3-6]\d{12,18})\b",
        check=luhn,
    ),
    NamedPattern(
        name="iban",
        entity="IBAN_CODE",
        regex=r"\b[A-Za-z]{2}\d{2}(?: ?[A-Za-z0-9]{4}){2,7}(?: ?[A-Za-z0-9]{1,4})?\b",
        check=mod97,
    ),
    NamedPattern(
        name="us_ssn",
        entity="US_SSN",
        regex=r"\b\d{3}-\d{2}-\d{4}\b|\b\d{3} \d{2} \d{4}\b",
        check=social_security,
    ),
    NamedPattern(
        name="ipv4",
        entity="IP_ADDRESS",
        regex=rf"\b(?:{_BYTE}\.){{3}}{_BYTE}\b",
        check=ip_address,
    ),
    NamedPattern(
        name="ipv6",
        entity="IP_ADDRESS",
        regex=r"[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}",
        check=ip_address,
    ),
    NamedPattern(
        name="aws_key",
        entity="AWS_KEY",
        regex=r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b",
    ),
    NamedPattern(
        name="anthropic_key",
        entity="ANTHROPIC_KEY",
        regex=r"\bsk-ant-[A-Za-z0-9_-]{20,}",
    ),
    NamedPattern(
        name="openai_key",
        entity="OPENAI_KEY",
        regex=r"\bsk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{20,}",
    ),
    NamedPattern(
        name="github_token",
        entity="GITHUB_TOKEN",
        regex=r"\bgh[pousr]_[A-Za-z0-9]{36,}|\bgithub_pat_[A-Za-z0-9_]{22,}",
    ),
    NamedPattern(name="google_key", entity="GOOGLE_KEY", regex=r"\bAIza[A-Za-z0-9_-]{35}"),
    NamedPattern(name="slack_token", entity="SLACK_TOKEN", regex=r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
    NamedPattern(
        name="stripe_key",
        entity="STRIPE_KEY",
        regex=r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}",
    ),
    NamedPattern(
        name="jwt",
        entity="JWT",
        regex=r"\beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{6,}",
    ),
    NamedPattern(
        name="private_key",
        entity="PRIVATE_KEY",
        # Without its last line a key is as secret as with it, so the end may be missing.
        regex=r"-----BEGIN (?:[A-Z0-9]{1,16} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
        rf"(?:{_LINE}[A-Za-z-]+: [^\n\\]*)*"
        rf"(?:{_LINE}[A-Za-z0-9+/=]{{20,}})*(?:{_LINE}[A-Za-z0-9+/=]+)?"
        rf"(?:{_LINE}-----END [A-Z0-9 ]+-----)?",
    ),
    NamedPattern(
        name="url_credentials",
        entity="URL_CREDENTIALS",
        regex=r"\b[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s/:@\"'<>]*:[^\s/@\"'<>]+@[^\s\"'<>]+",
    ),
)

GENERAL_PATTERNS: Mapping[str, NamedPattern] = {pattern.name: pattern for pattern in _PATTERNS}
"""Those that belong to no country."""
KNOWN_PATTERNS: Mapping[str, NamedPattern] = {
    pattern.name: pattern for group in (_PATTERNS, *COUNTRY_PATTERNS.values()) for pattern in group
}
"""Those of the countries, too."""

"""Encrypted values opened for a person: shown once, kept nowhere, and noted in the audit log without what they say."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from console.accounts import audit
from console.accounts.models import AuditEntry, Project, User
from guardrails.one_way import RedactionKeys, UnopenedError, count_hashes, opened, tokens_in
from ingest.keys import pepper_from

ACTION = "values.revealed"
LONGEST_TEXT = 100_000
MOST_AT_ONCE = 1_000
MOST_A_MINUTE = 10
"""Times that one person may ask in one project."""
MOST_AN_HOUR = 5_000
"""Values that one person may ask for in one project."""


class RevealError(ValueError):
    """Nothing was opened; the message says why."""


class TooOftenError(RevealError):
    """The person has asked too often; the message says when to ask again."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text: what stands there as it was, a value that was opened, or one that did not open."""

    text: str = field(repr=False)
    entity: str = ""
    """Of a value that was opened."""
    trouble: str = ""
    """Why a value did not open."""


@dataclass(frozen=True, slots=True)
class Revealed:
    """A text with its values opened."""

    pieces: Sequence[Piece]
    hashes: int
    """How many keyed hashes stand in it, which do not open."""

    @property
    def opened(self) -> int:
        """Return how many values were opened."""
        return sum(bool(piece.entity) for piece in self.pieces)

    @property
    def failed(self) -> Sequence[Piece]:
        """Return the values that did not open."""
        return [piece for piece in self.pieces if piece.trouble]

    @property
    def text(self) -> str:
        """Return the text as it was before its values were encrypted, as far as they open."""
        return "".join(piece.text for piece in self.pieces)


@transaction.atomic
def reveal(*, project: Project, text: str, by: User) -> Revealed:
    """Open the encrypted values of a project in a text, with an audit entry that says who, when and how many.

    Raises RevealError for a text that is too long or holds no such value, TooOftenError for a person in a hurry.
    """
    if len(text) > LONGEST_TEXT:
        raise RevealError(f"a text has at most {LONGEST_TEXT:,} characters; this one has {len(text):,}")
    spans = tokens_in(text)
    hashes = count_hashes(text)
    if not spans and hashes:
        raise RevealError(
            f"there are only hashes in it ({hashes}), like EMAIL_ADDRESS:h1:…; what is hashed cannot be opened by anybody"
        )
    if not spans:
        raise RevealError("there is no encrypted value in it; those look like EMAIL_ADDRESS:e1:…")
    if len(spans) > MOST_AT_ONCE:
        raise RevealError(f"{MOST_AT_ONCE:,} values are opened at once; these are {len(spans):,}")
    # Whoever asks twice at the same moment is counted twice.
    Project.objects.select_for_update().get(pk=project.pk)
    _check_pace(project, by, len(spans))
    keys = RedactionKeys.derive(pepper_from(settings.PARAPET_SECRET_KEY), project.pk)
    pieces: list[Piece] = []
    at = 0
    for start, end in spans:
        if at < start:
            pieces.append(Piece(text[at:start]))
        pieces.append(_piece(text[start:end], keys))
        at = end
    if at < len(text):
        pieces.append(Piece(text[at:]))
    revealed = Revealed(pieces, hashes)
    audit.record(
        project=project,
        by=by,
        action=ACTION,
        target=f"{revealed.opened} of {len(spans)} values",
        opened=revealed.opened,
        failed=len(revealed.failed),
    )
    return revealed


def _piece(token: str, keys: RedactionKeys) -> Piece:
    try:
        return Piece(opened(token, keys), entity=token.partition(":")[0])
    except UnopenedError as error:
        return Piece(token, trouble=str(error))


def _check_pace(project: Project, by: User, asked: int) -> None:
    now = timezone.now()
    entries = AuditEntry.objects.filter(
        project=project, actor=by.email, action=ACTION, at__gt=now - timedelta(hours=1)
    )
    lately = list(entries.values_list("at", "details"))
    times = sum(at > now - timedelta(minutes=1) for at, _ in lately)
    if times >= MOST_A_MINUTE:
        raise TooOftenError(f"you have asked {times} times within a minute; ask again in a minute")
    values = sum(details.get("opened", 0) + details.get("failed", 0) for _, details in lately)
    if values + asked > MOST_AN_HOUR:
        raise TooOftenError(
            f"you have asked for {values:,} values within an hour, and {MOST_AN_HOUR:,} are the most; ask again later"
        )

"""The audit log: a chain in which each entry seals the one before, under the installation's secret.

Whoever can write to the database but does not know the secret can neither change, reorder, insert nor
remove an entry unnoticed. Cutting entries off the end is found by comparing with a head noted elsewhere:
every entry's number and hash are also written to the process log.
"""

import hashlib
import hmac
import json
import logging
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from console.accounts.models import AuditEntry, Project, User

INSTALLATION = "installation"
"""The actor of what no person did."""

log = logging.getLogger(__name__)


@transaction.atomic
def record(*, project: Project, by: User | None, action: str, target: str, **details: Any) -> AuditEntry:
    """Add an entry to a project's chain, in the caller's transaction.

    `details` are plain JSON values. Secrets and the text of calls have no place in them.
    """
    Project.objects.select_for_update().get(pk=project.pk)
    last = AuditEntry.objects.filter(project=project).order_by("number").last()
    entry = AuditEntry(
        project=project,
        number=last.number + 1 if last else 1,
        at=timezone.now(),
        actor=by.email if by else INSTALLATION,
        action=action,
        target=target[:200],
        details=details,
        previous_hash=last.hash if last else "",
    )
    entry.hash = _hash_of(entry)
    entry.save(force_insert=True)
    note = _NoteHead(project.pk)
    if all(hook != note for _, hook, *_ in transaction.get_connection().run_on_commit):
        transaction.on_commit(note, robust=True)
    return entry


def first_broken(project: Project, *, head: str = "") -> str | None:
    """Return a sentence about the first entry that does not fit, or None when the chain is whole.

    `head` is a hash noted earlier; the chain must still contain it.
    """
    previous, has_head = "", not head
    entries = AuditEntry.objects.filter(project=project).order_by("number").iterator()
    for number, entry in enumerate(entries, start=1):
        if entry.number != number:
            return f"entry {number} is missing; the next one there is {entry.number}"
        if entry.previous_hash != previous:
            return f"entry {number} does not follow the entry before it"
        if not hmac.compare_digest(entry.hash, _hash_of(entry)):
            return f"entry {number} was changed after it was written"
        previous, has_head = entry.hash, has_head or entry.hash == head
    if not has_head:
        return f"no entry has the hash {head}: entries were cut off the end"
    return None


@dataclass(frozen=True, slots=True)
class _NoteHead:
    """Writes the head of a chain to the log, once for each transaction that made it longer."""

    project_id: UUID

    def __call__(self) -> None:
        entries = AuditEntry.objects.filter(project_id=self.project_id).select_related("project")
        last = entries.order_by("number").last()
        if last is not None:
            log.info("audit %s #%d %s", last.project.slug, last.number, last.hash)


def _hash_of(entry: AuditEntry) -> str:
    content = {
        "project": str(entry.project_id),
        "number": entry.number,
        "at": int(entry.at.timestamp() * 1_000_000),
        "actor": entry.actor,
        "action": entry.action,
        "target": entry.target,
        "details": entry.details,
        "previous_hash": entry.previous_hash,
    }
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hmac.new(_key(), canonical.encode(), hashlib.sha256).hexdigest()


def _key() -> bytes:
    return hmac.new(settings.PARAPET_SECRET_KEY.encode(), b"parapet audit log", hashlib.sha256).digest()

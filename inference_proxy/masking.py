"""The project's policy, applied to spans other programs recorded, before anything of them is stored."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from inference_proxy.snapshot import Snapshot
from ingest.keys import KeyGrant, KeyRing
from ingest.receiver.intake import UnavailableError
from ingest.records import Record, Span


@dataclass(frozen=True, slots=True)
class MaskingIntake:
    """The receiver's rules under one snapshot."""

    snapshot: Snapshot

    @property
    def keys(self) -> KeyRing:
        """The keys that may send."""
        return self.snapshot.keys

    async def prepare(self, grant: KeyGrant, spans: Sequence[Span]) -> Sequence[Record]:
        """Return the spans as they may be stored, and what the policy's guards said about them."""
        project = self.snapshot.projects.get(grant.project_id)
        if project is None:
            raise UnavailableError("the key's project is not known yet; try again shortly")
        if not project.stores_messages:
            spans = [replace(span, input_messages=[], output_messages=[]) for span in spans]
        if project.policy is not None:
            raise UnavailableError(f"the policy {project.policy.name!r} cannot be applied to spans yet")
        return spans

"""Names for people and conversations whose own names may not be kept: always the same, and of no use elsewhere."""

import hashlib
import hmac
from uuid import UUID


def alias(name: str, *, project_id: UUID, pepper: bytes) -> str:
    """Return what is kept of a user or session whose name the guards masked.

    A placeholder would make one person of all. Who does not know the installation's secret cannot find the name by
    trying names, and the same person has another alias in every project.
    """
    mac = hmac.new(
        pepper, b"alias:" + project_id.bytes + name.encode("utf-8", "surrogatepass"), hashlib.sha256
    )
    return f"masked-{mac.hexdigest()[:16]}"

"""Files that are sent stay in memory: a temporary file would hold, unmasked, what a killed process leaves behind."""

from typing import Any

from django.core.files.uploadhandler import MemoryFileUploadHandler

from console.datasets.importing.files import LARGEST_BYTES

_FORM_AROUND_IT = 64 * 1024


class InMemory(MemoryFileUploadHandler):
    """Takes files of up to the size that can be put in at once; a larger one does not arrive."""

    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,
        content_length: int,
        boundary: Any,
        encoding: Any = None,
    ) -> None:
        """Decide by the length of the whole request, before anything is read."""
        self.activated = content_length <= LARGEST_BYTES + _FORM_AROUND_IT

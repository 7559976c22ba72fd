"""JSON that stays as it was given."""

import json
from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:

    class _Text(models.TextField[Any, Any]):
        _pyi_private_set_type: Any
        _pyi_private_get_type: Any

else:
    _Text = models.TextField


class KeptJson(_Text):
    """A JSON value kept as text: PostgreSQL's own type would put the keys of objects into another order."""

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Any:
        """Read the stored text."""
        return None if value is None else json.loads(value)

    def to_python(self, value: Any) -> Any:
        """Read a text, such as a fixture has it; a value is a value already."""
        return json.loads(value) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> Any:
        """Write the value as text."""
        return None if value is None else json.dumps(value, ensure_ascii=False)

    def value_to_string(self, obj: models.Model) -> str:
        """Write the value as a fixture has it."""
        return str(self.get_prep_value(self.value_from_object(obj)))

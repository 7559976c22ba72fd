"""The bill of a project by one dimension, as rows of a page and as a CSV file."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.http import HttpResponse

from console.accounts.models import Project
from console.ranges import FilterError
from ingest.queries.bills import Charge, Dimension

MOST_ROWS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """One way to cut the bill."""

    parameter: str
    column: Dimension
    label: str
    nothing: str
    """What to call calls that carry none."""
    filter: str
    """The parameter of the traces page that shows the calls behind a row; empty when it has none."""
    is_over_time: bool = True


DIMENSIONS = {
    cut.parameter: cut
    for cut in (
        Cut(parameter="model", column="model", label="Model", nothing="no model", filter="model"),
        Cut(parameter="feature", column="feature", label="Feature", nothing="no feature", filter="feature"),
        Cut(parameter="user", column="user_id", label="User", nothing="no user", filter="user", is_over_time=False),
        Cut(parameter="prompt", column="prompt_name", label="Prompt", nothing="no prompt", filter="prompt"),
        Cut(parameter="key", column="api_key_id", label="API key", nothing="no key", filter="key", is_over_time=False),
        Cut(parameter="environment", column="environment", label="Environment", nothing="none", filter="env"),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row of the bill."""

    charge: Charge
    label: str
    share_of: Decimal
    """The known cost of all rows together."""

    @property
    def cost_per_call(self) -> Decimal | None:
        """What a call of this row cost on average, as far as costs are known."""
        if self.charge.cost_usd is None or self.charge.calls <= self.charge.unpriced:
            return None
        return self.charge.cost_usd / (self.charge.calls - self.charge.unpriced)


def parse_dimension(word: str) -> Cut:
    """Read the `by` parameter. Raises FilterError."""
    try:
        return DIMENSIONS[word or "model"]
    except KeyError:
        raise FilterError({"by": f"{word[:40]!r} is none of {', '.join(DIMENSIONS)}."}) from None


def labels(project: Project, by: Cut) -> dict[str, str]:
    """Return what to call the ids of a dimension, where a name is better than an id."""
    if by.column != "api_key_id":
        return {}
    return {str(key.pk): f"{key.name} …{key.last4}" for key in project.keys.all()}


def lines(charges: Sequence[Charge], *, labels: dict[str, str]) -> list[Line]:
    """Return the rows of the bill with the sum they are shares of."""
    known = sum((one.cost_usd for one in charges if one.cost_usd is not None), Decimal(0))
    return [Line(charge=one, label=labels.get(one.name, one.name), share_of=known) for one in charges]


def as_csv(lines: Sequence[Line], *, by: Cut, filename: str) -> HttpResponse:
    """Return the bill as a file that a spreadsheet opens without running anything in it."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    writer = csv.writer(response)
    writer.writerow(
        [by.parameter, "calls", "input_tokens", "output_tokens", "cached_input_tokens", "cost_usd", "unpriced_calls"]
    )  # fmt: skip
    for line in lines:
        charge = line.charge
        writer.writerow([
            as_text(line.label),
            charge.calls,
            charge.input_tokens,
            charge.output_tokens,
            "" if charge.cache_read_tokens is None else charge.cache_read_tokens,
            "" if charge.cost_usd is None else f"{charge.cost_usd:f}",
            charge.unpriced,
        ])  # fmt: skip
    return response


def as_text(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: names come from callers, who may be strangers."""
    is_formula = cell.lstrip(" ")[:1] in ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
    return f"'{cell}" if is_formula else cell

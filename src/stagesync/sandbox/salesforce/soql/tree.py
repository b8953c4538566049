"""What the parser makes of a query."""

from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Path:
    """A field as written, with at most one relationship before it."""

    text: str
    at: int

    @property
    def parts(self) -> list[str]:
        return self.text.split(".")


@dataclass(frozen=True, slots=True)
class Literals:
    """One literal or a list of them; `kind` is string, number, boolean, datetime, date or null."""

    values: tuple[tuple[str, Any], ...]
    at: int


@dataclass(frozen=True, slots=True)
class Compare:
    """A condition on one field. `operator` is in capitals."""

    path: Path
    operator: str
    literals: Literals


@dataclass(frozen=True, slots=True)
class SemiJoin:
    """A condition that a reference is, or is not, among the results of another query."""

    path: Path
    negated: bool
    query: "Query"


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a condition."""

    inner: "Condition"


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions joined by one word, AND or OR."""

    joint: Literal["AND", "OR"]
    parts: tuple["Condition", ...]


Condition = Compare | SemiJoin | Not | Group


@dataclass(frozen=True, slots=True)
class Aggregate:
    """COUNT, COUNT_DISTINCT, MIN or MAX of a field, with the name of its column."""

    function: str
    path: Path
    alias: str | None


@dataclass(frozen=True, slots=True)
class Order:
    """One field to sort by."""

    path: Path
    descending: bool = False
    nulls_last: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A whole query. `count_all` stands for ``SELECT COUNT()``, `children` for its subqueries."""

    text: str
    entity: str
    entity_at: int
    fields: tuple[Path, ...] = ()
    aggregates: tuple[Aggregate, ...] = ()
    count_all: bool = False
    where: Condition | None = None
    group_by: tuple[Path, ...] = ()
    order_by: tuple[Order, ...] = field(default=())
    limit: int | None = None
    offset: int = 0
    children: tuple["Query", ...] = ()

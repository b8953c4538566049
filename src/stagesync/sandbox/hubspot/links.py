"""Associations between records, held in both directions."""

from collections import defaultdict
from collections.abc import Iterator

# (from, to): the type id, and the one that marks the primary company.
# Source: https://developers.hubspot.com/docs/guides/api/crm/associations (seen 2026-11).
TYPE_IDS: dict[tuple[str, str], tuple[int, int | None]] = {
    ("contacts", "companies"): (279, 1),
    ("companies", "contacts"): (280, 2),
    ("contacts", "deals"): (4, None),
    ("deals", "contacts"): (3, None),
    ("deals", "companies"): (341, 5),
    ("companies", "deals"): (342, 6),
    ("meetings", "contacts"): (200, None),
    ("contacts", "meetings"): (199, None),
    ("meetings", "companies"): (188, None),
    ("companies", "meetings"): (187, None),
    ("meetings", "deals"): (212, None),
    ("deals", "meetings"): (211, None),
    ("calls", "contacts"): (194, None),
    ("contacts", "calls"): (193, None),
    ("calls", "companies"): (182, None),
    ("companies", "calls"): (181, None),
    ("calls", "deals"): (206, None),
    ("deals", "calls"): (205, None),
    ("emails", "contacts"): (198, None),
    ("contacts", "emails"): (197, None),
    ("emails", "companies"): (186, None),
    ("companies", "emails"): (185, None),
    ("emails", "deals"): (210, None),
    ("deals", "emails"): (209, None),
    ("notes", "contacts"): (202, None),
    ("contacts", "notes"): (201, None),
    ("notes", "companies"): (190, None),
    ("companies", "notes"): (189, None),
    ("notes", "deals"): (214, None),
    ("deals", "notes"): (213, None),
    ("tasks", "contacts"): (204, None),
    ("contacts", "tasks"): (203, None),
    ("tasks", "companies"): (192, None),
    ("companies", "tasks"): (191, None),
    ("tasks", "deals"): (216, None),
    ("deals", "tasks"): (215, None),
    ("leads", "contacts"): (608, 578),
    ("contacts", "leads"): (609, 579),
    ("leads", "companies"): (610, None),
    ("companies", "leads"): (611, None),
    ("meetings", "leads"): (601, None),
    ("leads", "meetings"): (600, None),
    ("calls", "leads"): (597, None),
    ("leads", "calls"): (596, None),
    ("emails", "leads"): (599, None),
    ("leads", "emails"): (598, None),
    ("notes", "leads"): (603, None),
    ("leads", "notes"): (602, None),
    ("tasks", "leads"): (605, None),
    ("leads", "tasks"): (604, None),
}
_OWNED = frozenset({("contacts", "companies"), ("deals", "companies"), ("leads", "contacts")})


class Links:
    """Which record is associated with which. Ids are numbers; order is that of association."""

    def __init__(self) -> None:
        self._to: dict[tuple[str, str], dict[int, dict[int, bool]]] = defaultdict(dict)

    def of(self, from_kind: str, from_id: int, *, to_kind: str) -> dict[int, bool]:
        """The associated ids, and for each whether the association is the primary one."""
        return self._to[from_kind, to_kind].get(from_id, {})

    def primary(self, from_kind: str, from_id: int, *, to_kind: str = "companies") -> int | None:
        """The primary company of a contact or deal, None when it has none."""
        found = self.of(from_kind, from_id, to_kind=to_kind)
        return next((other for other, first in found.items() if first), None)

    def add(self, ends: tuple[str, int], others: tuple[str, int], *, primary: bool = False) -> bool:
        """Associates two records; a first company is the primary one. False when nothing changed.

        `primary` moves the mark from another company.
        """
        if (others[0], ends[0]) in _OWNED:
            return self.add(others, ends, primary=primary)
        known = self.of(ends[0], ends[1], to_kind=others[0])
        owned = (ends[0], others[0]) in _OWNED
        first = owned and (primary or not any(known.values()))
        if others[1] in known and (known[others[1]] or not first):
            return False
        if first:
            for other in [other for other, mark in known.items() if mark]:
                self._mark(ends, (others[0], other), first=False)
        self._mark(ends, others, first=first)
        return True

    def remove(self, ends: tuple[str, int], others: tuple[str, int]) -> bool:
        """Parts two records; the mark of a primary company passes to the next one."""
        known = self.of(ends[0], ends[1], to_kind=others[0])
        if others[1] not in known:
            return False
        for (kind, id_), (other_kind, other_id) in ((ends, others), (others, ends)):
            self._to[kind, other_kind][id_].pop(other_id)
        for (kind, id_), (other_kind, _) in ((ends, others), (others, ends)):
            left = self.of(kind, id_, to_kind=other_kind)
            if (kind, other_kind) in _OWNED and left and not any(left.values()):
                self._mark((kind, id_), (other_kind, next(iter(left))), first=True)
        return True

    def around(self, kind: str, id_: int) -> Iterator[tuple[str, int, bool]]:
        """Every record associated with this one: (kind, id, primary)."""
        for (from_kind, to_kind), known in list(self._to.items()):
            if from_kind == kind:
                for other, first in list(known.get(id_, {}).items()):
                    yield to_kind, other, first

    def _mark(self, ends: tuple[str, int], others: tuple[str, int], *, first: bool) -> None:
        self._to[ends[0], others[0]].setdefault(ends[1], {})[others[1]] = first
        self._to[others[0], ends[0]].setdefault(others[1], {})[ends[1]] = first


def type_rows(from_kind: str, to_kind: str, *, primary: bool) -> list[dict[str, object]]:
    """The `associationTypes` of one association."""
    plain, marked = TYPE_IDS[from_kind, to_kind]
    rows: list[dict[str, object]] = []
    if primary and marked is not None:
        rows.append({"category": "HUBSPOT_DEFINED", "typeId": marked, "label": "Primary"})
    rows.append({"category": "HUBSPOT_DEFINED", "typeId": plain, "label": None})
    return rows

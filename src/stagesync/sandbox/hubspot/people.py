"""What people do to many records or to the account's settings, by control calls.

All records of one import carry one and the same millisecond, as HubSpot's own imports do.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from stagesync.sandbox.control import BadCall, want
from stagesync.sandbox.hubspot.actors import actor_named
from stagesync.sandbox.hubspot.automation import counters, create, write
from stagesync.sandbox.hubspot.checking import judged
from stagesync.sandbox.hubspot.errors import Refusal
from stagesync.sandbox.hubspot.history import put_values
from stagesync.sandbox.hubspot.model import CALCULATED, Kind, Option, Record, Source, kind_named
from stagesync.sandbox.hubspot.portal import Portal
from stagesync.sandbox.hubspot.schema import HAS_LIFECYCLE
from stagesync.sandbox.hubspot.values import iso

Payload = Mapping[str, Any]
FIRST_CUSTOM_STAGE = 800_000_000


def bulk(portal: Portal, payload: Payload) -> dict[str, Any]:
    """Imports rows, or gives many records the same values, in one millisecond.

    `rows` is a list of {"id"?, "properties"}; a contact without id is found by its e-mail, and made
    when there is none. `ids` (or "all") with `properties` changes records that exist.
    """
    kind = kind_of(want(payload, "object", str))
    source = actor_named(str(payload.get("actor", "import")))
    with portal.one_instant():
        if "rows" in payload:
            found = [_imported(portal, kind, row, source=source) for row in _rows(payload)]
            made = [new for _, new in found]
            ids = [str(record.id) for record, _ in found]
            return {"created": sum(made), "changed": len(made) - sum(made), "ids": ids}
        records = _meant(portal, kind, payload.get("ids"))
        values = judged_values(portal, kind, want(payload, "properties", dict))
        for record in records:
            write(portal, kind, record=record, values=values, source=source)
        return {"created": 0, "changed": len(records), "ids": [str(r.id) for r in records]}


def _rows(payload: Payload) -> list[Payload]:
    rows = payload["rows"]
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadCall("rows must be a list of objects")
    return rows


def _imported(portal: Portal, kind: Kind, row: Payload, *, source: Source) -> tuple[Record, bool]:
    values = judged_values(portal, kind, want(row, "properties", dict))
    if "id" in row:
        record: Record | None = record_of(portal, kind, want(row, "id", str))
    else:
        record = portal.stores[kind.name].find_unique("email", values.get("email", ""))
    if record is None:
        return create(portal, kind, values=values, source=source), True
    write(portal, kind, record=record, values=values, source=source)
    return record, False


def _meant(portal: Portal, kind: Kind, ids: Any) -> list[Record]:
    if ids == "all":
        return list(portal.stores[kind.name].live())
    if not isinstance(ids, list):
        raise BadCall("ids must be a list of ids, or all")
    return [record_of(portal, kind, str(text)) for text in ids]


def judged_values(portal: Portal, kind: Kind, raw: Mapping[str, Any]) -> dict[str, str]:
    """Checked property values.

    Raises:
        ValueError: naming everything that is wrong with them.
    """
    try:
        values, problems = judged(portal, kind, raw)
    except Refusal as refusal:
        raise ValueError("a property value must be text, a number or a truth") from refusal
    if problems:
        raise ValueError("; ".join(problem["message"] for problem in problems))
    return values


def record_of(portal: Portal, kind: Kind, text: str, *, archived: bool = False) -> Record:
    """The record of this id.

    Raises:
        LookupError: when there is none.
    """
    store = portal.stores[kind.name]
    record = store.find(int(text), archived=archived) if text.isdigit() else None
    if record is None:
        raise LookupError(f"no {'archived ' if archived else ''}{kind.one} {text}")
    return record


def kind_of(name: str) -> Kind:
    """The object type of this name.

    Raises:
        LookupError: when HubSpot has none.
    """
    kind = kind_named(name)
    if kind is None:
        raise LookupError(f"no object {name}")
    return kind


def recalculate(portal: Portal, payload: Payload) -> dict[str, Any]:
    """Brings calculated properties up to date, or sets `properties` as if they had been.

    No modified date moves unless the switch `calculated_moves_stamp` says so.
    """
    kind = kind_of(str(payload.get("object", "contacts")))
    given = {str(name): str(text) for name, text in (payload.get("properties") or {}).items()}
    records = _meant(portal, kind, payload.get("ids", "all"))
    seen = {} if given or kind.name != "contacts" else _seen(portal)
    changed = 0
    for record in records:
        values = given or {**counters(portal, kind.name, record.id), **_grown(record, seen)}
        if any(record.values.get(name, "") != text for name, text in values.items()):
            stamp = portal.switches.calculated_moves_stamp
            put_values(portal, kind, record=record, values=values, source=CALCULATED, stamp=stamp)
            changed += 1
    return {"changed": changed}


Sights = dict[tuple[str, str], list[int]]
# What is counted: the sort of event, the counter and the date of the last one.
_COUNTED = (
    ("e_visited_page", "hs_analytics_num_page_views", "hs_analytics_last_timestamp"),
    ("DELIVERED", "hs_email_delivered", "hs_email_last_send_date"),
    ("OPEN", "hs_email_open", "hs_email_last_open_date"),
    ("CLICK", "hs_email_click", "hs_email_last_click_date"),
)


def _seen(portal: Portal) -> Sights:
    """When the feeds saw what of whom, by (id or address, sort of event)."""
    seen: Sights = defaultdict(list)
    for view in portal.feeds.occurrences:
        seen[str(view.contact_id), view.type].append(view.at_ms)
    for mail in portal.feeds.email_events:
        seen[mail.recipient, mail.type].append(mail.at_ms)
    return seen


def _grown(record: Record, seen: Sights) -> dict[str, str]:
    """The counters that lag behind the feeds; a counter never goes down."""
    values: dict[str, str] = {}
    for type_, counter, last in _COUNTED:
        who = str(record.id) if type_ == "e_visited_page" else record.values.get("email", "")
        times = seen.get((who, type_), [])
        if len(times) > int(record.values.get(counter) or 0):
            values |= {counter: str(len(times)), last: iso(max(times))}
    return values


def edit_options(portal: Portal, payload: Payload) -> dict[str, Any]:
    """Replaces the choices of any enumeration: {"object", "property", "options": [{value, label}]}."""
    kind = kind_of(want(payload, "object", str))
    name = want(payload, "property", str)
    if portal.schemas[kind.name].get(name) is None:
        raise LookupError(f"no property {name} of {kind.name}")
    rows = payload.get("options")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadCall("options must be a list of objects")
    options = tuple(
        Option(want(row, "value", str), want(row, "label", str), n, bool(row.get("hidden")))
        for n, row in enumerate(rows)
    )
    portal.schemas[kind.name].options(name, options)
    return {"options": [option.value for option in options]}


def edit_stages(portal: Portal, payload: Payload) -> dict[str, Any]:
    """Changes lifecycle stages: {"object"?, "add": [{label, after?}], "rename": {}, "remove": []}.

    A new stage has a numeric id. Without `object` both contacts and companies get the change.
    Answers the stages in order, and the ids of the new ones by label.
    """
    kinds = [kind_of(payload["object"]).name] if "object" in payload else sorted(HAS_LIFECYCLE)
    known = {o.value for n in kinds for o in _stages(portal, n)}
    added = {
        want(row, "label", str): str(FIRST_CUSTOM_STAGE + len(known) * 37 + n)
        for n, row in enumerate(payload.get("add") or ())
    }
    for name in kinds:
        gone, labels = payload.get("remove") or (), payload.get("rename") or {}
        kept = [o for o in _stages(portal, name) if o.value not in gone]
        kept = [replace(o, label=labels.get(o.value, o.label)) for o in kept]
        for row in payload.get("add") or ():
            _insert(kept, Option(added[row["label"]], row["label"]), after=row.get("after"))
        ordered = tuple(replace(option, order=n) for n, option in enumerate(kept))
        portal.schemas[name].options("lifecyclestage", ordered)
    return {"stages": [o.value for o in _stages(portal, kinds[0])], "added": added}


def _stages(portal: Portal, kind_name: str) -> list[Option]:
    options = portal.schemas[kind_name].properties["lifecyclestage"].options
    return sorted(options, key=lambda option: option.order)


def _insert(stages: list[Option], new: Option, *, after: Any) -> None:
    places = [n for n, option in enumerate(stages) if option.value == after]
    stages.insert(places[0] + 1 if places else len(stages), new)

"""Every change of a record comes through here, with what HubSpot does by itself after it.

A company's stage moves its contacts; a deal made or won moves its contacts and companies;
counters follow associations. All automatic stage moves go forward only.
Source: https://knowledge.hubspot.com/records/manage-how-lifecycle-stages-sync (seen 2026-11).
"""

from collections.abc import Mapping

from stagesync.sandbox.hubspot.changes import Change
from stagesync.sandbox.hubspot.history import put_values
from stagesync.sandbox.hubspot.lifecycle import STAGE, admitted, ranks
from stagesync.sandbox.hubspot.model import CALCULATED, KINDS, THROUGH_API, Kind, Record, Source
from stagesync.sandbox.hubspot.portal import Portal
from stagesync.sandbox.hubspot.schema import HAS_LIFECYCLE
from stagesync.sandbox.hubspot.store import doc_of

_BY_COMPANY = Source("COMPANIES")
_BY_DEAL = Source("DEALS")


def create(portal: Portal, kind: Kind, *, values: Mapping[str, str], source: Source) -> Record:
    """Makes a record from checked values."""
    now_ms = portal.now_ms()
    record = Record(portal.new_id(), now_ms, now_ms, {}, source)
    record.searchable_ms = now_ms + int(portal.switches.index_lag_create_s * 1000)
    first = {**_defaults(portal, kind, source), **{n: v for n, v in values.items() if v != ""}}
    first |= derived(portal, kind, first)
    schema = portal.schemas[kind.name]
    record.values = admitted(schema, record, values=first, source=source, now_ms=now_ms)
    portal.stores[kind.name].add(record)
    portal.stores[kind.name].index.submit(doc_of(record), record.searchable_ms)
    portal.changes.record("creation", kind.name, record=record, at_ms=now_ms, source=source)
    for name, text in record.values.items():
        portal.changes.tell(
            Change("propertyChange", kind.name, record.id, now_ms, source, name, text)
        )
    return record


def write(
    portal: Portal, kind: Kind, *, record: Record, values: Mapping[str, str], source: Source
) -> None:
    """Changes a record by checked values; a stage that would go back is left out silently."""
    wanted = {**values, **derived(portal, kind, {**record.values, **values})}
    schema = portal.schemas[kind.name]
    # HubSpot's own automations never move a stage back, whatever programs may do.
    through_api = source.kind in THROUGH_API
    granted = admitted(
        schema,
        record,
        values=wanted,
        source=source,
        now_ms=portal.now_ms(),
        forward_only=portal.switches.stage_forward_only or not through_api,
    )
    changed = put_values(portal, kind, record=record, values=granted, source=source)
    if kind.name == "companies" and STAGE in changed:
        for contact_id in list(portal.links.of("companies", record.id, to_kind="contacts")):
            _follow_company(portal, contact_id)
    if kind.name == "deals" and "dealstage" in changed and _won(portal, record):
        _move_deal_people(portal, record)


def link(
    portal: Portal,
    ends: tuple[str, int],
    others: tuple[str, int],
    *,
    source: Source,
    primary: bool = False,
) -> None:
    """Associates two records that exist, and lets counters and stages follow."""
    if not portal.links.add(ends, others, primary=primary):
        return
    _tell_link(portal, ends, others, source=source)
    recount(portal, *ends)
    recount(portal, *others)
    pair = {ends[0]: ends[1], others[0]: others[1]}
    if pair.keys() == {"contacts", "companies"}:
        _follow_company(portal, pair["contacts"])
    elif "deals" in pair:
        deal = portal.stores["deals"].find(pair["deals"])
        if deal is not None:
            _move_deal_people(portal, deal)


def unlink(
    portal: Portal, ends: tuple[str, int], others: tuple[str, int], *, source: Source
) -> None:
    """Parts two records, and lets counters follow."""
    if portal.links.remove(ends, others):
        _tell_link(portal, ends, others, source=source, removed=True)
        recount(portal, *ends)
        recount(portal, *others)


def _tell_link(
    portal: Portal,
    ends: tuple[str, int],
    others: tuple[str, int],
    *,
    source: Source,
    removed: bool = False,
) -> None:
    for (kind, id_), other in ((ends, others), (others, ends)):
        first = portal.links.of(kind, id_, to_kind=other[0]).get(other[1], False)
        portal.changes.tell(
            Change(
                "associationChange",
                kind,
                id_,
                portal.now_ms(),
                source,
                other=other,
                removed=removed,
                primary=first,
            )
        )


def derived(portal: Portal, kind: Kind, values: Mapping[str, str]) -> dict[str, str]:
    """Calculated properties that follow from a record's own values."""
    if kind.name == "contacts" and values.get("email"):
        return {"hs_email_domain": values["email"].rpartition("@")[2]}
    if kind.name == "tasks":
        return {"hs_task_is_completed": str(int(values.get("hs_task_status") == "COMPLETED"))}
    stage = portal.stages.get(values.get("dealstage", "")) if kind.name == "deals" else None
    if stage is None:
        return {}
    return {
        "hs_is_closed": str(stage.closed).lower(),
        "hs_is_closed_won": str(stage.won).lower(),
        "hs_is_closed_lost": str(stage.closed and not stage.won).lower(),
        "hs_deal_stage_probability": stage.probability,
    }


def counters(portal: Portal, kind_name: str, record_id: int) -> dict[str, str]:
    """Calculated properties that follow from a record's associations."""
    of = portal.links.of
    match kind_name:
        case "contacts":
            company = portal.links.primary("contacts", record_id)
            deals = len(of("contacts", record_id, to_kind="deals"))
            return {
                "associatedcompanyid": "" if company is None else str(company),
                "num_associated_deals": str(deals) if deals else "",
            }
        case "companies":
            return {
                "num_associated_contacts": str(len(of("companies", record_id, to_kind="contacts"))),
                "num_associated_deals": str(len(of("companies", record_id, to_kind="deals"))),
            }
        case "deals":
            contacts = len(of("deals", record_id, to_kind="contacts"))
            return {"num_associated_contacts": str(contacts)}
        case _:
            return {}


def _defaults(portal: Portal, kind: Kind, source: Source) -> dict[str, str]:
    first = {"hs_object_source": source.kind, "hs_object_source_id": source.id}
    first["hs_object_source_label"] = source.kind
    if kind.name in HAS_LIFECYCLE:
        first["hs_pipeline"] = f"{kind.name}-lifecycle-pipeline"
        if portal.switches.default_stage in ranks(portal.schemas[kind.name]):
            first[STAGE] = portal.switches.default_stage
    if kind.name == "contacts":
        first["hs_is_unworked"] = "true"
    if kind.name == "leads":
        first |= {"hs_pipeline": "lead-pipeline-id", "hs_pipeline_stage": "new-stage-id"}
    return {name: text for name, text in first.items() if text}


def recount(portal: Portal, kind_name: str, record_id: int) -> None:
    """Brings a record's counters in line with its associations."""
    record = portal.stores[kind_name].find(record_id)
    if record is None:
        return
    values = counters(portal, kind_name, record_id)
    changed = any(record.values.get(name, "") != text for name, text in values.items())
    if changed:
        put_values(
            portal,
            KINDS[kind_name],
            record=record,
            values=values,
            source=CALCULATED,
            stamp=portal.switches.association_moves_stamp,
        )


def _won(portal: Portal, deal: Record) -> bool:
    stage = portal.stages.get(deal.values.get("dealstage", ""))
    return stage is not None and stage.won


def _lost(portal: Portal, deal: Record) -> bool:
    stage = portal.stages.get(deal.values.get("dealstage", ""))
    return stage is not None and stage.closed and not stage.won


def _follow_company(portal: Portal, contact_id: int) -> None:
    company_id = portal.links.primary("contacts", contact_id)
    if company_id is None or not portal.switches.sync_company_to_contact:
        return
    company = portal.stores["companies"].find(company_id)
    if company is not None:
        _advance(
            portal, "contacts", contact_id, stage=company.values.get(STAGE, ""), by=_BY_COMPANY
        )


def _move_deal_people(portal: Portal, deal: Record) -> None:
    if _won(portal, deal) and portal.switches.sync_deal_won:
        stage = "customer"
    elif portal.switches.sync_deal_created and not _lost(portal, deal):
        stage = "opportunity"
    else:
        return
    for kind_name in ("contacts", "companies"):
        for record_id in list(portal.links.of("deals", deal.id, to_kind=kind_name)):
            _advance(portal, kind_name, record_id, stage=stage, by=_BY_DEAL)


def _advance(portal: Portal, kind_name: str, record_id: int, *, stage: str, by: Source) -> None:
    record = portal.stores[kind_name].find(record_id)
    if record is None or stage not in ranks(portal.schemas[kind_name]):
        return
    if record.values.get(STAGE) != stage:
        write(portal, KINDS[kind_name], record=record, values={STAGE: stage}, source=by)

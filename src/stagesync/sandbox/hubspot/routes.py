"""The table of calls, by the one form of address that all versions are brought to."""

import re
from dataclasses import dataclass

from stagesync.sandbox.hubspot import (
    associations,
    associations_v3,
    batch,
    catalog,
    forms,
    hook_settings,
    journal_calls,
    marketing_events,
    objects,
    occurrences,
    properties,
    property_groups,
    record_lists,
    search,
)
from stagesync.sandbox.hubspot.call import Endpoint
from stagesync.sandbox.hubspot.model import kind_named

_DATED = r"2026-03|2026-09"
# (address as called, area it leads to): "version" and "rest" are taken out of it.
_FORMS = (
    re.compile(
        r"/crm/(?P<version>v3)/(?P<area>objects|properties|pipelines|owners|lists)(?P<rest>/.*)?"
    ),
    re.compile(r"/crm/(?P<version>v4)/(?P<area>associations)(?P<rest>/.*)"),
    re.compile(
        r"/crm/v3/(?P<area>associations)(?P<rest>/[^/]+/[^/]+/(?:batch/.*|types))(?P<version>)"
    ),
    re.compile(r"/crm/(?P<version>v4)/(?P<area>objects)(?P<rest>/[^/]+/[^/]+/associations/.*)"),
    re.compile(
        rf"/crm/(?P<area>objects|properties|pipelines|owners|lists|associations)/(?P<version>{_DATED})(?P<rest>/.*)?"
    ),
    re.compile(r"/marketing/(?P<version>v3)/(?P<area>marketing-events|forms)(?P<rest>/.*)?"),
    re.compile(rf"/marketing/(?P<area>marketing-events)/(?P<version>{_DATED})(?P<rest>/.*)?"),
    re.compile(r"/marketing/(?P<area>forms)/(?P<version>2026-09-beta)(?P<rest>/.*)?"),
    re.compile(r"/(?P<area>form-integrations)/(?P<version>v1)(?P<rest>/submissions/.*)"),
    re.compile(r"/(?P<area>email)/public/(?P<version>v1)(?P<rest>/.*)"),
    re.compile(rf"/events/(?P<area>event-occurrences)/(?P<version>{_DATED})(?P<rest>/.*)?"),
    re.compile(r"/events/(?P<version>v3)/(?P<area>events)(?P<rest>/.*)?"),
    re.compile(r"/(?P<area>webhooks)/(?P<version>v3|2026-03)(?P<rest>/[0-9]+/.*)"),
    re.compile(r"/app-(?P<area>webhooks)/(?P<version>2026-09)(?P<rest>/[0-9]+/.*)"),
    re.compile(
        rf"/(?P<area>webhooks-journal/(?:journal|subscriptions))/(?P<version>{_DATED})(?P<rest>/.*)?"
    ),
    re.compile(rf"/(?P<area>account-info)/(?P<version>v3|{_DATED})(?P<rest>/.*)"),
    re.compile(rf"/(?P<area>oauth)/(?P<version>v1|v3|{_DATED})(?P<rest>/.*)"),
    re.compile(r"/(?P<area>oauth)/(?P<version>v2)(?P<rest>/private-apps/.*)"),
)


def canonical(path: str) -> tuple[str, str] | None:
    """(version, address without it) of a called path; None when no version has it."""
    bare = path.rstrip("/")
    if bare == "/oauth/authorize" or bare.startswith("/webhooks-journal-files/"):
        return "", bare
    for form in _FORMS:
        if met := form.fullmatch(bare):
            rest = met["rest"] or ""
            # Version 3 gives associations of one record in another shape, which is not served.
            if met["version"] == "v3" and "/associations" in rest:
                return None
            area = "event-occurrences" if met["area"] == "events" else met["area"]
            # Version 3 has shapes of its own here; the other areas' handlers serve every version.
            if not met["version"]:
                return "v3", f"/associations-v3{rest}"
            return met["version"], f"/{area}{rest}"
    return None


@dataclass(frozen=True, slots=True)
class Spot:
    """One call: how it is addressed, who may make it, what answers it.

    Attributes:
        scopes: any one of them is enough; "{}" stands for the object type's scope name.
        schema_area: refusals for want of a scope take the schema area's form.
        for_apps: apps call it about themselves; service keys may not.
        exempt: costs nothing of any limit.
    """

    method: str
    path: str
    endpoint: Endpoint
    scopes: tuple[str, ...]
    search: bool = False
    schema_area: bool = False
    for_apps: bool = False
    exempt: bool = False

    def needs(self, type_name: str) -> tuple[str, ...]:
        """The scopes for calls on this object type."""
        kind = kind_named(type_name)
        scope = kind.scope if kind is not None else "contacts"
        return tuple(name.format(scope) for name in self.scopes)

    def needs_also(self, type_name: str) -> tuple[str, ...]:
        """Scopes for reading this object type of which one is needed beside those of `needs`."""
        kind = kind_named(type_name)
        return kind.reads if kind is not None and self.scopes == _READ else ()


_READ = ("crm.objects.{}.read",)
_WRITE = ("crm.objects.{}.write",)
_SCHEMA_READ = ("crm.schemas.{}.read", "crm.objects.{}.read")
_SCHEMA_WRITE = ("crm.schemas.{}.write",)
_DEALS = ("crm.schemas.deals.read", "crm.objects.deals.read")
_ANY = ("oauth", *_READ, *_WRITE)


def _objects() -> list[Spot]:
    one, many = "/objects/{type}/{id}", "/objects/{type}/batch"
    linked = one + "/associations/{to}"
    return [
        Spot("POST", "/objects/{type}/search", search.search, _READ, search=True),
        Spot("POST", "/objects/{type}/merge", objects.merge_two, _WRITE),
        Spot("POST", "/objects/{type}/gdpr-delete", objects.erase_one, _WRITE),
        Spot("POST", many + "/read", batch.read_many, _READ),
        Spot("POST", many + "/create", batch.create_many, _WRITE),
        Spot("POST", many + "/update", batch.update_many, _WRITE),
        Spot("POST", many + "/upsert", batch.upsert_many, _WRITE),
        Spot("POST", many + "/archive", batch.archive_many, _WRITE),
        Spot("GET", "/objects/{type}", objects.list_page, _READ),
        Spot("POST", "/objects/{type}", objects.create_one, _WRITE),
        Spot("PUT", one + "/associations/default/{to}/{other}", associations.put_default, _WRITE),
        Spot("GET", linked, associations.read_one, _READ),
        Spot("PUT", linked + "/{other}", associations.put_one, _WRITE),
        Spot("DELETE", linked + "/{other}", associations.delete_one, _WRITE),
        Spot("GET", one, objects.read, _READ),
        Spot("PATCH", one, objects.change, _WRITE),
        Spot("DELETE", one, objects.archive_one, _WRITE),
    ]


def _associations() -> list[Spot]:
    pair, old = "/associations/{type}/{to}", "/associations-v3/{type}/{to}"
    return [
        Spot("POST", pair + "/batch/read", associations.read_many, _READ),
        Spot("POST", pair + "/batch/create", associations.create_many, _WRITE),
        Spot("POST", pair + "/batch/associate/default", associations.create_default_many, _WRITE),
        Spot("POST", pair + "/batch/archive", associations.archive_many, _WRITE),
        Spot("GET", pair + "/labels", associations.labels, _READ),
        Spot("POST", old + "/batch/read", associations_v3.read_many, _READ),
        Spot("POST", old + "/batch/create", associations_v3.create_many, _WRITE),
        Spot("POST", old + "/batch/archive", associations_v3.archive_many, _WRITE),
        Spot("GET", old + "/types", associations_v3.types, _READ),
    ]


def _properties() -> list[Spot]:
    all_, group = "/properties/{type}", "/properties/{type}/groups"
    table: list[tuple[str, str, Endpoint]] = [
        ("GET", group, property_groups.list_groups),
        ("POST", group, property_groups.create_group),
        ("GET", group + "/{name}", property_groups.read_group),
        ("PATCH", group + "/{name}", property_groups.change_group),
        ("DELETE", group + "/{name}", property_groups.archive_group),
        ("POST", all_ + "/batch/create", properties.create_many),
        ("POST", all_ + "/batch/read", properties.read_many),
        ("GET", all_, properties.list_all),
        ("POST", all_, properties.create),
        ("GET", all_ + "/{name}", properties.read),
        ("PATCH", all_ + "/{name}", properties.change),
        ("DELETE", all_ + "/{name}", properties.archive),
    ]
    reads = {properties.read_many}
    return [
        Spot(
            method,
            path,
            endpoint,
            _SCHEMA_READ if method == "GET" or endpoint in reads else _SCHEMA_WRITE,
            schema_area=True,
        )
        for method, path, endpoint in table
    ]


def _catalog() -> list[Spot]:
    return [
        Spot("GET", "/pipelines/{type}", catalog.pipelines, _DEALS),
        Spot("GET", "/pipelines/{type}/{id}", catalog.pipeline, _DEALS),
        Spot("GET", "/pipelines/{type}/{id}/stages", catalog.stages, _DEALS),
        Spot("GET", "/owners", catalog.owners, ("crm.objects.owners.read",)),
        Spot("GET", "/owners/{id}", catalog.owner, ("crm.objects.owners.read",)),
        Spot("GET", "/account-info/details", catalog.details, _ANY),
        Spot("GET", "/account-info/api-usage/daily/private-apps", catalog.daily_usage, _ANY),
    ]


def _feeds() -> list[Spot]:
    events, taking_part = "/marketing-events", "/marketing-events/participations"
    event_scope, list_scope = ("crm.objects.marketing_events.read",), ("crm.lists.read",)
    behaviour = ("behavioral_events.event_definitions.read_write",)
    by_contact = taking_part + "/contacts/{id}/breakdown"
    joined, of_record = "/lists/{id}/memberships", "/lists/records/{type}/{id}/memberships"
    sent = "/form-integrations/submissions/forms/{id}"
    return [
        Spot("GET", by_contact, marketing_events.breakdown_of_contact, event_scope),
        Spot("GET", taking_part + "/{id}/breakdown", marketing_events.breakdown, event_scope),
        Spot("GET", taking_part + "/{id}", marketing_events.counters, event_scope),
        Spot("GET", events, marketing_events.list_page, event_scope),
        Spot("GET", events + "/{id}", marketing_events.read, event_scope),
        Spot("POST", "/lists/search", record_lists.search, list_scope),
        Spot("GET", of_record, record_lists.of_record, list_scope),
        Spot("GET", joined + "/join-order", record_lists.members_by_join, list_scope),
        Spot("GET", joined, record_lists.members, list_scope),
        Spot(
            "GET", "/lists/object-type-id/{type}/name/{name}", record_lists.read_named, list_scope
        ),
        Spot("GET", "/lists", record_lists.list_some, list_scope),
        Spot("GET", "/lists/{id}", record_lists.read, list_scope),
        Spot("GET", "/forms", forms.list_page, ("forms",)),
        Spot("GET", "/forms/{id}", forms.read, ("forms",)),
        Spot("GET", sent, forms.submissions, ("forms",)),
        Spot("GET", "/event-occurrences/event-types", occurrences.types, behaviour),
        Spot("GET", "/event-occurrences", occurrences.list_page, behaviour),
        Spot("GET", "/email/events", occurrences.email_events, ("content",)),
    ]


def _apps() -> list[Spot]:
    settings, wanted = "/webhooks/{app}/settings", "/webhooks/{app}/subscriptions"
    of_app: list[tuple[str, str, Endpoint]] = [
        ("GET", settings, hook_settings.read_settings),
        ("PUT", settings, hook_settings.write_settings),
        ("DELETE", settings, hook_settings.clear_settings),
        ("GET", wanted, hook_settings.list_all),
        ("POST", wanted, hook_settings.create),
        ("POST", wanted + "/batch/update", hook_settings.change_many),
        ("GET", wanted + "/{id}", hook_settings.read),
        ("PATCH", wanted + "/{id}", hook_settings.change),
        ("DELETE", wanted + "/{id}", hook_settings.remove),
    ]
    files, topics = "/webhooks-journal/journal", "/webhooks-journal/subscriptions"
    of_journal: list[tuple[str, str, Endpoint, str]] = [
        ("GET", files + "/earliest", journal_calls.earliest, "read"),
        ("GET", files + "/latest", journal_calls.latest, "read"),
        ("GET", files + "/offset/{offset}/next", journal_calls.following, "read"),
        ("GET", topics, journal_calls.subscriptions, "subscriptions.read"),
        ("POST", topics, journal_calls.subscribe, "subscriptions.write"),
        ("GET", topics + "/{id}", journal_calls.subscription, "subscriptions.read"),
        ("DELETE", topics + "/{id}", journal_calls.unsubscribe, "subscriptions.write"),
    ]
    return [
        *(Spot(method, path, endpoint, (), for_apps=True) for method, path, endpoint in of_app),
        *(
            Spot(method, path, endpoint, (f"developer.webhooks_journal.{right}",), exempt=True)
            for method, path, endpoint, right in of_journal
        ),
    ]


def spots() -> list[Spot]:
    """Every call there is; the first one that fits an address is meant."""
    return [*_objects(), *_associations(), *_properties(), *_catalog(), *_feeds(), *_apps()]

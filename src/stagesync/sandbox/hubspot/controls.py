"""The control calls that only the HubSpot simulator has, beside those of every simulator."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from starlette.routing import Route

from stagesync.sandbox.control import BadCall, control_route, want
from stagesync.sandbox.hubspot.actors import ACTORS, actor_named
from stagesync.sandbox.hubspot.auth import ALL_SCOPES
from stagesync.sandbox.hubspot.feeding import feed
from stagesync.sandbox.hubspot.furnish import furnish
from stagesync.sandbox.hubspot.hooks import Subscription
from stagesync.sandbox.hubspot.people import (
    bulk,
    edit_options,
    edit_stages,
    kind_of,
    recalculate,
    record_of,
)
from stagesync.sandbox.hubspot.portal import Portal
from stagesync.sandbox.hubspot.removing import erase, expire, restore
from stagesync.sandbox.hubspot.sim import HubSpotSim

Payload = Mapping[str, Any]


def hubspot_control_routes(sim: HubSpotSim) -> list[Route]:
    """To be placed before the shared ones: `edit` knows more actors here."""

    def locked(act: Callable[[Portal, Payload], Any]) -> Callable[[Payload], Any]:
        def call(payload: Payload) -> Any:
            with sim.lock:
                return act(sim.portal, payload)

        return call

    return [
        control_route("POST", "edit", lambda payload: _edit(sim, payload)),
        control_route("POST", "import", locked(bulk)),
        control_route("POST", "recalculate", locked(recalculate)),
        control_route("POST", "options", locked(edit_options)),
        control_route("POST", "stages", locked(edit_stages)),
        control_route("POST", "feed", locked(feed)),
        control_route("POST", "furnish", locked(furnish)),
        control_route("POST", "restore", locked(_restore)),
        control_route("POST", "erase", locked(_erase)),
        control_route("POST", "tokens", lambda payload: _token(sim, payload)),
        control_route("POST", "revoke", lambda payload: _revoke(sim, payload)),
        control_route("POST", "usage", lambda payload: _use(sim, payload)),
        control_route("POST", "install", lambda payload: _install(sim, payload)),
        control_route("GET", "webhooks", lambda _: sim.webhooks()),
        control_route("POST", "webhooks", lambda payload: _subscribe(sim, payload)),
    ]


def _edit(sim: HubSpotSim, payload: Payload) -> None:
    sim.edit(
        want(payload, "object", str),
        want(payload, "id", str),
        properties=want(payload, "properties", dict),
        actor=payload.get("actor", "human"),
    )


def _restore(portal: Portal, payload: Payload) -> dict[str, str]:
    """{"object", "id", "actor"?}: brings an archived record back."""
    kind = kind_of(want(payload, "object", str))
    expire(portal, kind)
    record = record_of(portal, kind, want(payload, "id", str), archived=True)
    restore(portal, kind, record, source=actor_named(str(payload.get("actor", "human"))))
    return {"id": str(record.id)}


def _erase(portal: Portal, payload: Payload) -> dict[str, str]:
    """{"object", "id"}: a person's right to be forgotten."""
    kind = kind_of(want(payload, "object", str))
    text = want(payload, "id", str)
    store = portal.stores[kind.name]
    gone = store.find(int(text), archived=True) if text.isdigit() else None
    record = gone or record_of(portal, kind, text)
    erase(portal, kind, record, source=ACTORS["human"])
    return {"id": str(record.id)}


def _token(sim: HubSpotSim, payload: Payload) -> dict[str, str]:
    """{"kind": "private_app" | "service_key", "scopes"?}: makes a static token."""
    kind = payload.get("kind", "private_app")
    if kind not in {"private_app", "service_key"}:
        raise BadCall(f"kind must be private_app or service_key, given {kind!r}")
    with sim.lock:
        token = sim.tokens.add_static(payload.get("scopes") or ALL_SCOPES, kind=kind)
    return {"token": token}


def _revoke(sim: HubSpotSim, payload: Payload) -> None:
    """{"token"}: ends an access token, a static token or a refresh token."""
    with sim.lock:
        sim.oauth.end(want(payload, "token", str))


def _use(sim: HubSpotSim, payload: Payload) -> dict[str, object]:
    """{"calls"?, "searches"?}: what other apps of the account use of the shared limits, just now."""
    calls = want(payload, "calls", int) if "calls" in payload else 0
    searches = want(payload, "searches", int) if "searches" in payload else 0
    with sim.lock:
        now = sim.clock.now()
        sim.limits.spend(calls=calls, searches=searches, now=now)
        return sim.limits.state(now)


def _install(sim: HubSpotSim, payload: Payload) -> dict[str, str]:
    """{"redirect_uri", "scopes"?}: a person installs the app; the code for it."""
    with sim.lock:
        back, scopes = want(payload, "redirect_uri", str), payload.get("scopes") or ALL_SCOPES
        return {"code": sim.oauth.install(back, scopes=scopes)}


def _subscribe(sim: HubSpotSim, payload: Payload) -> dict[str, Any]:
    """{"url", "secret"?, "subscriptions": ["contact.creation", {"eventType", "propertyName"}]}.

    Takes the place of all settings there were, at once. Answers the state.
    """
    hooks = sim.hooks
    url, rows = want(payload, "url", str), payload.get("subscriptions")
    if not isinstance(rows, list):
        raise BadCall("subscriptions must be a list")
    with sim.lock:
        made = [_subscription(sim, row) for row in rows]
        hooks.secret = str(payload.get("secret") or hooks.secret)
        known = {new.id: new for new in made}
        hooks.change(replace(hooks.terms, url=url, subscriptions=known), at_once=True)
    return sim.webhooks()


def _subscription(sim: HubSpotSim, row: Any) -> Subscription:
    given = {"eventType": row} if isinstance(row, str) else row
    if not isinstance(given, dict):
        raise BadCall("a subscription must be text or an object")
    return sim.hooks.subscription(
        want(given, "eventType", str),
        property_name=str(given.get("propertyName", "")),
        object_type_id=str(given.get("objectTypeId", "")),
    )

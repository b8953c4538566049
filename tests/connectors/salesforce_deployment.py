"""A deployment whose one connection is the simulated org, with the mapping that ships."""

from __future__ import annotations

import threading
from typing import Any

from stagesync.domain.free_mail import FREE_MAIL
from stagesync.engine.deployment import Connected, Deployment
from stagesync.engine.setup import own_fields
from stagesync.loading.definitions import load_definitions, shipped_mappings
from stagesync.loading.mapping import load_mapping
from stagesync.store import Store, open_store, records
from stagesync.store.records import StoredRecord

DEFINITIONS = load_definitions(shipped_mappings())


def make_deployment(bench: Any, connector: Any, *, mode: str = "active", **more: Any) -> Deployment:
    """The deployment, with a store in memory and our own fields made in the org; close its store."""
    mapping = load_mapping(
        shipped_mappings() / "salesforce.yaml",
        vocabularies=DEFINITIONS.vocabularies,
        policy=DEFINITIONS.policy,
    )
    made = Deployment(
        store=open_store("sqlite://"),
        policy=DEFINITIONS.policy,
        vocabularies=DEFINITIONS.vocabularies,
        connections={"sf": Connected("sf", connector, mapping, first_mode=mode, **more)},
        clock=bench.clock,
        free_mail=FREE_MAIL,
        stopping=threading.Event(),
    )
    for step in connector.setup(own_fields(made, made.connections["sf"])):
        connector.make(step)
    return made


def stored(store: Store, object_name: str) -> dict[str, StoredRecord]:
    """The live records of an object as the store holds them, by id."""
    with store.begin() as tx:
        found = records.all_records(tx, [("sf", object_name)])
        return {each.id: each for each in found if not each.gone and each.held}

"""No value of ours shows a person's data by its `repr`: what a debugger, a traceback or a log may print."""

import dataclasses
import importlib
import pkgutil
import re
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any

import stagesync
import stagesync_hubspot
import stagesync_salesforce
import stagesync_sql
from stagesync.connector import Unavailable
from stagesync.engine.explain import explain
from stagesync.engine.forget import forget
from stagesync.engine.report import report
from stagesync.engine.undo import undo
from stagesync.engine.verdicts import join

from .bench import Bench, iso

PERSONAL = ("marlow", "annabel", "quill", "xyzzy")
OFTEN = 40
"""Instances of a class that are looked at."""


def _ours(value: Any) -> Iterator[Any]:
    """The dataclasses of ours in a value, one level deep."""
    several = value.values() if isinstance(value, Mapping) else value
    found = several if isinstance(several, (list, tuple, set, frozenset)) else [value]
    for each in list(found)[:OFTEN]:
        if dataclasses.is_dataclass(each) and type(each).__module__.startswith("stagesync"):
            yield each


class Watcher:
    """Looks at whatever is handed to a function of ours, and at whatever it returns."""

    def __init__(self) -> None:
        self.seen = Counter[type]()
        self.telling: dict[str, set[str]] = {}

    def __call__(self, frame: FrameType, event: str, value: Any) -> None:
        if event != "return" or not frame.f_globals.get("__name__", "").startswith("stagesync"):
            return
        for each in (
            *_ours(value),
            *(one for local in frame.f_locals.values() for one in _ours(local)),
        ):
            kind = type(each)
            self.seen[kind] += 1
            if self.seen[kind] <= OFTEN:
                self._look(each)

    def _look(self, each: Any) -> None:
        told = repr(each).lower()
        if any(word in told for word in PERSONAL):
            fields = {
                one.name
                for one in dataclasses.fields(each)
                if one.repr and any(w in repr(getattr(each, one.name)).lower() for w in PERSONAL)
            }
            self.telling.setdefault(type(each).__qualname__, set()).update(fields)


def _live(bench: Bench) -> None:
    """A life with all that the engine does: merges, edits, refusals, verdicts, an undo, explain, a report, forgetting."""
    person = {"first": "Annabel", "last": "Marlow", "title": "Xyzzy", "country": "FR"}
    firm = bench.north.add("company", {"domain": "quill.example", "name": "Quill"})
    ann = bench.contact("ann.marlow@quill.example", links={"company": (firm,)}, **person)
    twin = bench.contact("a.marlow@quill.example", first="Annabel", last="Marlow")
    member = bench.member("ann.marlow@quill.example", FirstName="Annabel", LastName="Marlow")
    lead = bench.member("marlow@home.example", kind="lead", LastName="Marlow")
    bench.north.add("meeting", {"starts": iso(bench.clock.at_s)}, links={"contact": (ann,)})
    for kind in ("contact", "lead"):
        bench.member("info.marlow@quill.example", kind=kind, LastName=f"Marlow {kind}")
    for name in ("Annabel", "Xyzzy"):
        bench.contact("info.marlow@quill.example", first=name, last=f"Marlow {name}")
    bench.form(ann)
    bench.refuse("south", "contact", member)
    run = bench.sync().run
    bench.north.fail(Unavailable("no answer", retry_after_s=5.0))
    bench.sync()
    bench.north.edit("contact", ann, {"stage": "client"})
    bench.sync()
    now_s = bench.clock.now_s()
    who = [
        str(bench.person(*each)) for each in (("north", "contact", ann), ("south", "lead", lead))
    ]
    join(bench.deployment, *who, by="bea", now_s=now_s)
    bench.north.merge("contact", twin, into=ann)
    bench.sync()
    undo(bench.deployment, run=run, now_s=now_s)
    explain(bench.deployment, "ann.marlow@quill.example")
    report(bench.deployment, "ann.marlow@quill.example", now_s=now_s)
    forget(bench.deployment, "ann.marlow@quill.example", by="bea", now_s=now_s)


def test_no_value_shows_a_persons_data(bench: Bench) -> None:
    """Over a life with everything in it: no dataclass of ours that a function takes or returns shows a name or an address."""
    watch = Watcher()
    threading.setprofile(watch)
    sys.setprofile(watch)
    try:
        _live(bench)
    finally:
        sys.setprofile(None)
        threading.setprofile(None)  # type: ignore[arg-type]  # as the documentation says
    assert [] == sorted((name, *sorted(fields)) for name, fields in watch.telling.items())
    assert len(watch.seen) > 60


CARRIES = re.compile(r"\bFieldValue\b|\bValue\b|\bRaw\b|\bbytes\b")
"""Types of which a CRM's own values are made."""

NAMED = {"email", "aliases", "name", "mail_domain", "employer", "body", "raw", "payload"}
"""What fields are called that hold them."""

SHOWN = {
    # What the policy, a mapping or the settings say.
    "FactIn.values",
    "FactRule.values",
    "Identity.aliases",
    "Transform.read",
    # What we write: stages, and words of our own.
    "Write.values",
    "WriteResult.now",
    "Seen.over",
    # How a test connector is made.
    "ObjectDescription.fields",
}


def _classes() -> Iterator[type]:
    for package in (stagesync, stagesync_hubspot, stagesync_salesforce, stagesync_sql):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if re.search(r"sandbox|migrations|__main__", found.name):
                continue
            for each in vars(importlib.import_module(found.name)).values():
                if dataclasses.is_dataclass(each) and isinstance(each, type):
                    yield each


def test_what_may_carry_a_crms_value_is_not_shown() -> None:
    """Whatever by its type or name may hold what a CRM tells of people is left out of `repr`, connectors included."""
    shown = {
        f"{kind.__name__}.{one.name}"
        for kind in _classes()
        for one in dataclasses.fields(kind)
        if one.repr
        and (CARRIES.search(str(one.type)) or (one.name in NAMED and str(one.type) != "str"))
    }
    assert set() == shown - SHOWN

"""What is kept of people is what the mappings name, and nothing that is printed on the way names them."""

from __future__ import annotations

import json
import re
import sqlite3

import pytest

from stagesync.connector import Role
from stagesync.domain.mapping import CrmMapping

from .conftest import MakeWorld, World
from .deployments import Place, set_up

pytestmark = pytest.mark.xdist_group("settled")
"""One worker makes the world that these tests share."""

WORDS_OF_PEOPLE = re.compile(
    r"body|subject|html|preview|comment|note(?!s_last)|description|transcript", re.IGNORECASE
)


def _personal(world: World) -> set[str]:
    """Addresses, phone numbers, and first names with last names of everybody in both CRMs."""
    names = ("email", "firstname", "lastname", "phone", "mobilephone")
    found = set[str]()
    for one in world.vendors.hubspot("contacts", names).values():
        found |= _of(
            one["email"],
            one["firstname"],
            one["lastname"],
            one.get("phone"),
            one.get("mobilephone"),
        )
    for kind in ("Contact", "Lead"):
        rows = world.vendors.salesforce(f"SELECT Id, Email, FirstName, LastName, Phone FROM {kind}")
        for one in rows.values():
            found |= _of(one["Email"], one["FirstName"], one["LastName"], one["Phone"])
    return found


def _of(email: str | None, first: str | None, last: str | None, *phones: str | None) -> set[str]:
    whole = f"{first} {last}" if first and last else None
    return {each for each in (email, whole, *phones) if each}


@pytest.mark.gate
def test_a_full_run_prints_nobody(make_world: MakeWorld) -> None:
    """Everything that setup, plan, sync, retry, status, doctor, audit and undo print, with faults on the way and at the finest level, names nobody."""
    world = make_world(contacts=15)
    place = world.place
    place.config.write_text(place.config.read_text().replace("level: info", "level: debug"))
    set_up(place)
    for crm, kind in (("hubspot", "500_html"), ("salesforce", "expired_token")):
        world.vendors.fail(crm, kind)
    run = place.run("sync", "--json", "--verbose").json["run"]
    world.vendors.fail("hubspot", "503", times=50)
    assert 4 == place.run("sync", "--verbose").code
    world.vendors.ask("hubspot", "DELETE", "faults")
    for command in (
        ("plan",),
        ("status",),
        ("doctor",),
        ("audit",),
        ("retry",),
        ("undo", run),
        ("explain", "nobody@nowhere.example"),
        ("people", "list"),
    ):
        place.run(*command, "--verbose")
    printed = "\n".join(place.printed)
    assert len(printed) > 20_000
    assert [] == sorted(each for each in _personal(world) if each in printed)


def _mapped(found: CrmMapping, object_name: str) -> set[str]:
    return set(found.objects[object_name].fields)


def test_records_hold_the_mapped_fields_alone(settled: World) -> None:
    """Of each stored record no field but those that the mapping names; of activities none that people write text into."""
    with settled.place.open() as found:
        connections = found.deployment.connections
        store = sqlite3.connect(settled.place.folder / "stagesync.db")
        rows = store.execute(
            "SELECT connection, object, fields FROM record WHERE held = 1"
        ).fetchall()
        store.close()
        assert len(rows) > 300
        for connection, object_name, fields in rows:
            mapping = connections[connection].mapping
            assert set(json.loads(fields)) <= _mapped(mapping, object_name)
        asked = {
            f"{name}.{each}.{field}"
            for name, connected in connections.items()
            for each in connected.objects(Role.ACTIVITY)
            for field in _mapped(connected.mapping, each)
        }
    assert asked
    assert [] == sorted(each for each in asked if WORDS_OF_PEOPLE.search(each.rsplit(".", 1)[1]))


def test_a_person_is_exported_and_forgotten_by_command(settled: World, copied: Place) -> None:
    """`explain --export`, `forget`, `--yes`, `--list`, `--from` and `--undo`, each with its document and its words."""
    place = copied
    contacts = settled.vendors.hubspot("contacts", ("email",))
    counted = {e["email"]: k for k, e in contacts.items() if e["email"]}
    email, contact = next(
        (e, k) for e, k in sorted(counted.items()) if place.run("explain", e, "--json").code == 0
    )
    file = place.folder / "report.json"
    assert 0 == place.run("explain", email, "--export", str(file)).code
    report = json.loads(file.read_text())
    assert (0o600, True) == (file.stat().st_mode & 0o777, email in file.read_text())
    assert report == {
        **place.run("explain", email, "--export", "-").json,
        "made_at": report["made_at"],
    }
    assert 2 == place.run("explain", email, "--export", "-", "--at", "2026-01-01T00:00:00Z").code
    shown = place.run("forget", email)
    assert (0, True) == (shown.code, "would be erased" in shown.out)
    done = place.run("forget", email, "--yes", "--json").json
    assert (True, report["person"]) == (done["done"], done["people"])
    assert 2 == place.run("explain", email).code
    lines = place.run("forget", "--list").out
    assert len(lines.splitlines()) > 1
    (place.folder / "list.jsonl").write_text(lines)
    again = place.run("forget", "--from", str(place.folder / "list.jsonl"), "--json").json
    assert ({}, []) == (again["records"], again["people"])
    assert 0 == place.run("sync").code
    assert 0 == place.run("audit", "verify").code
    assert email not in place.run("status", "--json").out
    assert [2, 2, 2] == [
        place.run("forget", *each).code for each in ((), (email, "--list"), (email, "--undo"))
    ]
    place.run("forget", f"hubspot/contact/{contact}", "--undo")
    place.run("sync")
    assert 0 == place.run("explain", email).code

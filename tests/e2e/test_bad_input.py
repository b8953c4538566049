"""What is wrong ends in a clear message with its place, with the exit code of the contract, and nothing half-written."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from stagesync.loading.definitions import shipped_mappings
from stagesync.store import people, records

from .conftest import MakeWorld, World
from .deployments import Place, make_place, not_waited_for, run, set_up

TOLD = {
    "hubspot": {"url": "http://127.0.0.1:9", "token": "pat-eu1-test"},
    "salesforce": {"url": "http://127.0.0.1:9", "client_id": "key", "client_secret": "hush"},
}
"""Simulators that are not there: for commands that ask no CRM."""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A deployment that nobody answers."""
    return make_place(tmp_path, TOLD)


def change(place: Place, old: str, new: str) -> int:
    """Replace a text of the settings; the line where it stood."""
    text = place.config.read_text()
    assert old in text
    place.config.write_text(text.replace(old, new, 1))
    return text[: text.index(old)].count("\n") + 1


def own_mappings(place: Place) -> Path:
    """A copy of the shipped definitions beside the settings."""
    return Path(shutil.copytree(shipped_mappings(), place.folder / "mappings"))


def assert_repaired(world: World) -> None:
    """A following run is complete, and the one after it has nothing to write."""
    ran = world.place.run("sync", "--json")
    assert (0, {}) == (ran.code, ran.json["troubles"]), ran.err
    world.vendors.settle()
    again = world.place.run("sync", "--json")
    assert {"hubspot": 0, "salesforce": 0} == again.json["written"]
    assert 0 == world.place.run("audit", "verify").code


def test_no_settings_anywhere(tmp_path, monkeypatch):
    """Without a stagesync.yaml a command exits 2 and says how to get one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STAGESYNC_CONFIG", raising=False)
    ran = run("status")
    assert (2, "there is no stagesync.yaml here") == (ran.code, ran.err.splitlines()[0])
    assert "hint: stagesync init" in ran.err


def test_several_mistakes_are_told_at_once(place):
    """Three mistakes in stagesync.yaml are reported together, each with file and line, exit 2."""
    lines = [
        change(place, "store: {url:", "stroe: {url:"),
        change(place, "    poll: 1s", "    poll: soon"),
        change(place, "level: info", "level: chatty"),
    ]
    ran = place.run("status")
    assert 2 == ran.code
    told = ran.err.splitlines()
    for line, path in zip(lines, ("stroe", "connections.hubspot.poll", "log.level"), strict=True):
        assert any(each.startswith(f"{place.config}:{line}: {path}: ") for each in told), ran.err


def test_a_mistake_in_each_connection_is_told_at_once(place):
    """An unknown connector and an unknown option of another connection come with file and line, exit 2."""
    first = change(place, "connector: hubspot", "connector: hubspott")
    second = change(place, "    auth:\n", "    page_sise: 5\n    auth:\n")
    ran = place.run("status")
    assert 2 == ran.code
    assert f"{place.config}:{first}: connections.hubspot.connector: `hubspott`; known: " in ran.err
    assert f"{place.config}:{second}: connections.salesforce.page_sise: " in ran.err


def test_a_secret_that_is_not_there(place):
    """A missing secret file and an unset variable are named by key, exit 2."""
    (place.folder / "hubspot.token").unlink()
    change(
        place, f"secret: {{file: {place.folder}/salesforce.secret}}", "secret: {env: NOT_SET_XYZ}"
    )
    ran = place.run("status")
    assert 2 == ran.code
    assert f"the file {place.folder}/hubspot.token cannot be read" in ran.err
    assert "the environment variable NOT_SET_XYZ is not set" in ran.err


def test_plain_http_leaves_this_machine_never(place):
    """An http:// address of another host is refused for either CRM, with its line, exit 2."""
    change(place, "clock: sandbox", "clock: real")
    for name in ("hubspot", "salesforce"):
        line = change(place, "url: http://127.0.0.1:9", "url: http://crm.example.com")
        ran = place.run("status")
        assert 2 == ran.code
        assert f"{place.config}:{line}: connections.{name}.url: " in ran.err


def test_a_store_of_a_later_version(place):
    """A store of a schema that this version does not know ends with 5, and is left as it was."""
    assert 0 == place.run("status").code
    with sqlite3.connect(place.folder / "stagesync.db") as store:
        store.execute("UPDATE alembic_version SET version_num = '9999'")
    store.close()
    before = (place.folder / "stagesync.db").read_bytes()
    ran = place.run("status")
    assert (5, before) == (ran.code, (place.folder / "stagesync.db").read_bytes())
    assert "9999" in ran.err
    assert "hint: " in ran.err


def test_a_store_that_is_no_database(place):
    """A store file with other contents ends with 5 and a hint."""
    (place.folder / "stagesync.db").write_text(
        "not a database, but long enough to be read as one\n" * 90
    )
    ran = place.run("status")
    assert 5 == ran.code
    assert "hint: " in ran.err


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("approve", "pl_none"), "no held plan `pl_none`"),
        (("drop", "pl_none"), "no held plan `pl_none`"),
        (("setup", "hubspott"), "no connection `hubspott`; known: hubspot, salesforce"),
        (("explain", "p_none"), "nobody here has that"),
        (("audit", "--since", "yesterday"), "--since: `yesterday`"),
        (("audit", "--since", "2026-10-01T00:00:00"), "--since: `2026-10-01T00:00:00`"),
        (("audit", "--connection", "hubspott"), "no connection `hubspott`"),
        (("sync", "--approve", "pl_none"), "no held plan `pl_none`"),
    ],
)
def test_an_argument_that_names_nothing(place, args, words):
    """What names no plan, connection, person or instant is refused with 2, in words that name it."""
    ran = place.run(*args)
    assert (2, True) == (ran.code, words in ran.err), ran.err


def test_a_field_that_the_crm_does_not_have(make_world: MakeWorld):
    """A mapping that names a field which HubSpot lacks fails HubSpot alone, by exit 4 and the field's name; mended, all is written."""
    world = make_world(contacts=20)
    set_up(world.place)
    not_waited_for(world.place, "hubspot")
    file = own_mappings(world.place) / "hubspot.yaml"
    good = file.read_text()
    file.write_text(good.replace("from: country, as: country_code", "from: land, as: country_code"))
    ran = world.place.run("sync", "--json")
    assert (4, {"hubspot"}) == (ran.code, ran.json["troubles"].keys())
    assert "contact.land" in ran.err
    assert "hubspot: hubspot: " not in ran.err
    assert "hint: " in ran.err
    assert ran.json["written"]["salesforce"] > 0
    assert [] == world.vendors.writes("hubspot")
    file.write_text(good)
    shown = world.place.run("sync", "--json")
    assert (3, {"definition"}) == (shown.code, causes_held(world))
    world.place.run("approve", shown.json["plan"])
    assert_repaired(world)


def causes_held(world: World) -> set[str]:
    """Why what waits is planned: a mapping that changed is shown before it acts."""
    (held,) = world.place.run("status", "--json").json["held"]
    return {group["cause"] for group in held["groups"]}


@pytest.mark.parametrize(
    ("crm", "file", "other"),
    [
        ("hubspot", "hubspot.token", "salesforce"),
        ("salesforce", "salesforce.secret", "hubspot"),
    ],
)
def test_a_wrong_secret(make_world: MakeWorld, crm, file, other):
    """A wrong secret fails its connection by exit 4, with its name and the next step; the other is written; mended, all is."""
    world = make_world(contacts=20)
    set_up(world.place)
    not_waited_for(world.place, crm)
    secret = world.place.folder / file
    good = secret.read_text()
    secret.write_text("wrong-secret-of-somebody")
    ran = world.place.run("sync", "--json")
    assert (4, {crm}) == (ran.code, ran.json["troubles"].keys())
    assert ran.json["written"][other] > 0
    assert f"\n{crm}: " in f"\n{ran.err}"
    assert "hint: " in ran.err
    assert "wrong-secret-of-somebody" not in ran.out + ran.err
    secret.write_text(good)
    assert_repaired(world)


def test_setup_with_a_wrong_token(make_world: MakeWorld):
    """`setup --verbose` with a wrong token exits 4, names the connection and the next step, and never the token."""
    world = make_world(contacts=5)
    (world.place.folder / "hubspot.token").write_text("wrong-token-of-somebody")
    ran = world.place.run("setup", "hubspot", "--yes", "--verbose")
    assert (4, "") == (ran.code, ran.out)
    assert (
        ran.err.startswith("hubspot: HubSpot does not accept the token") or "\nhubspot: " in ran.err
    )
    assert "\nhint: " in ran.err
    assert "wrong-token-of-somebody" not in ran.err


def test_what_people_type_is_normalised(make_world: MakeWorld):
    """Country `fr` and an e-mail in capitals with blanks, typed by a person, end as FR and the plain address of one person."""
    world = make_world(contacts=20)
    set_up(world.place)
    assert 0 == world.place.run("sync").code
    with world.place.open() as found, found.deployment.store.begin() as tx:
        contacts = list(records.all_records(tx, [("salesforce", "contact")]))
        known = {each.person for each in records.all_records(tx, [("hubspot", "contact")])}
        one = next(each for each in contacts if each.person in known and each.email)
        count = people.count(tx, "person")
    world.vendors.edit(
        "salesforce", "Contact", one.id, MailingCountry="fr", Email=f" {one.email.upper()} "
    )
    world.vendors.settle()
    assert 0 == world.place.run("sync").code
    told = world.place.run("explain", one.id, "--json").json
    assert (one.person, "FR", one.email) == (
        told["id"],
        told["facts"]["person.country"]["value"],
        told["facts"]["person.email"]["value"],
    )
    assert count == world.place.run("status", "--json").json["people"]

"""`init`, `setup` and `sandbox` as somebody meets them first."""

from __future__ import annotations

import re

import pytest

from stagesync.sandbox.server import serve

from .deployments import Place, run, spawn


def test_init_writes_what_check_accepts(tmp_path):
    """A starter deployment has every definition, and `check` finds nothing wrong with it."""
    made = run("init", str(tmp_path / "starter"))
    assert 0 == made.code, made.err
    checked = run("check", "--config", str(tmp_path / "starter" / "stagesync.yaml"), "--json")
    assert (0, True, []) == (checked.code, checked.json["ok"], checked.json["problems"])
    assert (tmp_path / "starter" / "mappings" / "policy.yaml").is_file()


def test_init_overwrites_nothing(tmp_path):
    """A folder that has a deployment is refused with 2, and stays as it was."""
    settings = tmp_path / "stagesync.yaml"
    settings.write_text("# mine\n")
    ran = run("init", str(tmp_path))
    assert (2, "# mine\n") == (ran.code, settings.read_text())
    assert "exists already" in ran.err
    assert not (tmp_path / "mappings").exists()


def test_the_starters_secrets_are_asked_for_by_name(tmp_path, monkeypatch):
    """Before the secrets are set, a command names each missing variable with its line, and exits 2."""
    names = ("HUBSPOT_TOKEN", "SALESFORCE_CLIENT_SECRET", "SALESFORCE_CLIENT_ID")
    for name in names:
        monkeypatch.delenv(name, raising=False)
    run("init", str(tmp_path / "d"))
    ran = run("status", "--config", str(tmp_path / "d" / "stagesync.yaml"))
    assert 2 == ran.code
    lines = (tmp_path / "d" / "stagesync.yaml").read_text().splitlines()
    for name in names:
        place = next(number for number, line in enumerate(lines, 1) if name in line)
        assert re.search(rf"stagesync.yaml:{place}: .*variable {name} is not set", ran.err)


@pytest.mark.parametrize("connection", ["hubspot", "salesforce"])
def test_setup_shows_then_asks_then_makes(make_world, connection):
    """`setup` lists what it will make before it asks; a no makes nothing; a yes makes it; again it has nothing to do."""
    place: Place = make_world(contacts=5).place
    refused = place.run("setup", connection, typed="n\n")
    assert 1 == refused.code
    assert f"{connection} lacks:\n" in refused.out
    shown = [line.strip() for line in refused.out.splitlines() if line.startswith("  ")]
    made = place.run("setup", connection, typed="y\n")
    assert 0 == made.code
    assert made.out.index(shown[-1]) < made.out.index("Create these?")
    assert [f"made {each}" for each in shown] == [
        line for line in made.out.replace("]: ", "]:\n").splitlines() if line.startswith("made ")
    ]
    again = place.run("setup", connection)
    assert (0, f"{connection} has every field that stagesync needs\n") == (again.code, again.out)


def test_a_port_in_use_is_an_argument_error(tmp_path):
    """`sandbox` on a taken port ends with 2 and names the port."""

    async def nobody(scope, receive, send):
        """Never called."""

    with serve(nobody) as server:
        ran = spawn("sandbox", "--hubspot-port", str(server.port), "--contacts", "5", home=tmp_path)
    assert 2 == ran.code
    assert f"port {server.port} is in use\nhint: " in ran.err


def test_an_unknown_fault_profile_names_the_known_ones(tmp_path):
    """`sandbox --faults` with another word ends with 2 and lists the profiles."""
    ran = run("sandbox", "--faults", "stormy", "--contacts", "5")
    assert 2 == ran.code
    assert "known: none, light, heavy" in ran.err

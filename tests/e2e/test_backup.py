"""Backups beside a daemon that writes, a restore, and a move to another database, by the commands."""

from __future__ import annotations

import signal

import pytest

from stagesync.store.backups import check_backup

from .conftest import MakeWorld, World
from .deployments import set_up, wait_until

SOON_S = 60.0


@pytest.fixture
def written(make_world: MakeWorld) -> World:
    """A deployment that a daemon filled while backups were taken: `early` at once, `late` at its end."""
    world = make_world(contacts=40)
    set_up(world.place)
    place = world.place
    with place.process("run") as process:
        log = place.folder / "run.err"
        assert wait_until(lambda: "run started" in log.read_text(), seconds=SOON_S)
        assert 0 == place.run("backup", str(place.folder / "early")).code
        refused = place.run("restore", str(place.folder / "early"), "--force")
        assert (5, True) == (refused.code, "in use" in refused.err)
        assert wait_until(lambda: "run ended" in log.read_text(), seconds=SOON_S)
        told = place.run("backup", str(place.folder / "late"), "--json")
        assert 0 == told.code, told.err
        process.send_signal(signal.SIGTERM)
        assert 0 == process.wait(timeout=30)
    return world


def test_a_store_lives_on_from_a_backup(written: World) -> None:
    """Taken while the daemon wrote, a backup is whole; put back, its log verifies and its first plan is held."""
    place = written.place
    early, late = (check_backup(place.folder / name) for name in ("early", "late"))
    assert early.tables["record"].rows <= late.tables["record"].rows
    assert late.tables["transition"].rows > 0
    refused = place.run("restore", str(place.folder / "late"))
    assert (5, True) == (refused.code, "--force" in refused.err)
    told = place.run("restore", str(place.folder / "late"), "--force", "--json")
    assert 0 == told.code, told.err
    assert late.tables["audit"].rows == told.json["tables"]["audit"]
    verified = place.run("audit", "verify", "--json").json
    assert (True, late.tables["audit"].rows + 1) == (verified["ok"], verified["entries"])
    written.vendors.create_in_salesforce("Contact", {"Email": "new@firm.example", "LastName": "Ng"})
    held = place.run("sync")
    assert (3, True) == (held.code, "put back from a backup" in held.err), held.err

    copied = place.run("store", "copy", _url(written), f"{_url(written)}.copy", "--json")
    assert 0 == copied.code, copied.err
    again = place.run("store", "copy", _url(written), f"{_url(written)}.copy")
    assert (5, True) == (again.code, "holds a store already" in again.err)
    place.config.write_text(place.config.read_text().replace("stagesync.db", "stagesync.db.copy"))
    assert verified["entries"] == place.run("audit", "verify", "--json").json["entries"]


def _url(world: World) -> str:
    return f"sqlite:///{world.place.folder / 'stagesync.db'}"

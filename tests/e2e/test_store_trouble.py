"""What becomes of the store's file under a daemon: told, nothing written to a CRM meanwhile, and over without hands."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from stagesync.sandbox import Sandbox, start
from stagesync.store import records

from .deployments import COMMAND, Place, environment, make_place, set_up, wait_until
from .vendors import Vendors

SOON_S = 40.0
WRITES = ("/batch/update", "/composite/sobjects")


class World:
    """Both simulators, and a settled deployment whose store lies in a folder of its own."""

    def __init__(self, sandbox: Sandbox, vendors: Vendors, place: Place) -> None:
        self.sandbox, self.vendors, self.place = sandbox, vendors, place
        self.contact = min(vendors.hubspot("contacts", ["email"]), key=int)
        self._count = 0

    @property
    def store(self) -> Path:
        return self.place.folder / "data" / "stagesync.db"

    def edit(self) -> str:
        """Somebody moves, and so has something to be written; the title that says so."""
        self._count += 1
        title = f"{('CEO', 'Intern')[self._count % 2]} {self._count}"
        self.vendors.edit("hubspot", "contacts", self.contact, jobtitle=title)
        return title

    def is_known(self, title: str) -> bool:
        """Whether the store has it."""
        with self.place.open() as found, found.deployment.store.begin() as tx:
            held = records.records_of(tx, "hubspot", "contact", [self.contact])
        return held[self.contact].fields["jobtitle"] == title

    def writes(self) -> int:
        """Requests by which the CRMs were written to so far."""
        crms = (self.sandbox.hubspot, self.sandbox.salesforce)
        return sum(each["path"].endswith(WRITES) for crm in crms for each in crm.log.entries())


IN_A_FOLDER = "{url: sqlite:///data/stagesync.db}"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """For those who leave the store as good as they found it."""
    with make_world(tmp_path_factory.mktemp("trouble"), IN_A_FOLDER) as found:
        yield found


@contextmanager
def make_world(folder: Path, store: str) -> Iterator[World]:
    with start(contacts=6) as sandbox:
        told = sandbox.credentials()
        vendors = Vendors(told)
        prompt = {"index_lag_create_s": 0.0, "index_lag_update_s": 0.0}
        vendors.ask("hubspot", "PUT", "settings", prompt)
        place = make_place(folder, told, store=store)
        set_up(place)
        ran = place.run("sync", "--json")
        assert ran.code == 0, ran.err
        yield World(sandbox, vendors, place)
        vendors.close()


class Daemon:
    """A running `stagesync run`, and what it logged."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[dict[str, Any]] = []
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if line.startswith("{"):
                self.lines.append(json.loads(line))

    def said(self, event: str) -> list[dict[str, Any]]:
        return [each for each in self.lines if each["event"] == event]

    def says(self, event: str, *, after: int = 0) -> dict[str, Any]:
        """The first such line beyond so many, once it has come."""
        assert wait_until(lambda: len(self.said(event)) > after, seconds=SOON_S), self.lines
        return self.said(event)[after]

    def cpu_s(self) -> float:
        """Seconds of the processor that it used."""
        told = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def daemon(place: Place, *, within: Sequence[str | Path] = ()) -> Iterator[Daemon]:
    """The installed command, told to stop and ended well with the block.

    Args:
        within: a command that starts it.
    """
    with subprocess.Popen(
        [*within, COMMAND, "run", "--config", place.config],
        env=environment(place.folder),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        found = Daemon(process)
        try:
            found.says("run ended")
            yield found
            process.send_signal(signal.SIGTERM)
            assert 0 == process.wait(timeout=30), found.lines
        finally:
            process.kill()
            found.reader.join()


def holds_still(world: World, running: Daemon, *, seconds: float = 3.0) -> None:
    """Somebody moves meanwhile, and for so long nothing is written to a CRM, and next to nothing is done."""
    before, cpu_s = world.writes(), running.cpu_s()
    world.edit()
    assert not wait_until(lambda: world.writes() > before, seconds=seconds)
    assert running.cpu_s() - cpu_s < seconds / 2, "it spins"
    assert running.process.poll() is None


def goes_on(world: World, running: Daemon) -> None:
    """What happened meanwhile is done."""
    title = world.edit()
    assert wait_until(lambda: world.is_known(title), seconds=SOON_S), running.lines


def test_a_folder_that_vanishes_and_comes_back(world: World) -> None:
    """Its file is open and would take everything, where nobody finds it again: it is not written, and told as gone."""
    away = world.store.parent.with_name("away")
    with daemon(world.place) as running:
        world.store.parent.rename(away)
        told = running.says("store failed")
        assert "is not there any more" in told["error"]
        assert "bring the file back" in told["hint"]
        holds_still(world, running)
        assert not world.store.exists(), "it made another one"
        away.rename(world.store.parent)
        goes_on(world, running)


@pytest.mark.gate
def test_an_empty_store_in_its_place_is_not_taken_for_it(world: World) -> None:
    """A disk that is not mounted shows an empty folder, in which a command makes a store: the daemon waits for its own."""
    away = world.store.parent.with_name("away")
    with daemon(world.place) as running:
        world.store.parent.rename(away)
        assert 0 == world.place.run("status").code
        assert wait_until(
            lambda: any("an empty store" in each["error"] for each in running.said("store failed")),
            seconds=SOON_S,
        ), running.lines
        holds_still(world, running)
        shutil.rmtree(world.store.parent)
        away.rename(world.store.parent)
        goes_on(world, running)


@pytest.mark.gate
def test_a_damaged_store_writes_nothing_until_it_is_restored(tmp_path: Path) -> None:
    """Pages that were overwritten are found, though the daemon has them in mind; `restore` mends it under the daemon."""
    backup = tmp_path / "good.backup"
    with make_world(tmp_path, IN_A_FOLDER) as world:
        assert 0 == world.place.run("backup", str(backup)).code
        with daemon(world.place) as running:
            spoil(world.store)
            told = running.says("store failed")
            assert "is damaged" in told["error"], told
            assert "stagesync restore" in told["hint"]
            holds_still(world, running)
            ran = world.place.run("status")
            assert (5, True) == (ran.code, "stagesync restore" in ran.err), ran.err
            ran = world.place.run("restore", str(backup), "--force")
            assert 0 == ran.code, ran.err
            goes_on(world, running)
            assert 0 == world.place.run("audit", "verify").code


@pytest.mark.gate
def test_a_full_disk_is_told_and_read_from(world: World) -> None:
    """A disk of a few megabytes that somebody fills: `status` reads the store and says so, and the daemon waits for room."""
    if subprocess.run([*APART, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a disk of their own")
    kept = world.store.parent.with_name("kept")
    shutil.copytree(world.store.parent, kept)
    mounted = 'mount -t tmpfs -o size=24m none "$0" && cp "$1"/* "$0" && shift && exec "$@"'
    with daemon(
        world.place, within=[*APART, "sh", "-c", mounted, world.store.parent, kept]
    ) as running:
        inside = Path(f"/proc/{running.process.pid}/root{world.store.parent}")
        filler = inside / "filler"
        fill(filler)
        before = len(running.said("store failed"))
        world.edit()
        told = running.says("store failed", after=before)
        assert (True, True) == ("its disk is full" in told["error"], "make room" in told["hint"])
        holds_still(world, running)
        ran = within(running, world.place, "status", "--json")
        assert 0 == ran.returncode, ran.stderr
        assert "its disk is full" == json.loads(ran.stdout)["store"]["trouble"]
        filler.unlink()
        title = world.edit()
        assert wait_until(lambda: title in title_within(inside), seconds=SOON_S), running.lines


APART = ("unshare", "--map-root-user", "--mount")
"""Starts a program that sees disks of its own."""


def within(running: Daemon, place: Place, *args: str) -> subprocess.CompletedProcess[str]:
    """A command that sees what the daemon sees."""
    there = (
        "nsenter",
        "--target",
        str(running.process.pid),
        "--user",
        "--mount",
        "--preserve-credentials",
    )
    return subprocess.run(
        [*there, COMMAND, *args, "--config", place.config],
        env=environment(place.folder),
        capture_output=True,
        text=True,
        check=False,
    )


def fill(file: Path) -> None:
    """Write until nothing more goes in."""
    with file.open("wb", buffering=0) as out:
        for size in (2**20, 2**12):
            try:
                while out.write(b"x" * size) == size:
                    pass
            except OSError:
                continue


def title_within(folder: Path) -> str:
    """Whatever stands in the store's files just now."""
    return "".join(
        each.read_bytes().decode(errors="replace") for each in folder.glob("stagesync.db*")
    )


@pytest.mark.gate
def test_a_server_that_only_lets_read(tmp_path: Path, postgres_store_url: str) -> None:
    """A database that became read-only, as one that another one took over from: told, read from, and over without hands."""
    admin = sa.create_engine(postgres_store_url, isolation_level="AUTOCOMMIT")
    with (
        make_world(tmp_path, f"{{url: '{postgres_store_url}'}}") as world,
        daemon(world.place) as running,
    ):
        only_read(admin, is_so=True)
        world.edit()
        assert wait_until(
            lambda: any("read-only" in each["error"] for each in running.said("store failed")),
            seconds=SOON_S,
        ), running.lines
        assert "let the store be written" in running.said("store failed")[-1]["hint"]
        holds_still(world, running)
        assert 0 == world.place.run("status").code
        only_read(admin, is_so=False)
        goes_on(world, running)
    admin.dispose()


def only_read(admin: sa.Engine, *, is_so: bool) -> None:
    """Let sessions that begin from now on only read, or write again, and end those that are."""
    word = "on" if is_so else "off"
    with admin.connect() as door:
        name = door.exec_driver_sql("SELECT current_database()").scalar_one()
        door.exec_driver_sql(f'ALTER DATABASE "{name}" SET default_transaction_read_only = {word}')
        if is_so:
            door.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


def spoil(path: Path) -> None:
    """Other bytes in every page but the first, in the file as it lies there."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\x5a" * (size - 4096))

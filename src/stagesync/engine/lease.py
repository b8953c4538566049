"""One pass at a time on a store, whoever starts it, and one daemon that repeats them.

The lease `run` is held for the length of a pass, by the daemon as by `sync` or `plan`; the lease `daemon` for as
long as a daemon serves, so that a second one stands by. Between two passes of a daemon a command finds its turn.

A pass compares the token of its lease in every transaction, those that move a cursor or record what is about to be
written, or what became of it, included. A process that was paused for longer than the lease lasts, and wakes up,
may still send the request that it was about to send; it then finds that its lease went to another, and ends.
What it sent was recorded as sent before: the other one settles it, see `engine.taken`.

While a lease is held a thread renews it, for the time in which a CRM is waited for. A holder that has died on this
machine is known to be dead at once, any other one when its lease has run out.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Connection

from stagesync.engine.deployment import Deployment
from stagesync.engine.instants import iso
from stagesync.errors import LeaseHeld, LeaseLost, Stopped, StoreError
from stagesync.store import Store, leases
from stagesync.store.leases import Held, Holder

log = structlog.get_logger()

RUN, DAEMON = "run", "daemon"
STANDBY = "standby/"
"""Begins the names of the leases by which waiting daemons are known."""

_given_up: set[str] = set()
"""Tokens of this process that the store did not take back, being full or locked."""

LOOK_S = 0.5
"""How often somebody who waits looks whether the lease is free."""

PATIENCE_S = 30.0
"""How long a pass waits for the end of another one."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease that this process holds.

    Attributes:
        lost: set when somebody else was found to have it.
    """

    store: Store
    name: str
    token: str
    lasts_s: float
    lost: threading.Event = field(default_factory=threading.Event)

    def fence(self, tx: Connection) -> None:
        """Let the transaction go on only while the lease is ours; renews it.

        Raises:
            LeaseLost: it is not; nothing of the transaction may stay.
        """
        if not leases.renew(tx, self.name, self.token):
            self.lost.set()
            raise LeaseLost(_lost_to(tx, self.name), hint="stagesync status tells who works now")

    def is_ours(self) -> bool:
        """Whether it is; renews it.

        Raises:
            StoreError: the store cannot say.
        """
        try:
            with self.store.begin(fenced=False) as tx:
                self.fence(tx)
        except LeaseLost:
            return False
        return True

    def keep(self, over: threading.Event) -> None:
        """Renew it until it is over or lost."""
        while not over.wait(self.lasts_s / 3):
            try:
                if not self.is_ours():
                    return
            except StoreError as error:
                # A full disk, say: the lease may run out, and the next transaction tells.
                log.warning("lease not renewed", lease=self.name, error=str(error))

    def release(self) -> None:
        """Give it back; where the store refuses that, this process may take it again, and others when it ran out."""
        try:
            with self.store.begin(fenced=False) as tx:
                leases.release(tx, self.name, self.token)
        except StoreError:
            _given_up.add(self.token)


@contextmanager
def one_pass(deployment: Deployment) -> Iterator[None]:
    """The time of a pass, in which every transaction of this process compares the token.

    Raises:
        LeaseHeld: another pass did not end in time; says whose.
    """
    with _turn_here(deployment):
        deployment.lost.clear()
        lease = _wait(deployment)
        deployment.store.fence = lease.fence
        try:
            with _kept(lease):
                yield
        finally:
            deployment.store.fence = None


@contextmanager
def _turn_here(deployment: Deployment) -> Iterator[None]:
    """One pass of this process at a time: they would share the store's fence.

    Raises:
        LeaseHeld: the other one did not end in time.
        Stopped: this process shall end.
    """
    turn = deployment.store.passing
    for _ in range(int(PATIENCE_S / LOOK_S)):
        if turn.acquire(timeout=LOOK_S):
            break
        if deployment.stopping.is_set():
            raise Stopped
    else:
        raise LeaseHeld(
            "another pass of this process works on this store", hint="try again when it has ended"
        )
    try:
        yield
    finally:
        turn.release()


@contextmanager
def one_daemon(deployment: Deployment, stop: threading.Event) -> Iterator[Lease | None]:
    """The time in which this is the daemon of the store; waits for it, and is listed meanwhile.

    Gives None when it was told to stop before.
    """
    with ExitStack() as standing_by:
        waits = False
        while (lease := _try_take(deployment, DAEMON)) is None and not stop.is_set():
            if not waits:
                waits = True
                _tell_standby(deployment)
                standby = f"{STANDBY}{_myself().host}/{_myself().pid}"
                if mine := _try_take(deployment, standby):
                    standing_by.enter_context(_kept(mine))
            stop.wait(LOOK_S)
    if lease is None:
        yield None
        return
    if waits:
        log.info("standby ended")
    with _kept(lease):
        yield lease


def _tell_standby(deployment: Deployment) -> None:
    with deployment.store.begin(fenced=False) as tx:
        found = _find(tx, DAEMON)
    log.info("standby", daemon=_who(found) if found else None)


def _wait(deployment: Deployment) -> Lease:
    for _ in range(int(PATIENCE_S / LOOK_S)):
        if lease := _try_take(deployment, RUN, lost=deployment.lost):
            return lease
        deployment.clock.sleep(LOOK_S)
    with deployment.store.begin(fenced=False) as tx:
        found = _find(tx, RUN)
    who = f": {_who(found)}" if found else ""
    raise LeaseHeld(
        f"another pass works on this store{who}",
        hint=f"try again when it has ended; if it was killed, after {deployment.lease_s:.0f} s",
    )


def _try_take(
    deployment: Deployment, name: str, *, lost: threading.Event | None = None
) -> Lease | None:
    """The lease, if it is free; who asks in vain holds nobody up by it."""
    store = deployment.store
    with store.begin(fenced=False) as tx:
        found = _find(tx, name)
    if found and not _is_free(found):
        return None
    with store.begin(fenced=False) as tx:
        token = leases.take(tx, name, _myself(), lasts_s=deployment.lease_s, is_free=_is_free)
    if token is None:
        return None
    return Lease(store, name, token, deployment.lease_s, lost or threading.Event())


@contextmanager
def _kept(lease: Lease) -> Iterator[None]:
    """Renewed while the block lasts, and given back."""
    over = threading.Event()
    thread = threading.Thread(target=lease.keep, args=(over,), name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        lease.release()


def _find(tx: Connection, name: str) -> Held | None:
    return next((each for each in leases.all_held(tx) if each.name == name), None)


def _is_free(found: Held) -> bool:
    return found.is_abandoned or found.token in _given_up or is_gone(found.holder)


def _who(found: Held) -> str:
    return f"process {found.holder.pid} on {found.holder.host}, since {iso(found.taken_at_s)}"


def _lost_to(tx: Connection, name: str) -> str:
    found = _find(tx, name)
    who = f" by {_who(found)}" if found else ""
    return f"this process stood still for so long that its work was taken over{who}"


def standing(tx: Connection) -> dict[str, Any]:
    """Who works on the store: the keys `run`, `daemon` and `standby` of `stagesync status`."""
    found = {each.name: _document(each) for each in leases.all_held(tx) if not _is_free(each)}
    waiting = [each for name, each in found.items() if name.startswith(STANDBY)]
    return {"run": found.get(RUN), "daemon": found.get(DAEMON), "standby": waiting}


def part_of_this_process(tx: Connection) -> str | None:
    """What this process is to the store: `daemon`, or `standing by`; None when neither."""
    names = [each.name for each in leases.all_held(tx) if each.holder == _myself()]
    if DAEMON in names:
        return DAEMON
    return "standing by" if any(name.startswith(STANDBY) for name in names) else None


def _document(each: Held) -> dict[str, Any]:
    return {
        "host": each.holder.host,
        "pid": each.holder.pid,
        "since": iso(each.taken_at_s),
        "renewed_s_ago": round(max(0.0, each.age_s), 1),
    }


@cache
def _machine() -> str:
    """This boot of this machine and its list of processes, on Linux; elsewhere empty."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return ""


def _born(pid: int) -> str:
    """When a process was started, by the kernel's count; empty when it is not there or has died."""
    try:
        # What follows the name, which may hold blanks: the state first, the start as the twentieth.
        told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if told[0] in {"Z", "X"} else told[19]


def _myself() -> Holder:
    pid = os.getpid()
    life = f"{_machine()}/{_born(pid)}" if _machine() else ""
    return Holder(socket.gethostname(), pid, life)


def is_gone(holder: Holder) -> bool:
    """Whether a process is known to have died; another one that bears its pid now is told apart."""
    machine, _, born = holder.life.rpartition("/")
    return bool(machine) and machine == _machine() and _born(holder.pid) != born

"""One pass: pull, resolve, evaluate, plan, write back, audit."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Mapping, Sequence

import structlog
from sqlalchemy import Connection

from stagesync.connector import Paces
from stagesync.domain.guard import Cause
from stagesync.engine import audit
from stagesync.engine.counting import count_run
from stagesync.engine.definition_changes import notice_definitions
from stagesync.engine.deployment import Deployment
from stagesync.engine.describe import Descriptions
from stagesync.engine.edits import answer_edits
from stagesync.engine.evaluate import Evaluated, evaluate_all
from stagesync.engine.first_load import Unread, find_unread, must_wait, remember_loss, tell
from stagesync.engine.forget import finish
from stagesync.engine.guard import has_shrunk
from stagesync.engine.heads import tend_log
from stagesync.engine.holds import end_due
from stagesync.engine.lease import one_pass
from stagesync.engine.noticing import notice
from stagesync.engine.outcome import Outcome
from stagesync.engine.plan import plan_all, plan_nobody
from stagesync.engine.progress import Progress, Quiet
from stagesync.engine.pull import Pulled, pull_all
from stagesync.engine.recovered import settle_restore
from stagesync.engine.resolve import resolve
from stagesync.engine.retain import let_go
from stagesync.engine.runs import changes_of
from stagesync.engine.standing import save_standing
from stagesync.engine.taken import settle_sent
from stagesync.engine.trouble import advise, to_keep
from stagesync.engine.writeback import write_back
from stagesync.errors import CrmError
from stagesync.store import connections, people, plans, state
from stagesync.store import log as stored_log

log = structlog.get_logger()


def run_once(
    deployment: Deployment,
    *,
    write: bool = True,
    progress: Progress | None = None,
    only_heard: bool = False,
    resting: Collection[str] = (),
    most_wait_s: float = math.inf,
) -> Outcome:
    """Pull, evaluate and plan; and write what is not held, unless `write` is false.

    Until all first loads are complete it only pulls; see `engine.first_load`.

    Args:
        only_heard: pull what was named by webhook, and nothing else; see `pull_all`.
        resting: connections that are left alone this time, as if they were paused.
        most_wait_s: how long connections that are done wait for a slow one, which then goes on with the
            next run; seconds.

    Raises:
        LeaseHeld: another pass works on the store, and did not end in time.
        LeaseLost: another process took over, since this one had been paused.
        StoreError: the store refuses.
    """
    with one_pass(deployment):
        return _pass(
            deployment,
            write=write,
            progress=progress or Quiet(),
            only_heard=only_heard,
            resting=resting,
            most_wait_s=most_wait_s,
        )


def _pass(
    deployment: Deployment,
    *,
    write: bool,
    progress: Progress,
    only_heard: bool,
    resting: Collection[str],
    most_wait_s: float,
) -> Outcome:
    began, now_s = deployment.clock.monotonic_s(), deployment.clock.now_s()
    calls_before = {n: c.connector.calls for n, c in deployment.connections.items()}
    paced_before = _paced_s(deployment)
    finish(deployment, now_s=now_s)
    run = _start(deployment, now_s=now_s)
    pulled = pull_all(
        deployment,
        now_s=now_s,
        progress=progress,
        only_heard=only_heard,
        resting=resting,
        most_wait_s=most_wait_s,
    )
    outcome = _look(deployment, run, pulled, now_s=now_s, progress=progress)
    if write and outcome.plan.go and not outcome.waits:
        outcome.written = write_back(
            deployment,
            outcome.plan.id,
            run=run,
            descriptions=outcome.descriptions,
            now_s=now_s,
            progress=progress,
            most_wait_s=most_wait_s,
        )
    outcome.troubles = _troubles(outcome)
    outcome.calls = {
        name: connected.connector.calls - calls_before[name]
        for name, connected in deployment.connections.items()
    }
    outcome.paced_s = {n: s - paced_before[n] for n, s in _paced_s(deployment).items()}
    outcome.seconds = deployment.clock.monotonic_s() - began
    _finish(deployment, outcome, wrote=write, polled=not only_heard)
    return outcome


def _paced_s(deployment: Deployment) -> dict[str, float]:
    """Connection -> how long its calls have waited for their turn, where its connector tells."""
    return {
        name: connected.connector.waited_s
        for name, connected in deployment.connections.items()
        if isinstance(connected.connector, Paces)
    }


def _look(
    deployment: Deployment,
    run: str,
    pulled: Mapping[str, Pulled],
    *,
    now_s: float,
    progress: Progress,
) -> Outcome:
    descriptions = {n: p.descriptions for n, p in pulled.items() if p.descriptions is not None}
    progress.phase("resolve")
    lost, unread = _take_stock(deployment, run, pulled, descriptions=descriptions, now_s=now_s)
    answered = answer_edits(deployment, run=run, now_s=now_s, descriptions=descriptions)
    for name, error in answered.silent.items():
        descriptions.pop(name, None)
        if name in pulled:
            pulled[name].trouble = advise(error, name, now_s=deployment.clock.now_s())
    for each in unread:
        descriptions.pop(each.connection, None)
    if must_wait(unread):
        evaluated, planned = Evaluated(), plan_nobody(deployment, run=run, now_s=now_s)
    else:
        evaluated = evaluate_all(deployment, run=run, now_s=now_s, progress=progress)
        planned = plan_all(
            deployment,
            run=run,
            now_s=now_s,
            descriptions=descriptions,
            progress=progress,
            lost=lost,
        )
    with deployment.store.begin() as tx:
        known = people.count(tx, "person")
    return Outcome(
        run,
        planned,
        pulled,
        evaluated,
        known,
        descriptions,
        overwritten=answered.overwritten,
        unread=unread,
    )


def _take_stock(
    deployment: Deployment,
    run: str,
    pulled: Mapping[str, Pulled],
    *,
    descriptions: Mapping[str, Descriptions],
    now_s: float,
) -> tuple[bool, Sequence[Unread]]:
    """Whose facts changed; also whether a source shrank, and what was never read to its end."""
    with deployment.store.begin() as tx:
        settle_sent(tx, deployment, run=run, now_s=now_s, descriptions=descriptions)
        notice_definitions(tx, deployment, now_s=now_s)
        end_due(tx, deployment, run=run, now_s=now_s)
        lost = has_shrunk(tx, deployment, {name: each.lost for name, each in pulled.items()})
        resolved = resolve(tx, deployment, run=run, now_s=now_s)
        unread = find_unread(tx, deployment)
        tell(tx, deployment, unread, now_s=now_s)
        lost = remember_loss(tx, lost=lost, waits=must_wait(unread))
    if resolved.shared_marks or resolved.too_large:
        log.info(
            "identity unclear", run=run, shared=resolved.shared_marks, large=resolved.too_large
        )
    return lost, unread


def _start(deployment: Deployment, *, now_s: float) -> str:
    with deployment.store.begin() as tx:
        number = int(state.get_meta(tx, "runs") or 0) + 1
        state.set_meta(tx, "runs", str(number))
        run = "r_" + hashlib.blake2s(f"{number}/{now_s}".encode(), digest_size=4).hexdigest()
        audit.close_broken(tx, now_s=now_s)
        state.start_run(tx, run, seq=number, at_s=now_s)
        _notice_clock(tx, now_s=now_s)
        for name, connected in deployment.connections.items():
            connections.meet_connection(tx, name, connected.first_mode)
    structlog.contextvars.bind_contextvars(run=run)
    log.info("run started", connections=len(deployment.connections))
    return run


def _notice_clock(tx: Connection, *, now_s: float) -> None:
    """After our clock was set back, place anew whoever was placed in what is the future now."""
    before_s = float(state.get_meta(tx, "clock_s") or now_s)
    state.set_meta(tx, "clock_s", repr(now_s))
    if before_s <= now_s:
        return
    log.warning("clock went back", by_s=before_s - now_s)
    for kind in people.KINDS:
        ids = people.ids_placed_after(tx, kind, now_s)
        state.mark_dirty(tx, kind, ids, cause=Cause.TIME)


def _troubles(outcome: Outcome) -> dict[str, CrmError]:
    found = {name: each.trouble for name, each in outcome.pulled.items() if each.trouble}
    found |= {name: each.trouble for name, each in outcome.written.items() if each.trouble}
    return found


def _finish(deployment: Deployment, outcome: Outcome, *, wrote: bool, polled: bool) -> None:
    summary = outcome.summary()
    names = {0: "done", 3: "held", 4: "incomplete", 6: "partly refused"}
    now_s = deployment.clock.now_s()
    save_standing(deployment)
    with deployment.store.begin() as tx:
        plans.forget_empty_plans(tx)
        if wrote and not outcome.plan.held:
            plans.set_plan_state(tx, outcome.plan.id, "done")
        for name, error in outcome.troubles.items():
            connections.save_trouble(tx, name, to_keep(error))
        if polled and not outcome.is_incomplete and not deployment.stopping.is_set():
            settle_restore(tx, outcome.pulled, deployment.connections)
        changes = changes_of(stored_log.rows(tx, run=outcome.run))
        state.end_run(
            tx,
            outcome.run,
            at_s=now_s,
            outcome=names[outcome.exit_code],
            summary={**summary, "changes": changes},
        )
        count_run(tx, summary, outcome=names[outcome.exit_code])
        policy = deployment.policy
        audit.close(tx, outcome.run, policy=policy.label, digest=policy.digest, now_s=now_s)
    tend_log(deployment.store, deployment.log_rules, now_s=now_s)
    let_go(deployment, now_s=now_s)
    notice(deployment, outcome, polled=polled, now_s=now_s)
    for name, error in outcome.troubles.items():
        log.error("connection failed", connection=name, error=str(error), hint=error.hint)
    log.info(
        "run ended",
        **{k: v for k, v in summary.items() if k not in {"run", "troubles"}},
        outcome=names[outcome.exit_code],
    )
    structlog.contextvars.unbind_contextvars("run")

"""`/metrics`: numbers for Prometheus, of the store and therefore the same from every process that serves it.

What only grows is added up with the store, run by run, and survives restarts; what goes up and down is looked up
when somebody asks. No number tells of a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector
from sqlalchemy import Connection

from stagesync import __version__
from stagesync.engine.deployment import Deployment
from stagesync.engine.places import count_stages
from stagesync.engine.status import status_of
from stagesync.store import totals
from stagesync.store.totals import NOTHING, Of


@dataclass(frozen=True, slots=True)
class Counted:
    """A number that only grows.

    Attributes:
        total: its name in the store.
        labels: what its values are told apart by.
    """

    name: str
    total: str
    help: str
    labels: tuple[str, ...] = ("connection",)


COUNTED = (
    Counted("pulled_records", "pulled", "Records read from the CRM."),
    Counted("changed_records", "changed", "Of them, those with other content than before."),
    Counted("evaluated", "evaluated", "People placed by the policy.", ()),
    Counted(
        "transitions", "transitions", "Changes of stage, in the main vocabulary.", ("from", "to")
    ),
    Counted("written_values", "written", "Values written to the CRM."),
    Counted("refused_values", "refused", "Values that the CRM refused."),
    Counted("edited_records", "edited", "Records somebody changed since they were planned."),
    Counted("overwritten_edits", "overwritten_edits", "Edits that a write under way replaced."),
    Counted("calls", "calls", "Requests that count against the vendor's quota."),
    Counted("paced_seconds", "paced_s", "Waits of calls for their turn under the vendor's limits."),
    Counted("failed_runs", "failed", "Runs in which the connection failed."),
    Counted("runs", "runs", "Runs that ended.", ("outcome",)),
    Counted("run_seconds", "run_s", "How long they took.", ("outcome",)),
)


def metrics_text(tx: Connection, deployment: Deployment, *, now_s: float) -> bytes:
    """All of it, in the text format of Prometheus."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Found([*_counters(tx, deployment), *_gauges(tx, deployment, now_s=now_s)]))
    return generate_latest(registry)


class _Found(Collector):
    def __init__(self, found: Iterable[Metric]) -> None:
        self._found = found

    def collect(self) -> Iterable[Metric]:
        """As they were found."""
        return self._found


def _counters(tx: Connection, deployment: Deployment) -> Iterator[Metric]:
    known = totals.totals(tx)
    for each in COUNTED:
        family = CounterMetricFamily(f"stagesync_{each.name}", each.help, labels=each.labels)
        for of, value in _from_nothing(each, known, deployment).items():
            family.add_metric([*of[: len(each.labels)]], value)
        yield family


def _from_nothing(
    each: Counted, known: Mapping[str, Mapping[Of, float]], deployment: Deployment
) -> dict[Of, float]:
    """With a nought where nothing was counted yet: a rate is known from the first on."""
    begun: dict[tuple[str, ...], Iterable[Of]] = {
        (): [NOTHING],
        ("connection",): [(name, "") for name in deployment.connections],
        ("outcome",): known.get("runs", {}),
    }
    return dict.fromkeys(begun.get(each.labels, ()), 0.0) | dict(known.get(each.total, {}))


def _gauges(tx: Connection, deployment: Deployment, *, now_s: float) -> Iterator[Metric]:
    document = status_of(tx, deployment, now_s=now_s)
    yield _gauge("info", "The version that answers.", ("version",), {(__version__,): 1.0})
    yield _gauge(
        "people", "People by stage of the main vocabulary.", ("stage",), _people(tx, deployment)
    )
    yield _gauge("accounts", "Accounts that are known.", (), {(): document["accounts"]})
    yield _gauge("backlog", "People and accounts to be looked at.", (), {(): document["backlog"]})
    yield _gauge(
        "waiting", "People and accounts with values to be written.", (), {(): document["waiting"]}
    )
    held = sum(each["entries"] for each in document["held"])
    yield _gauge("held_values", "Values held for somebody's decision.", (), {(): held})
    lease = document["lease"]["daemon"]
    yield _gauge(
        "daemon", "Whether a daemon works on the store.", (), {(): float(lease is not None)}
    )
    age = {(): lease["renewed_s_ago"]} if lease else {}
    yield _gauge("daemon_lease_age_seconds", "Since the daemon last renewed its lease.", (), age)
    yield _gauge("standby", "Daemons that stand by.", (), {(): len(document["lease"]["standby"])})
    ended = [each["ended_at"] for each in document["runs"] if each["ended_at"]]
    last = {(): datetime.fromisoformat(ended[0]).timestamp()} if ended else {}
    yield _gauge("last_run_timestamp_seconds", "When the newest run ended; Unix time.", (), last)
    yield from _of_connections(document)


def _people(tx: Connection, deployment: Deployment) -> dict[tuple[str, ...], float]:
    main = deployment.vocabularies[deployment.main_vocabulary]
    found = count_stages(tx, deployment).get(main.name, {})
    return {(each.id,): float(found.get(each.id, 0)) for each in main.stages}


def _of_connections(document: Mapping[str, Any]) -> Iterator[Metric]:
    each_of = {(each["connection"],): each for each in document["connections"]}
    lag = {name: each["lag_s"] for name, each in each_of.items() if each["complete"]}
    yield _gauge("lag_seconds", "Since everything of the CRM was last read.", _BY, lag)
    complete = {name: float(each["complete"]) for name, each in each_of.items()}
    yield _gauge("complete", "Whether all of the CRM was read once.", _BY, complete)
    paused = {name: float(bool(each["paused_by"])) for name, each in each_of.items()}
    yield _gauge("paused", "Whether somebody wants the connection left alone.", _BY, paused)
    trouble = {name: float(bool(each["trouble"])) for name, each in each_of.items()}
    yield _gauge("trouble", "Whether its last run failed.", _BY, trouble)
    heard = {name: each["heard"] for name, each in each_of.items()}
    yield _gauge(
        "webhooks_waiting", "Records that webhooks named and that are not read yet.", _BY, heard
    )
    alerts = {name: len(each["alerts"]) for name, each in each_of.items()}
    here = {("",): len(document["alerts"])}
    yield _gauge(
        "alerts", "Alerts that stand; without a connection, of the deployment.", _BY, here | alerts
    )
    yield from _quotas({name: each["quota"] for name, each in each_of.items() if each["quota"]})


_BY = ("connection",)


def _quotas(told: Mapping[tuple[str, ...], Mapping[str, Any]]) -> Iterator[Metric]:
    limits = {name: each["limit"] for name, each in told.items() if each["limit"] is not None}
    yield _gauge("quota_limit", "Calls that the vendor allows in a day.", _BY, limits)
    used = {
        (*name, by): each[key]
        for name, each in told.items()
        for by, key in (("us", "used_by_us"), ("others", "used_by_others"))
        if each[key] is not None
    }
    yield _gauge("quota_used", "Calls of the day, by us and by others.", ("connection", "by"), used)
    left = {
        name: max(0, each["limit"] - each["used_by_us"] - (each["used_by_others"] or 0))
        for name, each in told.items()
        if each["limit"] is not None
    }
    yield _gauge("quota_left", "Calls that are left of the day.", _BY, left)


def _gauge(name: str, what: str, labels: tuple[str, ...], values: Mapping[Any, float]) -> Metric:
    family = GaugeMetricFamily(f"stagesync_{name}", what, labels=labels)
    for of, value in values.items():
        family.add_metric([*of], float(value))
    return family

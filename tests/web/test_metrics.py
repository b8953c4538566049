"""What machines ask of the daemon's server."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families
from ruamel.yaml import YAML

from console import Console, console_on
from stagesync.app import open_deployment
from stagesync.connector import Secret
from stagesync.engine.lease import one_daemon
from stagesync.engine.live import Live
from stagesync.errors import ArgumentError
from stagesync.settings import WebSettings
from stagesync.web.server import serve

ROOT = Path(__file__).parents[2]


def asked(console: Console, path: str = "/metrics", **headers: str) -> requests.Response:
    return requests.get(console.url + path, headers=headers, timeout=20)


def samples(text: str) -> dict[tuple[str, tuple[str, ...]], float]:
    """Name and the values of its labels -> number, as Prometheus' own parser reads it."""
    return {
        (one.name, tuple(one.labels.values())): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def test_the_numbers_are_those_of_runs_and_status(console: Console) -> None:
    """What runs did adds up, what stands is counted, and Prometheus' own parser reads all of it."""
    bench = console.bench
    for n in range(3):
        bench.contact(f"p{n}@firm.example", last=f"Ng{n}")
    runs = [bench.sync().summary() for _ in range(2)]
    answer = asked(console)
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    found = samples(answer.text)
    for name, key in (
        ("stagesync_pulled_records_total", "pulled"),
        ("stagesync_written_values_total", "written"),
        ("stagesync_calls_total", "calls"),
    ):
        for connection in ("north", "south"):
            assert found[name, (connection,)] == sum(each[key][connection] for each in runs)
    assert 2 == found["stagesync_runs_total", ("done",)]
    assert 3 == found["stagesync_transitions_total", ("", "contact")]
    assert 3 == found["stagesync_people", ("contact",)]
    assert 0 == found["stagesync_people", ("lead",)]
    assert 0 == found["stagesync_refused_values_total", ("south",)]
    assert (0, 1) == (found["stagesync_daemon", ()], found["stagesync_complete", ("north",)])


def test_counters_only_grow_and_survive_a_restart(console: Console) -> None:
    """Another process that opens the store goes on where the first one was."""
    bench = console.bench
    bench.contact("p@firm.example")
    bench.sync()
    before = samples(asked(console).text)
    bench.sync()
    with console_on(bench) as again:
        after = samples(asked(again).text)
    grown = {key for key in before if key[0].endswith("_total") and after[key] > before[key]}
    assert {
        key for key in before if key[0].endswith("_total") and after[key] < before[key]
    } == set()
    assert ("stagesync_runs_total", ("done",)) in grown


def test_before_the_first_run_counters_stand_at_nought(console: Console) -> None:
    """A rate is known from the first run on, and what is not known is absent."""
    found = samples(asked(console).text)
    assert 0 == found["stagesync_calls_total", ("north",)]
    assert ("stagesync_lag_seconds", ("north",)) not in found


def test_the_table_of_metrics_is_what_is_exposed(console: Console) -> None:
    """Names and labels in docs/operating.md, and no others."""
    bench = console.bench
    bench.contact("p@firm.example")
    bench.north.daily_limit = 1_000
    bench.sync()
    with one_daemon(bench.deployment, bench.deployment.stopping):
        text = asked(console).text
    exposed = {
        family.name + ("_total" if family.type == "counter" else ""): set(one.labels)
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }
    page = (ROOT / "docs/operating.md").read_text()
    table = re.findall(r"^\| `(stagesync_\w+)` \|([^|]*)\|", page, re.MULTILINE)
    assert {name: set(re.findall(r"`(\w+)`", labels)) for name, labels in table} == exposed


def test_the_rules_to_begin_with_ask_for_metrics_that_there_are() -> None:
    """Every metric of deploy/prometheus-alerts.yml stands in the table, and every rule says what to do."""
    page = (ROOT / "docs/operating.md").read_text()
    known = set(re.findall(r"^\| `(stagesync_\w+)`", page, re.MULTILINE))
    rules = YAML(typ="safe").load(ROOT / "deploy/prometheus-alerts.yml")["groups"][0]["rules"]
    wanted = {name for rule in rules for name in re.findall(r"stagesync_\w+", rule["expr"])}
    assert wanted <= known
    assert all({"summary", "fix"} <= rule["annotations"].keys() for rule in rules)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "203.0.113.7"},
        {"Forwarded": "for=203.0.113.7"},
        {"Via": "1.1 proxy"},
        {"Host": "stagesync.acme.example"},
        {"Authorization": "Bearer guess"},
    ],
)
def test_metrics_are_for_this_machine(console: Console, headers: dict[str, str]) -> None:
    """Whom a proxy passes on gets none, by whatever sign it shows; a token that nobody set opens nothing."""
    if "Authorization" in headers:
        headers = headers | {"Via": "1.1 proxy"}
    answer = asked(console, **headers)
    assert (403, False) == (answer.status_code, "stagesync_people" in answer.text)
    assert 200 == asked(console).status_code


def test_a_token_opens_them_to_other_machines(console: Console) -> None:
    """Who bears it may come through a proxy; a wrong one, or none, is refused."""
    bench, proxy = console.bench, {"X-Forwarded-For": "203.0.113.7"}
    with serve(
        WebSettings(listen="127.0.0.1:0"),
        Live(bench.deployment),
        call=lambda: None,
        metrics_token=Secret("s3cret"),
    ) as url:
        codes = [
            requests.get(f"{url}/metrics", headers=proxy | told, timeout=20).status_code
            for told in (
                {"Authorization": "Bearer s3cret"},
                {"Authorization": "Bearer S3cret"},
                {"Authorization": "s3cret"},
                {},
            )
        ]
    assert [200, 403, 403, 403] == codes


def test_ready_is_who_works_or_stands_by(console: Console) -> None:
    """The daemon of the store is ready; a process that is none of its daemons is not, and lives all the same."""
    assert (503, 200) == (
        asked(console, "/readyz").status_code,
        asked(console, "/healthz").status_code,
    )
    with one_daemon(console.bench.deployment, console.bench.deployment.stopping):
        answer = asked(console, "/readyz")
    assert (200, "ready: daemon") == (answer.status_code, answer.text)
    assert 503 == asked(console, "/readyz").status_code


def test_a_store_that_does_not_answer_is_not_ready(console: Console) -> None:
    """A probe is told, and the page of numbers breaks off with a word and no more."""
    with console.bench.store.begin() as tx:
        tx.exec_driver_sql("DROP TABLE lease")
        tx.exec_driver_sql("DROP TABLE total")
    ready, numbers = asked(console, "/readyz"), asked(console)
    assert (503, "not ready: the store does not answer") == (ready.status_code, ready.text)
    assert (503, "the store does not answer") == (numbers.status_code, numbers.text)


def test_no_metric_tells_of_a_person(console: Console) -> None:
    """Names, addresses and ids of people are in no label."""
    bench = console.bench
    contact = bench.contact("quidam@firm.example", last="Unmistakable")
    bench.sync()
    text = asked(console).text
    person = bench.person("north", "contact", contact)
    assert not [word for word in ("quidam", "Unmistakable", str(person)) if word in text]


def test_the_token_is_a_named_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes from a file beside the settings or from the environment; one that is missing is told by its key."""
    config = tmp_path / "stagesync.yaml"
    (tmp_path / "token").write_text("s3cret\n")

    def token(told: str) -> Secret | None:
        config.write_text(f"web: {{listen: 127.0.0.1:0{told}}}\n")
        with open_deployment(config, quiet=True) as found:
            return found.metrics_token()

    from_file = token(", metrics_token: {file: token}")
    assert (None, "s3cret") == (token(""), from_file and from_file.reveal())
    monkeypatch.delenv("NO_SUCH_TOKEN", raising=False)
    with pytest.raises(ArgumentError, match=r"web.metrics_token: .* NO_SUCH_TOKEN is not set"):
        token(", metrics_token: {env: NO_SUCH_TOKEN}")

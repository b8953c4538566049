"""Everything that a deployment prints, writes or shows of itself, searched for every secret that it was given."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from stagesync.connector.secret import spellings
from stagesync.engine.audit import append
from stagesync.engine.heads import tend_log

from .conftest import MakeWorld, World
from .deployments import wait_until

HOOK = "h00k-s3cret/of+the=app"
WRONG = "wr0ng-cl1ent-s3cret&more"
FILES = (
    "app.client",
    "app.refresh",
    "app.hook",
    "salesforce.secret",
    "signing.pem",
    "hubspot.token",
)
"""Where the secrets themselves stand."""

SETTINGS = """\
store: {{url: sqlite:///stagesync.db}}
clock: sandbox
guardrails: {{max_people: 1000000, max_share: 100%, max_total_share: 100%, max_stage_loss: 100%, never_below: 1000000}}
audit: {{publish_to: heads.jsonl, sign_with: {{file: signing.pem}}}}
connections:
  hubspot:
    connector: hubspot
    url: {hubspot}
    auth: {{oauth: {{client_id: {client_id}, client_secret: {{file: app.client}}, refresh_token: {{file: app.refresh}}}}}}
    app_secret: {{file: app.hook}}
    mode: active
    poll: 1s
  salesforce:
    connector: salesforce
    url: {salesforce[url]}
    auth: {{client_credentials: {{id: {salesforce[client_id]}, secret: {{file: salesforce.secret}}}}}}
    mode: active
    poll: 1s
prefer: [salesforce, hubspot]
web: {{listen: "127.0.0.1:0"}}
log: {{level: debug, format: json}}
"""


def make_guarded(make_world: MakeWorld) -> tuple[World, list[str]]:
    """A deployment with every kind of secret, each in a file of its own; and the secrets."""
    world = make_world(contacts=15)
    tokens, told = world.sandbox.hubspot.tokens, world.sandbox.credentials()
    key = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    kept = {
        "app.client": tokens.client_secret,
        "app.refresh": tokens.refresh_token,
        "app.hook": HOOK,
        "salesforce.secret": told["salesforce"]["client_secret"],
        "signing.pem": key.decode(),
    }
    for name, text in kept.items():
        path = world.place.folder / name
        path.touch(mode=0o600)
        path.write_text(text)
        path.chmod(0o600)
    settings = SETTINGS.format(
        hubspot=world.vendors.urls["hubspot"],
        client_id=tokens.client_id,
        salesforce=told["salesforce"],
    )
    world.place.config.write_text(settings)
    lines = [line for line in key.decode().splitlines() if not line.startswith("---")]
    return world, [*list(kept.values())[:-1], *lines, told["hubspot"]["token"]]


def use_everything(world: World) -> None:
    """Every command that prints something of a deployment, told to say all it knows."""
    place = world.place
    for name in ("hubspot", "salesforce"):
        assert 0 == place.run("setup", name, "--yes", "--verbose").code
    ran = place.run("sync", "--json", "--verbose")
    assert 0 == ran.code, ran.err
    for command in (
        ["doctor", "--json"], ["plan", "--json"], ["plan", "--list"], ["status", "--json"], ["status"], ["connectors", "--json"],
        ["audit"], ["audit", "--format", "csv"], ["audit", "verify", "--json"], ["check", "--json"],
        ["people", "list"], ["explain", "nobody@nowhere.example", "--verbose"],
    ):  # fmt: skip
        place.run(*command)
    person = next(iter(world.vendors.hubspot("contacts", ["email"]).values()))["email"]
    place.run("explain", str(person), "--json")


def use_wrong_secrets(world: World) -> None:
    """The same with secrets that the CRMs refuse, and with CRMs that are not there."""
    place = world.place
    for name in ("app.client", "salesforce.secret"):
        (place.folder / name).write_text(WRONG)
    for command in ("doctor", "sync", "plan"):
        assert 0 != place.run(command, "--json", "--verbose").code
    text = place.config.read_text()
    for name in ("hubspot", "salesforce"):
        text = text.replace(world.vendors.urls[name], "http://127.0.0.1:9")
    place.config.write_text(text.replace("clock: sandbox", "clock: real"))
    assert 0 != place.run("doctor", "--json", "--verbose").code


def watch_the_daemon(world: World) -> str:
    """What the system tells every user of the machine about the daemon, and about whatever it starts."""
    log = world.place.folder / "run.err"
    with world.place.process("run") as process:
        assert wait_until(lambda: "run ended" in log.read_text(), seconds=40)
        own = Path(f"/proc/{process.pid}")
        seen = (own / "cmdline").read_bytes().decode()
        children = [each.read_text() for each in own.glob("task/*/children")]
        assert "" == "".join(children), "it starts no other program"
        process.send_signal(signal.SIGTERM)
        assert 0 == process.wait(timeout=30)
    return seen


def assert_nowhere(secrets: list[str], texts: dict[str, Any]) -> None:
    """None of them stands in any text, in any spelling."""
    for name, text in texts.items():
        data = text if isinstance(text, bytes) else str(text).encode("utf-8", "replace")
        for place, secret in enumerate(secrets):
            for form in spellings(secret):
                assert form.encode() not in data, f"secret {place} stands in {name}"


@pytest.mark.gate
def test_no_secret_is_printed_logged_or_stored(make_world: MakeWorld) -> None:
    """Output, events, errors, tracebacks, log, heads and every byte of the store are free of what the settings name."""
    world, secrets = make_guarded(make_world)
    use_everything(world)
    seen = watch_the_daemon(world)
    use_wrong_secrets(world)
    folder = world.place.folder
    written = {
        str(each): each.read_bytes()
        for each in folder.rglob("*")
        if each.is_file() and each.name not in FILES
    }
    assert {"stagesync.db", "heads.jsonl", "run.err", "stagesync.yaml"} <= {
        Path(each).name for each in written
    }
    printed = dict(enumerate(world.place.printed))
    assert any("Traceback" in text for text in world.place.printed)
    assert_nowhere([*secrets, WRONG, HOOK], {**written, **printed, "cmdline": seen})


def test_what_is_written_is_its_owners(make_world: MakeWorld) -> None:
    """Store, side files and noted heads are 0600 after a run."""
    world, _ = make_guarded(make_world)
    assert 0 == world.place.run("check").code
    with world.place.open() as found:
        with found.deployment.store.begin() as tx:
            append(tx, [{"at": "2026-11-22T00:00:00Z", "actor": "ann", "result": {"retried": 1}}])
        tend_log(found.deployment.store, found.deployment.log_rules, now_s=found.clock.now_s())
        modes = {
            each.name: f"{each.stat().st_mode & 0o777:o}"
            for each in world.place.folder.iterdir()
            if each.name.startswith(("stagesync.db", "heads"))
        }
    assert ({"600"}, True) == (set(modes.values()), "stagesync.db-wal" in modes)

"""`stagesync.yaml`: what it may say, and how it is refused."""

from pathlib import Path

import pytest

from stagesync.errors import DefinitionError
from stagesync.settings import line_of, load_settings

GOOD = """\
store: {url: sqlite:///here.db}
log: {format: json, level: debug}
connections:
  north:
    connector: hubspot
    poll: 5m
    token: {env: NORTH_TOKEN}
  south:
    connector: salesforce
    mode: active
    vendor_stage: forward
prefer: [south, north]
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A settings file, in an environment without settings of ours."""
    import os

    for name in list(os.environ):
        if name.startswith("STAGESYNC_"):
            monkeypatch.delenv(name)
    path = tmp_path / "stagesync.yaml"
    path.write_text(GOOD)
    return path


def problems(path: Path, text: str) -> list[str]:
    """What is wrong with this text, without the file's name before the line."""
    path.write_text(text)
    with pytest.raises(DefinitionError) as refused:
        load_settings(path)
    return [str(each).removeprefix(f"{path}:") for each in refused.value.problems]


def test_a_file_is_read(write: Path) -> None:
    """Every key of the file stands in the settings; what it does not say has its default."""
    found = load_settings(write)
    north, south = found.connections["north"], found.connections["south"]
    assert ("sqlite:///here.db", "json", "debug", ("south", "north"), "standard", "real") == (
        found.store.url,
        found.log.format,
        found.log.level,
        found.prefer,
        found.vocabulary,
        found.clock,
    )
    assert ("hubspot", "observe", 300.0, "off") == (
        north.connector,
        north.mode,
        north.poll,
        north.vendor_stage,
    )
    assert ("active", 60.0, "forward") == (south.mode, south.poll, south.vendor_stage)


def test_unknown_keys_of_a_connection_are_its_connectors(write: Path) -> None:
    """What stagesync does not know in a connection is an option of its connector."""
    assert {"token": {"env": "NORTH_TOKEN"}} == load_settings(write).connections["north"].options


def test_an_empty_deployment_has_defaults(write: Path) -> None:
    """The smallest file is a mapping without connections."""
    write.write_text("connections: {}\n")
    found = load_settings(write)
    assert ("sqlite:///stagesync.db", "console", None) == (
        found.store.url,
        found.log.format,
        found.mappings,
    )


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90.0), ("5m", 300.0), ("1h", 3_600.0), ("1 d", 86_400.0), ("0.5m", 30.0)],
)
def test_a_duration_has_a_unit(write: Path, text: str, seconds: float) -> None:
    """Seconds, minutes, hours and days."""
    write.write_text(f"connections: {{north: {{connector: hubspot, poll: {text}}}}}\n")
    assert seconds == load_settings(write).connections["north"].poll


def test_the_environment_wins(write: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable replaces its key alone, at any depth."""
    monkeypatch.setenv("STAGESYNC_STORE__URL", "sqlite:///there.db")
    monkeypatch.setenv("STAGESYNC_LOG__LEVEL", "error")
    monkeypatch.setenv("STAGESYNC_CONNECTIONS__north__mode", "active")
    found = load_settings(write)
    assert ("sqlite:///there.db", "json", "error") == (
        found.store.url,
        found.log.format,
        found.log.level,
    )
    assert ("active", 300.0) == (found.connections["north"].mode, found.connections["north"].poll)


def test_the_place_of_the_file_is_no_setting(write: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable that names the file itself does not disturb."""
    monkeypatch.setenv("STAGESYNC_CONFIG", str(write))
    assert 2 == len(load_settings(write).connections)


def test_every_problem_is_told_at_once(write: Path) -> None:
    """All that is wrong comes together, each with its line, its key and what is meant."""
    text = """\
store: {uri: x}
log: {level: loud}
colour: blue
connections:
  north:
    poll: often
  south:
    connector: salesforce
    mode: maybe
    vendor_stage: back
prefer: [west]
"""
    assert [
        "1: store.uri: is not known; known: url, lease",
        "2: log.level: Input should be 'debug', 'info', 'warning' or 'error'",
        "5: connections.north.connector: Field required",
        "6: connections.north.poll: must be a duration such as 60s, 5m or 1h",
        "9: connections.south.mode: Input should be 'observe' or 'active'",
        "10: connections.south.vendor_stage: Input should be 'off', 'fill_empty' or 'forward'",
        "3: colour: is not known; known: store, log, guardrails, edits, audit, privacy, alerts, mappings, connections, prefer, vocabulary, language, web, clock",
        "11: prefer: `west` is no connection; known: north, south",
    ] == problems(write, text)


def test_prefer_names_connections(write: Path) -> None:
    """A preferred connection that does not exist is refused with those that do."""
    text = GOOD.replace("[south, north]", "[south, nort]")
    assert ["12: prefer: `nort` is no connection; known: north, south"] == problems(write, text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("store: {url: x\nlog: y", "2: is not YAML: "),
        ("- a\n- b\n", "1: must be `key: value` pairs"),
        ("", "1: must be `key: value` pairs"),
    ],
)
def test_what_is_no_settings_file(write: Path, text: str, problem: str) -> None:
    """Broken YAML, a list and an empty file are told as such, with the line."""
    (found,) = problems(write, text)
    assert problem == found[: len(problem)]


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """A folder cannot be read, and no file at all does not exist."""
    for path, why in ((tmp_path, "cannot be read"), (tmp_path / "nowhere.yaml", "does not exist")):
        with pytest.raises(DefinitionError, match=why):
            load_settings(path)


def test_a_value_in_a_message_is_no_secret(write: Path) -> None:
    """What somebody typed is not repeated: it could be a token in the wrong place."""
    text = "connections: {north: {connector: hubspot, poll: pat-na1-secret}}\nlog: {level: pat-na1-secret}\n"
    assert "pat-na1-secret" not in "\n".join(problems(write, text))


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("store.url", 1),
        ("connections.north.token", 7),
        ("connections.north.nowhere.deep", 4),
        ("connections.south", 8),
        ("nowhere", 1),
    ],
)
def test_a_key_has_a_line(write: Path, key: str, line: int) -> None:
    """The line of a dotted key, or of the nearest key above it."""
    assert line == line_of(write, key)


def test_a_key_that_stands_twice_is_refused(write: Path) -> None:
    """Which of two equal keys counts is not guessed: both lines are named."""
    text = GOOD + "prefer: [north]\n"
    assert problems(write, text) == ["13: prefer: stands here twice, first in line 12"]


@pytest.mark.parametrize(
    ("listen", "address"),
    [
        ("127.0.0.1:8080", ("127.0.0.1", 8080)),
        ("0.0.0.0:0", ("0.0.0.0", 0)),
        ("'[::1]:8080'", ("::1", 8080)),
    ],
)
def test_the_web_server_has_an_address(write: Path, listen: str, address: tuple[str, int]) -> None:
    """Host and port, also of IPv6; how the outside calls it ends without a slash."""
    write.write_text(f"{GOOD}web: {{listen: {listen}, public_url: https://crm.example/hooks/}}\n")
    found = load_settings(write).web
    assert found is not None
    assert (address, "https://crm.example/hooks") == (found.address, found.public_url)


@pytest.mark.parametrize("host", ["stagesync.acme.example", "10.0.0.1", "127.0.0.1.acme.example"])
def test_a_public_address_is_encrypted(write: Path, host: str) -> None:
    """CRMs send what people typed: to this machine in the clear at most."""
    web = f"web: {{listen: 'x:1', public_url: 'http://{host}'}}\n"
    said = "13: web.public_url: may be http only on this machine: webhooks carry what people typed"
    assert [said] == problems(write, GOOD + web)


def test_without_web_there_is_no_server(write: Path) -> None:
    """The server is asked for, never assumed."""
    assert load_settings(write).web is None


@pytest.mark.parametrize(
    ("web", "said"),
    [
        ("{}", "web.listen: Field required"),
        ("{listen: 8080}", "web.listen: must be an address and a port, such as 127.0.0.1:8080"),
        (
            "{listen: 'x:99999'}",
            "web.listen: must be an address and a port, such as 127.0.0.1:8080",
        ),
        (
            "{listen: 'x:1', public_url: crm.example}",
            "web.public_url: must be an address such as https://stagesync.acme.example",
        ),
        (
            "{listen: 'x:1', public_url: 'https://crm.example/?a=1'}",
            "web.public_url: must be a bare address: no user, query or fragment",
        ),
        (
            "{listen: 'x:1', port: 1}",
            "web.port: is not known; known: listen, public_url, console, session, metrics_token",
        ),
    ],
)
def test_a_bad_web_server_is_told(write: Path, web: str, said: str) -> None:
    """What cannot be listened on or called is refused with its key."""
    assert [f"13: {said}"] == problems(write, f"{GOOD}web: {web}\n")


MAIL = "alerts: {email: {host: smtp.acme.example, from: a@acme.example, to: [b@acme.example]%s}}"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            MAIL % ", user: anna",
            "1: alerts.email: `user` and `password` are given together, or neither",
        ),
        (
            MAIL % ", security: none",
            "1: alerts.email: `security: none` is for a mail server on this machine",
        ),
        (
            MAIL.replace("b@acme.example", "'Ann <ann@acme.example>'") % "",
            "1: alerts.email.to.0: must be a bare address such as ops@acme.example",
        ),
        (
            MAIL.replace("a@acme.example", '"a@acme.example\\nBcc: x@y.example"') % "",
            "1: alerts.email.from: must be a bare address such as ops@acme.example",
        ),
        (
            "alerts: {webhooks: {team: {url: https://hooks.example/hush}}}",
            "1: alerts.webhooks.team.url: Input should be a valid dictionary",
        ),
    ],
)
def test_channels_of_alerts_are_whole_and_safe(write: Path, text: str, problem: str) -> None:
    """A login is whole, mails leave encrypted, an address is one, and a secret is named."""
    (told,) = problems(write, f"{text}\n")
    assert problem == told
    assert "hush" not in told


def test_a_channel_of_alerts_is_read(write: Path) -> None:
    """The usual port is the security's."""
    write.write_text(MAIL % ", security: tls" + "\n")
    found = load_settings(write).alerts.email
    assert found is not None
    assert ("a@acme.example", ("b@acme.example",), None) == (found.sender, found.to, found.port)
